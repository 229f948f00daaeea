"""Addresses of the verification API, below /api/v1/."""

from django.urls import path

from portal.verification import api

app_name = "verification_api"
urlpatterns = [
    path("verification/status", api.StatusView.as_view(), name="status"),
    path("verification/counterparts", api.CounterpartsView.as_view(), name="counterparts"),
    path("verification/log", api.LogView.as_view(), name="log"),
]
