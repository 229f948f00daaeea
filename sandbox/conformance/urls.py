"""Addresses of the conformance room, below /sandbox/api/v1/conformance/."""

from django.urls import path

from sandbox.conformance import api

urlpatterns = [
    path("cases", api.Cases.as_view(), name="conformance-cases"),
    path("runs", api.Runs.as_view(), name="conformance-runs"),
    path("runs/<uuid:run>", api.OneRun.as_view(), name="conformance-run"),
    path("runs/<uuid:run>/cases/<slug:case>/arm", api.Arm.as_view(), name="conformance-arm"),
    path("runs/<uuid:run>/cases/<slug:case>/verdict", api.Tell.as_view(), name="conformance-verdict"),
    path("runs/<uuid:run>/finish", api.Finish.as_view(), name="conformance-finish"),
    path("runs/<uuid:run>/report", api.Report.as_view(), name="conformance-report"),
]
