"""Addresses of the hand-off on the citizen's phone, below /handoff/."""

from django.urls import path

from portal.handoff import pages

app_name = "handoff"
urlpatterns = [
    path("<str:token>/", pages.page, name="page"),
    path("<str:token>/answer", pages.answer, name="answer"),
    path("<str:token>/decline", pages.decline, name="decline"),
]
