"""Addresses of a case's letters, below /providers/<organisation>/cases/<case>/letters/."""

from django.urls import path

from portal.review import applicants

app_name = "letters"

urlpatterns = [
    path("", applicants.letters_, name="letters"),
    path("<uuid:proposal>", applicants.letter, name="letter"),
    path("suspensions/<uuid:suspension>", applicants.suspension, name="suspension"),
]
