"""Addresses of the probes' pages, below an organisation's."""

from django.urls import path

from portal.probes import views

app_name = "probes"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("cases/<uuid:case>/", views.case, name="case"),
    path("services/<str:client_id>/", views.entry, name="entry"),
]
