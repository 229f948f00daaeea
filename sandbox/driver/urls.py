"""Addresses of the phone by API, below /sandbox/api/v1/."""

from django.urls import path

from sandbox.driver import api

urlpatterns = [
    path("phone-sessions", api.PhoneSessionsView.as_view(), name="phone-sessions"),
    path("phone-sessions/<uuid:session>", api.PhoneSessionView.as_view(), name="phone-session"),
    path("phone-sessions/<uuid:session>/act", api.ActView.as_view(), name="phone-session-act"),
]
