"""Addresses of the trace, below /sandbox/api/v1/."""

from django.urls import path

from sandbox.trace import api

urlpatterns = [
    path("trace", api.Trace.as_view(), name="trace"),
    path("trace/<uuid:event>", api.OneEvent.as_view(), name="trace-event"),
]
