"""Addresses of the operators' console."""

from django.urls import path

from portal.console import views

app_name = "console"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("findings/", views.findings, name="findings"),
    path("lists/", views.lists, name="lists"),
    path("conversations/", views.conversations_, name="conversations"),
    path("conversations/<uuid:reference>", views.conversation, name="conversation"),
    path("enrolments/", views.find, name="find"),
    path("enrolments/<uuid:reference>/", views.enrolment, name="enrolment"),
    path("enrolments/<uuid:reference>/order", views.order, name="order"),
]
