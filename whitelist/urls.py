"""Addresses of the public register, below /register/."""

from django.urls import path

from whitelist import entry_pages, pages

app_name = "register"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("logos/<str:digest>", pages.logo, name="logo"),
    path("entries.json", pages.listing_json, name="list_json"),
    path("register.jws", pages.signed_compact, name="jws"),
    path("register.json", pages.signed_json, name="jws_json"),
    path("jwks.json", pages.jwks, name="jwks"),
    path("<str:client_id>/", entry_pages.entry, name="entry"),
    path("<str:client_id>/entry.json", entry_pages.entry_json, name="entry_json"),
    path("<str:client_id>/records/<int:sequence>/proof.json", entry_pages.proof_json, name="proof"),
]
