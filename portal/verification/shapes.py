"""What the verification API takes and answers, as its description says it, with examples."""

from django.conf import settings
from rest_framework import serializers

from ca.profiles import Medium, Purpose
from portal.api.describing import Answer, Body
from whitelist.models import VerificationLog
from whitelist.verification.statuses import Status

LONGEST_CERTIFICATE = 8_192
LONGEST_NAME = 64
PAGE, LONGEST_PAGE = 100, 1000

PURPOSES = [each.value for each in Purpose]
MEDIA = [each.value for each in Medium]
CHECKS = VerificationLog.CheckPurpose.values
PROBLEMS = ("verification_invalid", "verification_refused", "verification_undecided", "delegation_missing")


class QuestionBody(Body):
    """What every question says."""

    purpose = serializers.ChoiceField(PURPOSES, help_text="The authority that issued them.")
    check_purpose = serializers.ChoiceField(CHECKS, help_text="What the answer is for; it is logged.")
    on_behalf_of = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text="A provider's client id, for a platform operator with a delegation.",
    )


def _serial_numbers(*, required: bool) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.RegexField(r"^[0-9A-Fa-f]{1,40}$"),
        required=required,
        allow_null=not required,
        min_length=1,
        max_length=settings.VERIFICATION_MOST,
        help_text="Hexadecimal; card and phone mixed.",
    )


class StatusBody(QuestionBody):
    """How do these certificates stand? Either `serial_numbers` or `certificates`."""

    serial_numbers = _serial_numbers(required=False)
    certificates = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        allow_null=True,
        min_length=1,
        max_length=settings.VERIFICATION_MOST,
        help_text="DER, base64.",
    )


class CounterpartsBody(QuestionBody):
    """Which certificates belong to these?"""

    counterpart = serializers.ChoiceField(
        ["medium", "purpose"],
        help_text="`medium`: the phone's for the card's and the other way round (article 18(4), 37) · `purpose`: "
        "signature and authentication on one medium (18(5)).",
    )
    serial_numbers = _serial_numbers(required=True)


class StatusAnswer(Answer):
    """How one certificate stands. Only `good` is a yes."""

    serial_number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField([each.value for each in Status])
    medium = serializers.ChoiceField(MEDIA, allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="RFC 5280's name; of `revoked` and `on_hold`.")
    since = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)


class FoundAnswer(Answer):
    """A certificate that belongs to the one asked about."""

    serial_number = serializers.CharField()
    purpose = serializers.ChoiceField(PURPOSES)
    medium = serializers.ChoiceField(MEDIA)


class CounterpartAnswer(Answer):
    """What belongs to one certificate; null where nothing in force does."""

    serial_number = serializers.CharField()
    counterpart = FoundAnswer(allow_null=True)


class ToldAnswer(Answer):
    """What every answer says."""

    request = serializers.UUIDField(help_text="As in the log.")
    at = serializers.DateTimeField(help_text="By the realm's clock.")
    purpose = serializers.ChoiceField(PURPOSES)
    check_purpose = serializers.ChoiceField(CHECKS)
    on_behalf_of = serializers.CharField(allow_null=True)


class StatusesAnswer(ToldAnswer):
    """How certificates stand, in the order in which they were asked about."""

    answers = StatusAnswer(many=True)


class CounterpartsAnswer(ToldAnswer):
    """What belongs to certificates, in the order in which they were asked about."""

    answers = CounterpartAnswer(many=True)


class LogQuery(Body):
    """Which page of the log."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=LONGEST_PAGE, default=PAGE)
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**62, help_text="From the address in `next`."
    )


class LoggedAnswer(Answer):
    """One answer that was given about one certificate."""

    request = serializers.UUIDField()
    at = serializers.DateTimeField()
    relying_party = serializers.CharField()
    on_behalf_of = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(VerificationLog.Kind.values)
    purpose = serializers.ChoiceField(PURPOSES)
    check_purpose = serializers.ChoiceField(CHECKS)
    serial_number = serializers.CharField(allow_null=True)
    verdict = serializers.CharField(help_text="A status; of counterparts `found` or `none`.")


class LogAnswer(Answer):
    """A page of the log."""

    answers = LoggedAnswer(many=True)
    next = serializers.URLField(allow_null=True)


# --- Examples
_ASKED = {"purpose": "signature", "check_purpose": "signature_verification"}
_TOLD = {
    "request": "2f9d9b5e-7a53-4b0e-8f3a-6f0d2f4c9b10",
    "at": "2026-11-27T09:00:00+00:00",
    "purpose": "signature",
    "check_purpose": "signature_verification",
    "on_behalf_of": None,
}
STATUS_ASKED = _ASKED | {"serial_numbers": ["0A1B", "0A1C"]}
STATUS_TOLD = _TOLD | {
    "answers": [
        {
            "serial_number": "0A1B",
            "status": "good",
            "medium": "phone",
            "reason": None,
            "since": None,
            "valid_until": "2031-04-01T14:59:59+00:00",
        },
        {
            "serial_number": "0A1C",
            "status": "revoked",
            "medium": "card",
            "reason": "keyCompromise",
            "since": "2026-11-20T03:00:00+00:00",
            "valid_until": "2031-04-01T14:59:59+00:00",
        },
    ]
}
COUNTERPARTS_ASKED = _ASKED | {"counterpart": "medium", "serial_numbers": ["0A1B"]}
COUNTERPARTS_TOLD = _TOLD | {
    "answers": [
        {
            "serial_number": "0A1B",
            "counterpart": {"serial_number": "0A0F", "purpose": "signature", "medium": "card"},
        }
    ]
}
LOG_TOLD = {
    "answers": [
        {
            "request": "2f9d9b5e-7a53-4b0e-8f3a-6f0d2f4c9b10",
            "at": "2026-11-27T09:00:00+00:00",
            "relying_party": "test-bank",
            "on_behalf_of": None,
            "kind": "status",
            "purpose": "signature",
            "check_purpose": "signature_verification",
            "serial_number": "0A1B",
            "verdict": "good",
        }
    ],
    "next": None,
}
