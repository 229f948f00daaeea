"""Addresses of the delegations' pages, below an organisation's."""

from django.urls import path

from portal.verification import delegating

app_name = "delegations"

urlpatterns = [
    path("", delegating.overview, name="overview"),
    path("new", delegating.give, name="give"),
    path("<uuid:reference>/", delegating.delegation, name="delegation"),
    path("<uuid:reference>/end", delegating.end, name="end"),
]
