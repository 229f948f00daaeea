"""Authorities, responders and CRLs over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

from typing import Any

from cryptography import x509
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca import issuance
from ca.models import Authority, Crl, Generation, ResponderKey
from ca.profiles import Medium, Purpose
from portal.api import describing, pagination
from sandbox import authorities
from sandbox.api import files
from sandbox.api.certificates import MEDIA, PURPOSES
from sandbox.api.views import WorkspaceView

TAG = "authorities"
_PEM = "-----BEGIN CERTIFICATE-----\nMIID…\n-----END CERTIFICATE-----\n"
RESPONDER = {
    "serial_number": "3",
    "not_before": "2026-11-27T09:00:00+00:00",
    "not_after": "2031-11-27T09:00:00+00:00",
    "certificate": _PEM,
}
EXAMPLE = {
    "purpose": "signature",
    "ocsp": {
        "card": "http://localhost:8001/ocsp/ws-0123456789ab/signature/card",
        "phone": "http://localhost:8001/ocsp/ws-0123456789ab/signature/phone",
    },
    "generations": [
        {
            "number": 1,
            "serial_number": "1",
            "subject_key_identifier": "5A" * 20,
            "not_before": "2026-11-27T09:00:00+00:00",
            "not_after": "2036-11-26T14:59:59+00:00",
            "certificate": _PEM,
            "responders": [RESPONDER],
        }
    ],
}
LIST_EXAMPLE = {
    "id": "signature-1-phone-13991",
    "purpose": "signature",
    "generation": 1,
    "medium": "phone",
    "municipality_code": "13991",
    "number": 4,
    "this_update": "2026-11-27T10:05:01+00:00",
    "next_update": "2026-11-29T10:05:01+00:00",
    "entries": 1,
    "url": "http://localhost:8001/crl/ws-0123456789ab/signature/phone/13991.crl?generation=1",
}


class ResponderAnswer(describing.Answer):
    serial_number = serializers.CharField()
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()
    certificate = serializers.CharField(help_text="PEM")


class GenerationAnswer(describing.Answer):
    number = serializers.IntegerField()
    serial_number = serializers.CharField()
    subject_key_identifier = serializers.CharField()
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()
    certificate = serializers.CharField(help_text="PEM")
    responders = ResponderAnswer(many=True)


class OcspAnswer(describing.Answer):
    card = serializers.CharField()
    phone = serializers.CharField()


class AuthorityAnswer(describing.Answer):
    purpose = serializers.ChoiceField(PURPOSES)
    ocsp = OcspAnswer()
    generations = GenerationAnswer(many=True, help_text="The last one signs what is issued now.")


class AuthoritiesAnswer(describing.Answer):
    items = AuthorityAnswer(many=True)


class ListAnswer(describing.Answer):
    id = serializers.CharField(help_text="Purpose, generation, medium, municipality; or `authority`, for the ARL.")
    purpose = serializers.ChoiceField(PURPOSES)
    generation = serializers.IntegerField()
    medium = serializers.ChoiceField(MEDIA, allow_null=True, help_text="null: the authority's own certificates.")
    municipality_code = serializers.CharField(allow_null=True)
    number = serializers.IntegerField()
    this_update = serializers.DateTimeField()
    next_update = serializers.DateTimeField()
    entries = serializers.IntegerField()
    url = serializers.CharField(help_text="Where everybody gets it.")


class Authorities(WorkspaceView):
    """GET: the workspace's authorities."""

    @describing.operation(
        ("認証局の一覧", "List the authorities"),
        answer=AuthoritiesAnswer,
        told={"items": [EXAMPLE]},
        tag=TAG,
        name="authorities_list",
    )
    def get(self, request: Request) -> Response:
        """Both, with every generation of their keys and the responders that answer for each."""
        return Response({"items": [_authority(one) for one in authorities.of(self.realm)]})


class AuthorityPem(files.FileView):
    """GET: the certificate of an authority's generation as PEM."""

    @describing.operation(
        ("認証局の証明書（PEM）", "Fetch an authority's certificate"),
        media=files.PEM,
        problems=("not_found",),
        tag=TAG,
        name="authorities_pem",
    )
    def get(self, request: Request, purpose: str, generation: int) -> HttpResponse:
        """What a verifier trusts."""
        found = _generation(self, purpose, generation)
        return _pem(bytes(found.certificate), f"{purpose}-{generation}.pem")


class ResponderPem(files.FileView):
    """GET: the certificate of a generation's newest responder as PEM."""

    @describing.operation(
        ("OCSPレスポンダーの証明書（PEM）", "Fetch a responder's certificate"),
        media=files.PEM,
        problems=("not_found",),
        tag=TAG,
        name="authorities_responder_pem",
    )
    def get(self, request: Request, purpose: str, generation: int) -> HttpResponse:
        """Whose key signs the OCSP answers."""
        found = authorities.responder(_generation(self, purpose, generation))
        if found is None:
            raise Http404("this generation has no responder")
        return _pem(bytes(found.certificate), f"{purpose}-{generation}-ocsp.pem")


class Lists(WorkspaceView):
    """GET: the newest CRLs."""

    @describing.operation(
        ("失効リストの一覧", "List the CRLs"),
        answer=ListAnswer,
        pages=True,
        told=LIST_EXAMPLE,
        tag=TAG,
        name="crls_list",
    )
    def get(self, request: Request) -> Response:
        """The newest of each distribution point. What has just changed is published within a second or two."""
        return pagination.page(request, authorities.lists(self.realm), _list)


class ListDer(files.FileView):
    """GET: the newest CRL of a point as DER."""

    @describing.operation(
        ("失効リスト（DER）", "Fetch a CRL as DER"), media=files.CRL, problems=("not_found",), tag=TAG, name="crls_der"
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        """As it was published."""
        return files.answer(bytes(_found_list(self, id).der), media_type=files.CRL, name=f"{id}.crl")


class ListPem(files.FileView):
    """GET: the newest CRL of a point as PEM."""

    @describing.operation(
        ("失効リスト（PEM）", "Fetch a CRL as PEM"), media=files.PEM, problems=("not_found",), tag=TAG, name="crls_pem"
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        """As openssl likes to read it."""
        content = authorities.list_pem(bytes(_found_list(self, id).der)).encode()
        return files.answer(content, media_type=files.PEM, name=f"{id}.pem")


def _authority(one: Authority) -> dict[str, Any]:
    purpose = Purpose(one.purpose)
    generations = sorted(one.generations.all(), key=lambda each: each.number)
    return {
        "purpose": one.purpose,
        "ocsp": {medium.value: issuance.responder_url(one.realm, purpose, medium) for medium in Medium},
        "generations": [_shown(each) for each in generations],
    }


def _shown(one: Generation) -> dict[str, Any]:
    own = x509.load_der_x509_certificate(bytes(one.certificate))
    return {
        "number": one.number,
        "serial_number": one.serial_number,
        "subject_key_identifier": one.subject_key_identifier,
        "not_before": own.not_valid_before_utc.isoformat(),
        "not_after": own.not_valid_after_utc.isoformat(),
        "certificate": authorities.pem(bytes(one.certificate)),
        "responders": [_responder(each) for each in sorted(one.responder_keys.all(), key=lambda each: each.pk)],
    }


def _responder(one: ResponderKey) -> dict[str, Any]:
    return {
        "serial_number": one.serial_number,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "certificate": authorities.pem(bytes(one.certificate)),
    }


def _list(one: Crl) -> dict[str, Any]:
    partition = one.partition
    return {
        "id": authorities.list_id(one),
        "purpose": partition.generation.authority.purpose,
        "generation": partition.generation.number,
        "medium": partition.medium or None,
        "municipality_code": partition.municipality_code or None,
        "number": one.number,
        "this_update": one.this_update.isoformat(),
        "next_update": one.next_update.isoformat(),
        "entries": one.entries,
        "url": authorities.address(one),
    }


def _pem(der: bytes, name: str) -> HttpResponse:
    return files.answer(authorities.pem(der).encode(), media_type=files.PEM, name=name)


def _generation(view: WorkspaceView, purpose: str, number: int) -> Generation:
    found = authorities.generation(view.realm, purpose, number)
    if found is None:
        raise Http404("the workspace's authorities have no such generation")
    return found


def _found_list(view: WorkspaceView, id: str) -> Crl:
    found = authorities.newest_list(view.realm, id)
    if found is None:
        raise Http404("no list is published at such a point of this workspace")
    return found
