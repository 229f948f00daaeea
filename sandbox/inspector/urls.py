"""Addresses of the inspector, below /sandbox/api/v1/."""

from django.urls import path

from sandbox.inspector import api

urlpatterns = [
    path("requests", api.Requests.as_view(), name="requests"),
    path("requests/<uuid:reference>", api.OneRequest.as_view(), name="request"),
]
