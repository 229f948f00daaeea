"""Addresses of my certificates, below /certificates/."""

from django.urls import path

from portal.certificates import views

app_name = "certificates"
urlpatterns = [
    path("", views.home, name="home"),
    path("history/", views.uses, name="history"),
    path("history/<uuid:reference>/", views.use, name="use"),
    path("history/<uuid:reference>/objection", views.object_to, name="object"),
    path("export.json", views.as_json, name="json"),
    path("export.pdf", views.as_pdf, name="pdf"),
    path("close", views.close, name="close"),
]
