"""Addresses of accounts."""

from django.urls import path

from portal.accounts import own, views

app_name = "accounts"

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("account", views.account, name="account"),
    path("account/password", own.password, name="password"),
    path("account/sessions", own.own_sessions, name="sessions"),
    path("enrol/", views.enrol, name="enrol"),
    path("enrol/authenticator", views.enrol_authenticator, name="enrol-authenticator"),
    path("enrol/password", views.enrol_password, name="enrol-password"),
]
