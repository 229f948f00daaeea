"""Addresses of the phone's screens."""

from django.urls import path

from portal.phone import agent, views

app_name = "phone"

urlpatterns = [
    path("", views.home, name="home"),
    path("choose", views.choose, name="choose"),
    path("opened/<str:ticket>", agent.opened, name="opened"),
    path("use", views.use, name="use"),
    path("apply/", views.apply, name="apply"),
    path("apply/card/", views.card, name="card"),
    path("enrolments/<uuid:reference>/", views.enrolment, name="enrolment"),
    path("enrolments/<uuid:reference>/steps", views.steps, name="steps"),
    path("enrolments/<uuid:reference>/trace", views.trace, name="trace"),
    path("enrolments/<uuid:reference>/<slug:purpose>.cer", views.certificate, name="certificate"),
    path("end/", views.end, name="end"),
]
