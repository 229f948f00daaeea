"""Addresses of the pretend world's outbox, below /outbox/; there are none without a sandbox."""

from django.urls import path

from portal.notices import pages

app_name = "outbox"
urlpatterns = [
    path("", pages.kept, name="kept"),
    path("letters/<uuid:reference>.pdf", pages.letter, name="letter"),
]
