"""Addresses of the sandbox's API: each noun has its module of views and its list here."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "sandbox_api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("conformance/", include("sandbox.conformance.urls")),
    path("", include("sandbox.trace.urls")),
]
