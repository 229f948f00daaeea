"""Addresses of the console, below /providers/<organisation>/workspace/."""

from django.urls import path

from sandbox.console.views import citizens, clock, faults, inspector, overview, phones, tour, trace, webhooks

app_name = "workspace"
urlpatterns = [
    path("overview/", overview.overview, name="overview"),
    path("tour/", tour.tour, name="tour"),
    path("tour/state", tour.state, name="tour-state"),
    path("tour/phone", tour.phone, name="tour-phone"),
    path("citizens/", citizens.listing, name="citizens"),
    path("citizens/make", citizens.make, name="citizen-make"),
    path("citizens/<uuid:citizen>/", citizens.one, name="citizen"),
    path("phones/", phones.listing, name="phones"),
    path("phones/make", phones.make, name="phone-make"),
    path("phones/<uuid:phone>/", phones.one, name="phone"),
    path("phones/<uuid:phone>/enrol", phones.enrol, name="phone-enrol"),
    path("phones/<uuid:phone>/advance", phones.advance, name="phone-advance"),
    path("phones/<uuid:phone>/end", phones.end, name="phone-end"),
    path("phones/<uuid:phone>/switch", phones.switch, name="phone-switch"),
    path("clock/", clock.clock_page, name="clock"),
    path("clock/move", clock.move, name="clock-move"),
    path("faults/", faults.listing, name="faults"),
    path("faults/<uuid:fault>/disarm", faults.disarm, name="fault-disarm"),
    path("faults/arm/<slug:name>/", faults.arm, name="fault-arm"),
    path("inspector/", inspector.listing, name="inspector"),
    path("inspector/<uuid:reference>/", inspector.one, name="request"),
    path("webhooks/", webhooks.listing, name="webhooks"),
    path("webhooks/make", webhooks.make, name="webhook-make"),
    path("webhooks/<uuid:webhook>/", webhooks.one, name="webhook"),
    path("webhooks/<uuid:webhook>/act", webhooks.act, name="webhook-act"),
    path("webhooks/deliveries/<uuid:delivery>/replay", webhooks.replay, name="delivery-replay"),
    path("trace/", trace.trace, name="trace"),
    path("trace/rows", trace.rows, name="trace-rows"),
    path("trace/<uuid:event>/", trace.event, name="trace-event"),
]
