"""Addresses of the help desk."""

from django.urls import path

from portal.helpdesk import views

app_name = "helpdesk"

urlpatterns = [
    path("", views.search, name="search"),
    path("open", views.open_, name="open"),
    path("calls/<uuid:reference>/", views.call, name="call"),
    path("calls/<uuid:reference>/identity", views.identity, name="identity"),
    path("calls/<uuid:reference>/hold", views.hold, name="hold"),
    path("calls/<uuid:reference>/release", views.release, name="release"),
    path("calls/<uuid:reference>/close", views.close, name="close"),
    path("releases/", views.releases, name="releases"),
    path("releases/<uuid:reference>/", views.proposal, name="proposal"),
    path("releases/<uuid:reference>/decide", views.decide, name="decide"),
    path("objections/", views.objections_, name="objections"),
    path("objections/<uuid:reference>/", views.objection, name="objection"),
    path("objections/<uuid:reference>/answer", views.answer, name="answer"),
]
