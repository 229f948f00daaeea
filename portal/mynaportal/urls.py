"""Addresses of Mynaportal, below /mynaportal/."""

from django.urls import path

from portal.mynaportal import applying, pages, signing_in

app_name = "mynaportal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-in", signing_in.sign_in, name="sign_in"),
    path("sign-out", signing_in.sign_out, name="sign_out"),
    path("return", signing_in.come_back, name="return"),
    path("procedures/", pages.find, name="find"),
    path("procedures/<slug:code>/", pages.procedure, name="procedure"),
    path("procedures/<slug:code>/begin", applying.begin, name="begin"),
    path("applications/", applying.listed, name="applications"),
    path("applications/<uuid:reference>/", applying.application, name="application"),
    path("applications/<uuid:reference>/confirm/", applying.confirm, name="confirm"),
    path("applications/<uuid:reference>/withdraw", applying.withdraw, name="withdraw"),
    path("applications/<uuid:reference>/discard", applying.discard, name="discard"),
    path("applications/<uuid:reference>/receipt.pdf", applying.receipt, name="receipt"),
    path("records/", pages.own, name="records"),
    path("notices/", pages.notices, name="notices"),
    path("notices/<int:number>/", pages.notice, name="notice"),
]
