"""Addresses of the public register, below /register/."""

from django.urls import path

from whitelist import pages

app_name = "register"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("logos/<str:digest>", pages.logo, name="logo"),
    path("entries.json", pages.listing_json, name="list_json"),
]
