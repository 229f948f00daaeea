"""Addresses that phones ask, and the published list of phones."""

from django.urls import include, path

from tsm import api, pages, seram

_list = [
    path("", pages.phones, name="phones"),
    path("list.json", pages.phones_json, name="phones_json"),
    path("list.csv", pages.phones_csv, name="phones_csv"),
]

urlpatterns = [
    path("phones/", include((_list, "tsm"))),
    path("api/phone/v1/application", api.ApplicationText.as_view()),
    path("api/phone/v1/conversation", api.OpenConversation.as_view()),
    path("api/phone/v1/enrolments", api.Enrolments.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>", api.OneEnrolment.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/activation", api.Activation.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/end", api.End.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/resume", api.Resume.as_view()),
    path("api/phone/v1/enrolments/<uuid:reference>/unblock/<str:purpose>", api.Unblock.as_view()),
    path("gp/seram/handshake", seram.Handshake.as_view()),
    path("gp/seram/remoteManagement", seram.RemoteManagement.as_view()),
]
