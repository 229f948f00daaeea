"""Addresses of the hand-off's API, below /api/v1/."""

from django.urls import path

from portal.handoff import api

app_name = "handoff_api"
urlpatterns = [
    path("token", api.TokenView.as_view(), name="token"),
    path("handoffs", api.HandOffsView.as_view(), name="handoffs"),
    path("handoffs/<uuid:reference>", api.HandOffView.as_view(), name="handoff"),
    path("handoffs/<uuid:reference>/redeem", api.RedeemView.as_view(), name="redeem"),
    path("trust", api.TrustView.as_view(), name="trust"),
]
