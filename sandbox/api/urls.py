"""Addresses of the sandbox's API: each noun has its module of views and its list here."""

from django.urls import URLPattern, URLResolver, include, path

from portal.api import views
from sandbox.api import clock, rotations
from sandbox.api.about import SANDBOX

app_name = "sandbox_api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sandbox.api.world")),
    path("conformance/", include("sandbox.conformance.urls")),
    path("", include("sandbox.driver.urls")),
    path("", include("sandbox.faults.urls")),
    path("", include("sandbox.api.world")),
    path("clock", clock.ClockView.as_view(), name="clock"),
    path("rotations", rotations.Rotations.as_view(), name="rotations"),
    path("rotations/<uuid:rotation>", rotations.OneRotation.as_view(), name="rotation"),
    path("", include("sandbox.inspector.urls")),
    path("", include("sandbox.trace.urls")),
    path("", include("sandbox.webhooks.urls")),
    path("openapi.json", views.openapi_json, {"api": SANDBOX.slug}, name="openapi-json"),
    path("openapi.yaml", views.openapi_yaml, {"api": SANDBOX.slug}, name="openapi-yaml"),
]
