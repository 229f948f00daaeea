"""Addresses of the screen lock, below /phone/screen-lock/."""

from django.urls import path

from portal.screen_lock import views

app_name = "screen_lock"
urlpatterns = [
    path("", views.page, name="page"),
    path("off", views.off, name="off"),
    path("api/offer", views.Offer.as_view(), name="offer"),
    path("api/set-up", views.SetUp.as_view(), name="set_up"),
    path("api/ask", views.Ask.as_view(), name="ask"),
    path("api/unlock", views.Unlock.as_view(), name="unlock"),
    path("api/off", views.Off.as_view(), name="api_off"),
    path("api/proof-text", views.ProofText.as_view(), name="proof_text"),
    path("api/proof", views.Proof.as_view(), name="proof"),
    path("api/typed", views.Typed.as_view(), name="typed"),
]
