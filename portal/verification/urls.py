"""Addresses of the verification log's pages, below an organisation's."""

from django.urls import path

from portal.verification import views

app_name = "verification"

urlpatterns = [
    path("", views.overview, name="log"),
    path("log.csv", views.download, name="download"),
]
