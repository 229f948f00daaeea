"""What the hand-off's API takes and answers, as its description says it, with examples."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from ca.profiles import Medium, Purpose
from portal.api.describing import Answer, Body, Examples
from portal.handoff import pdf, texts
from portal.handoff.states import State
from portal.handoff.ways import Format, Way

GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2
LONGEST_ADDRESS = 2000
LONGEST_CODE = 128  # RFC 7636 §4.1
LONGEST_CLIENT_ID = 64
LONGEST_STATE = 255

ID = "6f1c6a0e-3f0a-4b60-9a0f-1c9f6f3d2a11"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
NONCE = "nR2hQW4r7c0o7cL0zv3Jw1mYb4m0m8m4kH0mGkQm8oE"
PURPOSES = [each.value for each in Purpose]
MEDIA = [each.value for each in Medium]


class TokenBody(serializers.Serializer[Any]):
    """A token request (RFC 6749 4.4): with a client assertion (RFC 7523), or over TLS with a certificate (RFC 8705)."""

    grant_type = serializers.ChoiceField([GRANT_TYPE])
    client_assertion_type = serializers.ChoiceField([ASSERTION_TYPE], required=False)
    client_assertion = serializers.CharField(
        required=False,
        help_text="A JWT, ES256: `iss` and `sub` the client id, `aud` this address, `exp` within five minutes, `jti` "
        "new; the header's `kid` names the key.",
    )
    client_id = serializers.CharField(required=False, help_text="Whose certificate is shown in TLS.")


class TokenAnswer(Answer):
    """A bearer token (RFC 6749 5.1)."""

    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")


class HandOffBody(Body):
    """What a service asks a citizen's phone."""

    purpose = serializers.ChoiceField(PURPOSES)
    return_url = serializers.CharField(
        max_length=LONGEST_ADDRESS, help_text="One of the register's callback addresses, to the letter."
    )
    way = serializers.ChoiceField(
        [each.value for each in Way],
        required=False,
        allow_null=True,
        help_text="`browser` (default): the citizen is on the phone · `app`: the same from an app · "
        "`qr`: the link is a page of ours for another screen.",
    )
    state = serializers.RegexField(
        r"^[ -~]{1,255}$",
        required=False,
        allow_blank=True,
        max_length=LONGEST_STATE,
        help_text="Your own; comes back to the letter.",
    )
    code_challenge = serializers.RegexField(
        r"^[A-Za-z0-9_-]{43}$",
        required=settings.HANDOFF_PKCE == "required",
        allow_blank=settings.HANDOFF_PKCE != "required",
        help_text="base64url of the SHA-256 of a secret (RFC 7636, S256), another for each hand-off; `redeem` needs it "
        "as `code_verifier`.",
    )
    on_behalf_of = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_CLIENT_ID,
        help_text="A platform operator's: the client id of the provider for whom it asks.",
    )
    media = serializers.ListField(
        child=serializers.ChoiceField(MEDIA),
        required=False,
        allow_null=True,
        help_text='What may answer: `["phone", "card"]` (default), or `["phone"]`.',
    )
    document = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=texts.LONGEST_DOCUMENT,
        help_text="For a signature: a text that a reader sees whole.",
    )
    document_name = serializers.CharField(
        required=False, allow_blank=True, max_length=texts.LONGEST_NAME, help_text="What the document is called."
    )
    pdf = serializers.CharField(
        required=False,
        allow_null=True,
        help_text=f"Instead of a text: base64, at most {pdf.LARGEST} octets and {pdf.MOST_PAGES} pages.",
    )
    format = serializers.ChoiceField(
        [each.value for each in Format],
        required=False,
        allow_null=True,
        help_text="`raw` (default) or `cades` for a text; a PDF is `pades`.",
    )


class ResultAnswer(Answer):
    """What the phone answered: verify it, never accept it because it came. Bytes are base64."""

    certificate = serializers.CharField(help_text="DER.")
    signature = serializers.CharField(help_text="PKCS#1 v1.5 with SHA-256.")
    medium = serializers.ChoiceField(MEDIA, help_text="It is also in the certificate's policy, and that counts.")
    purpose = serializers.ChoiceField(PURPOSES)
    format = serializers.ChoiceField([each.value for each in Format])
    nonce = serializers.CharField()
    signed_text = serializers.CharField(allow_null=True, help_text="raw: what the signature is over.")
    signed_attributes = serializers.CharField(
        allow_null=True, help_text="cades, pades: what the signature is over (DER of the SET)."
    )
    document_digest = serializers.CharField(allow_null=True, help_text="SHA-256, hexadecimal.")
    cms = serializers.CharField(allow_null=True, help_text="For a text: detached CMS.")
    pdf = serializers.CharField(allow_null=True, help_text="The signed PDF, PAdES B-B.")


class HandOffAnswer(Answer):
    """How a hand-off stands."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField([each.value for each in State])
    reason = serializers.CharField(allow_null=True, help_text="Why the register refused it; a code of the catalogue.")
    purpose = serializers.ChoiceField(PURPOSES)
    on_behalf_of = serializers.CharField(allow_null=True)
    way = serializers.ChoiceField([each.value for each in Way])
    format = serializers.ChoiceField([each.value for each in Format])
    media = serializers.ListField(child=serializers.ChoiceField(MEDIA))
    document_digest = serializers.CharField(allow_null=True, help_text="SHA-256, hexadecimal.")
    nonce = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    redeemed_at = serializers.DateTimeField(allow_null=True)
    result = ResultAnswer(allow_null=True, help_text="Once its code was redeemed.")


class NewHandOffAnswer(HandOffAnswer):
    """A hand-off that was made, with where to send the citizen."""

    link = serializers.URLField(help_text="Send the citizen's browser there. It is told once.")


class RedeemBody(Body):
    """What the citizen's browser brought back."""

    code = serializers.CharField(max_length=LONGEST_CODE)
    code_verifier = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_CODE, help_text="The secret behind `code_challenge`."
    )


class AuthorityAnswer(Answer):
    """One generation of an authority."""

    purpose = serializers.ChoiceField(PURPOSES)
    generation = serializers.IntegerField()
    subject_key_identifier = serializers.CharField(help_text="Hexadecimal.")
    certificate = serializers.CharField(help_text="DER, base64.")


class ProfileAnswer(Answer):
    """How certificates of one kind are told and where their status is asked."""

    purpose = serializers.ChoiceField(PURPOSES)
    medium = serializers.ChoiceField(MEDIA)
    policy = serializers.CharField(help_text="The certificate policy's OID.")
    ocsp = serializers.URLField()


class TrustQuery(Body):
    """Whose trust list."""

    realm = serializers.CharField(
        required=False, help_text="A realm's name; without it the token's realm, without a token the default one."
    )


class TrustAnswer(Answer):
    """What a verifier trusts in a realm."""

    realm = serializers.CharField()
    time = serializers.DateTimeField(help_text="The realm's clock, which may stand elsewhere than yours.")
    authorities = AuthorityAnswer(many=True)
    profiles = ProfileAnswer(many=True)


# --- Examples
TOKEN_ASKED = {
    "grant_type": GRANT_TYPE,
    "client_assertion_type": ASSERTION_TYPE,
    "client_assertion": "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJiYW5rIn0.c2lnbmF0dXJl",
}
TOKEN_TOLD = {"access_token": "l3mP1y0o5G0dVn9VJm2cUO4w0Q2m1f7yqk9m1oQp4Xk", "token_type": "Bearer", "expires_in": 300}
# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
HANDOFF_ASKED = Examples(
    log_in={
        "purpose": "user_authentication",
        "return_url": "http://localhost:3000/callback",
        "state": "6a0f2c",
        "code_challenge": CHALLENGE,
    },
    sign={
        "purpose": "signature",
        "return_url": "http://localhost:3000/callback",
        "state": "6a0f2c",
        "code_challenge": CHALLENGE,
        "document": "口座を開設します。",
        "document_name": "口座開設の申込書",
        "format": "cades",
    },
)
HANDOFF_TOLD = {
    "id": ID,
    "state": "waiting",
    "reason": None,
    "purpose": "user_authentication",
    "on_behalf_of": None,
    "way": "browser",
    "format": "raw",
    "media": ["phone", "card"],
    "document_digest": None,
    "nonce": NONCE,
    "created_at": "2026-11-27T09:00:00+09:00",
    "expires_at": "2026-11-27T09:10:00+09:00",
    "ended_at": None,
    "redeemed_at": None,
    "result": None,
}
NEW_TOLD = HANDOFF_TOLD | {"link": "http://localhost:8000/handoff/Hk2vQ9nq0cB7uQmYl3o8m2b1/"}
REDEEM_ASKED = {"code": "Qm9m2b1nq0cB7uQYl3o8Hk2v9vQ", "code_verifier": VERIFIER}
REDEEMED = HANDOFF_TOLD | {
    "state": "answered",
    "ended_at": "2026-11-27T09:01:12+09:00",
    "redeemed_at": "2026-11-27T09:01:14+09:00",
    "result": {
        "certificate": "MIIF…",
        "signature": "Zm9v…",
        "medium": "phone",
        "purpose": "user_authentication",
        "format": "raw",
        "nonce": NONCE,
        "signed_text": "…",
        "signed_attributes": None,
        "document_digest": None,
        "cms": None,
        "pdf": None,
    },
}
TRUST_TOLD = {
    "realm": "sandbox",
    "time": "2026-11-27T09:00:00+00:00",
    "authorities": [
        {
            "purpose": "signature",
            "generation": 1,
            "subject_key_identifier": "6E1F0A",
            "certificate": "MIIE…",
        }
    ],
    "profiles": [
        {
            "purpose": "signature",
            "medium": "phone",
            "policy": "1.2.392.200149.8.5.1.0.40",
            "ocsp": "http://localhost:8001/ocsp/sandbox/signature/phone",
        }
    ],
}
