"""Addresses of the help desk."""

from django.urls import path

from portal.helpdesk import objecting, releasing, views

app_name = "helpdesk"

urlpatterns = [
    path("", views.search, name="search"),
    path("open", views.open_, name="open"),
    path("calls/<uuid:reference>/", views.call, name="call"),
    path("calls/<uuid:reference>/identity", views.identity, name="identity"),
    path("calls/<uuid:reference>/hold", views.hold, name="hold"),
    path("calls/<uuid:reference>/release", views.release, name="release"),
    path("calls/<uuid:reference>/close", views.close, name="close"),
    path("releases/", releasing.releases, name="releases"),
    path("releases/<uuid:reference>/", releasing.proposal, name="proposal"),
    path("releases/<uuid:reference>/decide", releasing.decide, name="decide"),
    path("objections/", objecting.objections_, name="objections"),
    path("objections/<uuid:reference>/", objecting.objection, name="objection"),
    path("objections/<uuid:reference>/answer", objecting.answer, name="answer"),
]
