"""Addresses of the console, below /providers/<organisation>/workspace/."""

from django.urls import path

from sandbox.console.views import trace

app_name = "workspace"
urlpatterns = [
    path("trace/", trace.trace, name="trace"),
    path("trace/rows", trace.rows, name="trace-rows"),
    path("trace/<uuid:event>/", trace.event, name="trace-event"),
]
