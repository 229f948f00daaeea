"""Addresses of an organisation's cases, below /providers/<organisation>/cases/."""

from django.urls import path

from portal.onboarding import cases, files, messages, sections, submitting, versions

app_name = "onboarding"

urlpatterns = [
    path("", cases.listing, name="cases"),
    path("open", cases.open_, name="open"),
    path("<uuid:case>/", cases.tasks, name="tasks"),
    path("<uuid:case>/withdraw/", cases.withdraw, name="withdraw"),
    path("<uuid:case>/sections/<slug:page>/", sections.page, name="page"),
    path("<uuid:case>/sections/<slug:page>/save", sections.save, name="save"),
    path("<uuid:case>/applications/add", sections.add, name="add"),
    path("<uuid:case>/applications/<slug:block>/remove", sections.remove, name="remove"),
    path("<uuid:case>/files/<uuid:file>", files.file, name="file"),
    path("<uuid:case>/logos/<uuid:file>", files.logo, name="logo"),
    path("<uuid:case>/check/", submitting.check, name="check"),
    path("<uuid:case>/versions/", versions.listing, name="versions"),
    path("<uuid:case>/versions/<int:number>/", versions.version, name="version"),
    path("<uuid:case>/messages/", messages.thread, name="messages"),
]
