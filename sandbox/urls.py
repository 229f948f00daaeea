"""Addresses of the pretend world."""

from django.urls import include, path

from sandbox import conversations, devices, office, taking_up

app_name = "sandbox"

urlpatterns = [
    path("api/v1/", include("sandbox.api.urls")),
    path("cards/<uuid:reference>/session", devices.workspace_card_session, name="workspace-card"),
    path("cards/<slug:persona>/session", devices.card_session, name="card"),
    path("elements/<uuid:reference>/session", devices.element_session, name="element"),
    path("conversations/", conversations.listing, name="conversations"),
    path("conversations/<uuid:reference>", conversations.one, name="conversation"),
    path("office/", office.counter, name="office"),
    path("office/<slug:persona>", office.act, name="office-act"),
    path("workspaces/<uuid:organisation>/phones/<uuid:reference>", taking_up.phone, name="take-up"),
]
