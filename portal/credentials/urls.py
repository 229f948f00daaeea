"""Addresses of an organisation's keys, below /providers/<organisation>/credentials/."""

from django.urls import path

from portal.credentials import validator, views

app_name = "credentials"

urlpatterns = [
    path("", views.listing, name="list"),
    path("validator", validator.validator, name="validator"),
    path("services/<str:client_id>/issue", views.issue, name="issue"),
    path("<int:credential>/rotate", views.rotate, name="rotate"),
    path("<int:credential>/disable", views.disable, name="disable"),
]
