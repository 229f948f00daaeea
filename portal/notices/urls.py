"""Addresses of the pages about notices, below /phone/notices/."""

from django.urls import path

from portal.notices import pages

app_name = "notices"
urlpatterns = [
    path("", pages.notices, name="notices"),
    path("address/", pages.address, name="address"),
    path("code/", pages.code, name="code"),
    path("stop/", pages.stop, name="stop"),
]
