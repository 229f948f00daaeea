"""Addresses of what the APIs say of themselves, below /api/v1/."""

from django.urls import path

from portal.api import views
from portal.api.apis import RELYING_PARTY

app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi_json, {"api": RELYING_PARTY.slug}, name="openapi-json"),
    path("openapi.yaml", views.openapi_yaml, {"api": RELYING_PARTY.slug}, name="openapi-yaml"),
    path("problems", views.ProblemsView.as_view(), name="problems"),
    path("problems/<slug:code>", views.ProblemView.as_view(), name="problem"),
]
