"""Addresses of the review, below /review/."""

from django.urls import path

from portal.review import cases, desk, entries, proposals, versions

app_name = "review"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("cases/<uuid:reference>/", cases.case, name="case"),
    path("cases/<uuid:reference>/take-up", cases.take_up, name="take-up"),
    path("cases/<uuid:reference>/check", cases.check, name="check"),
    path("cases/<uuid:reference>/message", cases.message, name="message"),
    path("cases/<uuid:reference>/files/<uuid:file>", cases.file, name="file"),
    path("cases/<uuid:reference>/propose/<slug:kind>", proposals.propose, name="propose"),
    path("cases/<uuid:reference>/proposals/<uuid:proposal>/", proposals.proposal, name="proposal"),
    path("cases/<uuid:reference>/proposals/<uuid:proposal>/decide", proposals.decide, name="decide"),
    path("cases/<uuid:reference>/letters/<uuid:proposal>", cases.letter, name="letter"),
    path("cases/<uuid:reference>/versions/", versions.listing, name="versions"),
    path("cases/<uuid:reference>/versions/<int:number>/conformance", versions.conformance, name="conformance"),
    path("entries/", entries.entries, name="entries"),
    path("entries/<str:client_id>/", entries.entry, name="entry"),
    path("entries/<str:client_id>/act", entries.act, name="act"),
    path("entries/<str:client_id>/suspensions/<uuid:reference>", entries.letter, name="suspension-letter"),
]
