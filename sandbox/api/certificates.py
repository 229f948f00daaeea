"""Certificates over HTTP, below /sandbox/api/v1/: looked at, held, released, revoked, fetched with their keys."""

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca import clock, revocation
from ca.causes import Cause
from ca.models import Certificate
from ca.profiles import Medium, Purpose
from portal.api import describing, pagination
from sandbox import certificates, citizens
from sandbox.api import files
from sandbox.api.citizens import ID as CITIZEN_ID
from sandbox.api.phones import ENROLMENT_ID
from sandbox.api.phones import ID as PHONE_ID
from sandbox.api.views import WorkspaceView

TAG = "certificates"
ID = "signature-15"
MEDIA, PURPOSES = [each.value for each in Medium], [each.value for each in Purpose]
EXAMPLE = {
    "id": ID,
    "serial_number": "15",
    "medium": "phone",
    "purpose": "signature",
    "status": "valid",
    "expired": False,
    "cause": None,
    "reason": None,
    "not_before": "2026-11-27T10:00:02+00:00",
    "not_after": "2031-04-12T14:59:59+00:00",
    "status_since": "2026-11-27T10:00:04+00:00",
    "revoked_at": None,
    "linked_to": "signature-2",
    "generation": 1,
    "fingerprint": "5A" * 32,
    "citizen": CITIZEN_ID,
    "phone": PHONE_ID,
    "enrolment": ENROLMENT_ID,
    "test_certificate": None,
}
HELD = EXAMPLE | {"status": "on_hold", "cause": "loss", "reason": "certificateHold"}
REVOKED = EXAMPLE | {
    "status": "revoked", "cause": "key_compromise", "reason": "keyCompromise", "revoked_at": "2026-11-27T10:05:00+00:00"
}  # fmt: skip


class CertificatesQuery(describing.Body):
    citizen = serializers.CharField(max_length=64, required=False, help_text="An id, or a persona's code.")
    phone = serializers.UUIDField(required=False)
    medium = serializers.ChoiceField(MEDIA, required=False)
    purpose = serializers.ChoiceField(PURPOSES, required=False)
    status = serializers.ChoiceField(Certificate.Status.values, required=False)


class PemQuery(describing.Body):
    chain = serializers.BooleanField(required=False, default=False, help_text="The authority's after it.")


class HoldBody(describing.Body):
    cause = serializers.ChoiceField(certificates.HOLDS, required=False, help_text="loss")


class RevokeBody(describing.Body):
    cause = serializers.ChoiceField(certificates.REVOCATIONS)
    linked = serializers.ChoiceField(
        ("sweep", "at_once"), required=False, help_text="When what stands on a card's certificate falls; by the sweep."
    )


class Pkcs12Body(describing.Body):
    password = serializers.CharField(min_length=1, max_length=128, trim_whitespace=False)


class CertificateAnswer(describing.Answer):
    id = serializers.CharField(help_text="The purpose and the serial number, which is its authority's own.")
    serial_number = serializers.CharField(help_text="Upper-case hex.")
    medium = serializers.ChoiceField(MEDIA)
    purpose = serializers.ChoiceField(PURPOSES)
    status = serializers.ChoiceField(Certificate.Status.values)
    expired = serializers.BooleanField(help_text="By the workspace's clock; beside the status, which stays.")
    cause = serializers.ChoiceField(Cause.values, allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="As CRL and OCSP say it (RFC 5280 5.3.1).")
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()
    status_since = serializers.DateTimeField(help_text="By the workspace's clock.")
    revoked_at = serializers.DateTimeField(allow_null=True)
    linked_to = serializers.CharField(allow_null=True, help_text="A phone's: the card's certificate it stands on.")
    generation = serializers.IntegerField(help_text="Of the authority's keys.")
    fingerprint = serializers.CharField(help_text="SHA-256 of the DER, upper-case hex.")
    citizen = serializers.UUIDField(allow_null=True)
    phone = serializers.UUIDField(allow_null=True)
    enrolment = serializers.UUIDField(allow_null=True)
    test_certificate = serializers.UUIDField(allow_null=True, help_text="Where it is one of test-certificates.")


class Certificates(WorkspaceView):
    """GET: the workspace's certificates."""

    @describing.operation(
        ("電子証明書の一覧", "List certificates"),
        query=CertificatesQuery,
        answer=CertificateAnswer,
        pages=True,
        told=EXAMPLE,
        tag=TAG,
        name="certificates_list",
    )
    def get(self, request: Request) -> Response:
        """Newest first: cards' and phones', of both purposes, whatever has become of them."""
        given = describing.read_query(request, CertificatesQuery)
        rows = certificates.of(self.realm, phone=given.get("phone")).filter(
            **{name: given[name] for name in ("medium", "purpose", "status") if name in given}
        )
        if "citizen" in given:
            citizen = citizens.find(self.realm, given["citizen"])
            rows = rows.filter(holder=citizen.holder_id if citizen is not None else None)
        return pagination.page(request, rows, shape)


class OneCertificate(WorkspaceView):
    """GET: one certificate."""

    @describing.operation(
        ("電子証明書を見る", "Look at a certificate"),
        answer=CertificateAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag=TAG,
        name="certificates_read",
    )
    def get(self, request: Request, id: str) -> Response:
        """As the authorities' records have it; CRL and OCSP say the same."""
        return Response(shape(found(self, id)))


class Hold(WorkspaceView):
    """POST: put on hold."""

    @describing.operation(
        ("一時保留にする", "Put a certificate on hold"),
        body=HoldBody,
        answer=CertificateAnswer,
        asked={},
        told=HELD,
        problems=("not_found", "illegal_transition", "cause_unfit"),
        tag=TAG,
        name="certificates_hold",
    )
    def post(self, request: Request, id: str) -> Response:
        """This one alone. A holder who loses a phone has both of it held: hold both."""
        given = describing.read(request, HoldBody)
        certificates.hold(found(self, id), cause=given.get("cause", Cause.LOSS))
        return Response(shape(found(self, id)))


class Release(WorkspaceView):
    """POST: release."""

    @describing.operation(
        ("一時保留を解除する", "Release a certificate"),
        answer=CertificateAnswer,
        told=EXAMPLE,
        problems=("not_found", "illegal_transition", "card_certificate_not_valid"),
        tag=TAG,
        name="certificates_release",
    )
    def post(self, request: Request, id: str) -> Response:
        """From hold to valid, where the card's certificate that it stands on is valid."""
        certificates.release(found(self, id))
        return Response(shape(found(self, id)))


class Revoke(WorkspaceView):
    """POST: revoke."""

    @describing.operation(
        ("失効させる", "Revoke a certificate"),
        body=RevokeBody,
        answer=CertificateAnswer,
        asked={"cause": "key_compromise"},
        told=REVOKED,
        problems=("not_found", "illegal_transition", "cause_unfit"),
        tag=TAG,
        name="certificates_revoke",
    )
    def post(self, request: Request, id: str) -> Response:
        """For good. A phone's falls with the card's: by the sweep, which takes seconds to minutes, or at once."""
        given = describing.read(request, RevokeBody)
        certificates.revoke(found(self, id), cause=given["cause"], at_once=given.get("linked") == "at_once")
        return Response(shape(found(self, id)))


class Pem(files.FileView):
    """GET: the certificate as PEM."""

    @describing.operation(
        ("電子証明書（PEM）", "Fetch a certificate as PEM"),
        query=PemQuery,
        media=files.PEM,
        problems=("not_found",),
        tag=TAG,
        name="certificates_pem",
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        """With `chain`, its authority's after it."""
        given = describing.read_query(request, PemQuery)
        one = found(self, id)
        return files.answer(certificates.pem(one, chain=given["chain"]), media_type=files.PEM, name=f"{id}.pem")


class Der(files.FileView):
    """GET: the certificate as DER."""

    @describing.operation(
        ("電子証明書（DER）", "Fetch a certificate as DER"),
        media=files.DER,
        problems=("not_found",),
        tag=TAG,
        name="certificates_der",
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        """As it was issued."""
        return files.answer(bytes(found(self, id).der), media_type=files.DER, name=f"{id}.cer")


class Pkcs12(files.FileView):
    """POST: the certificate with its key."""

    @describing.operation(
        ("鍵と電子証明書（PKCS#12）", "Fetch a certificate with its key"),
        body=Pkcs12Body,
        media=files.PKCS12,
        asked={"password": "a password of the file"},
        problems=("not_found", "key_not_held"),
        tag=TAG,
        name="certificates_pkcs12",
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """As PKCS#12 under your password, with the authority's certificate. No real chip gives its keys out."""
        given = describing.read(request, Pkcs12Body)
        content = certificates.bundle(found(self, id), given["password"])
        return files.answer(content, media_type=files.PKCS12, name=f"{id}.p12")


def shape(one: Certificate) -> dict[str, Any]:
    """Return a certificate as the API tells it; it comes from `sandbox.certificates.of`."""
    citizen, specimen = getattr(one.holder, "citizen", None), getattr(one, "specimen", None)
    reason = revocation.reason(one)
    enrolment, phone = one.enrolment_reference, one.phone_reference  # type: ignore[attr-defined]
    return {
        "id": certificates.id_of(one),
        "serial_number": one.serial_number,
        "medium": one.medium,
        "purpose": one.purpose,
        "status": one.status,
        "expired": one.not_after < clock.now(one.realm),
        "cause": one.cause or None,
        "reason": reason.value if reason is not None else None,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "status_since": one.changed_at.isoformat(),
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "linked_to": certificates.id_of(one.linked_to) if one.linked_to is not None else None,
        "generation": one.generation.number,
        "fingerprint": one.fingerprint,
        "citizen": str(citizen.reference) if citizen is not None else None,
        "phone": str(phone) if phone else None,
        "enrolment": str(enrolment) if enrolment else None,
        "test_certificate": str(specimen.reference) if specimen is not None else None,
    }


def found(view: WorkspaceView, id: str) -> Certificate:
    """Return the workspace's certificate of that id. Raises Http404."""
    one = certificates.find(view.realm, id)
    if one is None:
        raise Http404("no such certificate in this workspace")
    return one
