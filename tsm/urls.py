"""Addresses that phones ask."""

from django.urls import path

from tsm import api

urlpatterns = [
    path("api/phone/v1/application", api.ApplicationText.as_view()),
    path("api/phone/v1/enrolments", api.Enrolments.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>", api.OneEnrolment.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/activation", api.Activation.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/end", api.End.as_view()),
    path("gp/seram/handshake", api.Handshake.as_view()),
    path("gp/seram/remoteManagement", api.RemoteManagement.as_view()),
]
