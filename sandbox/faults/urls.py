"""Addresses of faults, below /sandbox/api/v1/."""

from django.urls import path

from sandbox.faults import api

urlpatterns = [
    path("faults", api.FaultsView.as_view(), name="faults"),
    path("faults/catalogue", api.CatalogueView.as_view(), name="fault-catalogue"),
    path("faults/<uuid:fault>", api.FaultView.as_view(), name="fault"),
]
