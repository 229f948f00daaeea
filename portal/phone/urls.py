"""Addresses of the phone's screens."""

from django.urls import path

from portal.phone import agent, ending, home, issuing, lost, passwords, records, watching

app_name = "phone"

urlpatterns = [
    path("", home.home, name="home"),
    path("choose", home.choose, name="choose"),
    path("use", home.use, name="use"),
    path("change/", home.change, name="change"),
    path("opened/<str:ticket>", agent.opened, name="opened"),
    path("apply/", issuing.conditions, name="apply"),
    path("apply/phone/", issuing.supported, name="apply-phone"),
    path("apply/agree/", issuing.agree, name="agree"),
    path("apply/card/", issuing.card, name="card"),
    path("enrolments/<uuid:reference>/", issuing.enrolment, name="enrolment"),
    path("enrolments/<uuid:reference>/steps", watching.steps, name="steps"),
    path("enrolments/<uuid:reference>/events", watching.events, name="events"),
    path("enrolments/<uuid:reference>/trace", records.trace, name="trace"),
    path("enrolments/<uuid:reference>/<slug:purpose>.cer", records.certificate, name="certificate"),
    path("passwords/", passwords.overview, name="passwords"),
    path("passwords/<slug:purpose>/", passwords.change, name="password-change"),
    path("passwords/<slug:purpose>/unblock/", passwords.unblock, name="unblock"),
    path("passwords/<slug:purpose>/unblock/steps", passwords.steps, name="unblock-steps"),
    path("passwords/<slug:purpose>/unblock/events", passwords.events, name="unblock-events"),
    path("leaving/", ending.leaving, name="leaving"),
    path("end/", ending.end, name="end"),
    path("found/", ending.found_again, name="found"),
    path("lost/", lost.lost, name="lost"),
    path("lost/card/", lost.card, name="lost-card"),
    path("lost/card/challenge", lost.challenge, name="lost-challenge"),
    path("lost/mine/", lost.mine, name="lost-mine"),
    path("lost/mine/hold", lost.hold, name="lost-hold"),
    path("lost/mine/resume", lost.resume, name="lost-resume"),
    path("lost/leave", lost.leave, name="lost-leave"),
]
