"""Addresses of a workspace's people and things, and of what is issued to them."""

from django.urls import path

from sandbox.api import authorities, cards, certificates, citizens, enrolments, passwords, phones, specimens, workspace

urlpatterns = [
    path("authorities", authorities.Authorities.as_view(), name="authorities"),
    path("authorities/<slug:purpose>/<int:generation>/pem", authorities.AuthorityPem.as_view(), name="authority-pem"),
    path(
        "authorities/<slug:purpose>/<int:generation>/responder/pem",
        authorities.ResponderPem.as_view(),
        name="responder-pem",
    ),
    path("cards", cards.Cards.as_view(), name="cards"),
    path("cards/<uuid:id>", cards.OneCard.as_view(), name="card"),
    path("certificates", certificates.Certificates.as_view(), name="certificates"),
    path("certificates/<slug:id>", certificates.OneCertificate.as_view(), name="certificate"),
    path("certificates/<slug:id>/der", certificates.Der.as_view(), name="certificate-der"),
    path("certificates/<slug:id>/hold", certificates.Hold.as_view(), name="certificate-hold"),
    path("certificates/<slug:id>/pem", certificates.Pem.as_view(), name="certificate-pem"),
    path("certificates/<slug:id>/pkcs12", certificates.Pkcs12.as_view(), name="certificate-pkcs12"),
    path("certificates/<slug:id>/release", certificates.Release.as_view(), name="certificate-release"),
    path("certificates/<slug:id>/revoke", certificates.Revoke.as_view(), name="certificate-revoke"),
    path("citizens", citizens.Citizens.as_view(), name="citizens"),
    path("citizens/<slug:id>", citizens.OneCitizen.as_view(), name="citizen"),
    path("crls", authorities.Lists.as_view(), name="crls"),
    path("crls/<slug:id>/der", authorities.ListDer.as_view(), name="crl-der"),
    path("crls/<slug:id>/pem", authorities.ListPem.as_view(), name="crl-pem"),
    path("enrolments", enrolments.Enrolments.as_view(), name="enrolments"),
    path("enrolments/<uuid:id>", enrolments.OneEnrolment.as_view(), name="enrolment"),
    path("enrolments/<uuid:id>/advance", enrolments.Advance.as_view(), name="enrolment-advance"),
    path("enrolments/<uuid:id>/end", enrolments.End.as_view(), name="enrolment-end"),
    path("enrolments/<uuid:id>/resume", enrolments.Resume.as_view(), name="enrolment-resume"),
    path("enrolments/<uuid:id>/suspend", enrolments.Suspend.as_view(), name="enrolment-suspend"),
    path("phones", phones.Phones.as_view(), name="phones"),
    path("phones/<uuid:id>", phones.OnePhone.as_view(), name="phone"),
    path("phones/<uuid:id>/passwords", passwords.Passwords.as_view(), name="phone-passwords"),
    path("phones/<uuid:id>/passwords/block", passwords.Block.as_view(), name="phone-passwords-block"),
    path("phones/<uuid:id>/passwords/unblock", passwords.Unblock.as_view(), name="phone-passwords-unblock"),
    path("test-certificates", specimens.Specimens.as_view(), name="test-certificates"),
    path("test-certificates/<uuid:id>", specimens.OneSpecimen.as_view(), name="test-certificate"),
    path("workspace", workspace.Workspace.as_view(), name="workspace"),
]
