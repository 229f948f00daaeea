"""Addresses of the hand-off below /handoff/: the code's screen, and the citizen's phone."""

from django.urls import path

from portal.handoff import document_pages, pages, screen_pages

app_name = "handoff"
urlpatterns = [
    path("screen/<str:token>/", screen_pages.screen, name="screen"),
    path("screen/<str:token>/now", screen_pages.now, name="screen_now"),
    path("screen/<str:token>/cancel", screen_pages.cancel, name="screen_cancel"),
    path("screen/<str:token>/return", screen_pages.go_back, name="screen_return"),
    path("qr/<uuid:reference>/", pages.scan, name="scan"),
    path("<str:token>/", pages.page, name="page"),
    path("<str:token>/why", pages.why, name="why"),
    path("<str:token>/number", pages.number, name="number"),
    path("<str:token>/prepare", pages.prepare, name="prepare"),
    path("<str:token>/answer", pages.answer, name="answer"),
    path("<str:token>/decline", pages.decline, name="decline"),
    path("<str:token>/return", pages.go_back, name="return"),
    path("<str:token>/document.pdf", document_pages.document, name="document"),
    path("<str:token>/pages/<int:number>.png", document_pages.picture, name="picture"),
]
