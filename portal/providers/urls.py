"""Addresses of providers."""

from django.urls import URLPattern, URLResolver, path

from portal.providers import views

app_name = "providers"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.start, name="start"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("organisations/", views.organisations, name="organisations"),
    path("<uuid:organisation>/", views.organisation, name="organisation"),
]
# Other rooms' addresses below an organisation's, each with a namespace of its own:
# path("cases/", include("portal.onboarding.urls")). `access.member` is the outermost decorator of every view there, so
# that strangers get nothing but 404.
ROOMS: list[URLPattern | URLResolver] = []
