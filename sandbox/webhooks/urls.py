"""Addresses of webhooks and events, below /sandbox/api/v1/."""

from django.urls import path

from sandbox.webhooks import api

urlpatterns = [
    path("deliveries/<uuid:delivery>/replay", api.Replay.as_view(), name="delivery-replay"),
    path("event-types", api.EventTypes.as_view(), name="event-types"),
    path("events", api.Events.as_view(), name="events"),
    path("webhooks", api.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook>", api.OneWebhook.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook>/deliveries", api.Deliveries.as_view(), name="webhook-deliveries"),
    path("webhooks/<uuid:webhook>/enable", api.Enable.as_view(), name="webhook-enable"),
    path("webhooks/<uuid:webhook>/ping", api.Ping.as_view(), name="webhook-ping"),
    path("webhooks/<uuid:webhook>/secret", api.NewSecret.as_view(), name="webhook-secret"),
]
