"""Webhooks: only what our secret signed, a moment ago, to the octet."""

import base64

import pytest
from jpki_client import webhooks
from jpki_client.webhooks import WebhookNotGenuine

# The example of the specification (standardwebhooks.com, `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "whsec_" + base64.b64encode(b"another secret of some length").decode()
HEADERS = {"Webhook-Id": ID, "webhook-timestamp": str(AT), "WEBHOOK-SIGNATURE": SIGNATURE}


def test_the_specifications_example_is_genuine() -> None:
    assert webhooks.sign(SECRET, ID, AT, BODY) == SIGNATURE
    event = webhooks.verify(SECRET, HEADERS, BODY, now=AT + 10)
    assert (event.id, event.timestamp, event.payload) == (ID, AT, {"test": 2432232314})


def test_while_a_secret_is_exchanged_either_will_do() -> None:
    both = HEADERS | {"WEBHOOK-SIGNATURE": f"v1,AAAA v1a,xyz {SIGNATURE}"}
    assert webhooks.verify([OTHER, SECRET], both, BODY, now=AT).id == ID


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        ({}, BODY + b" ", AT),
        ({"Webhook-Id": "msg_another"}, BODY, AT),
        ({"webhook-timestamp": str(AT + 1)}, BODY, AT),
        ({}, BODY, AT + 301),
        ({}, BODY, AT - 301),
        ({"webhook-timestamp": "now"}, BODY, AT),
        ({"webhook-timestamp": "٣"}, BODY, AT),
        ({"webhook-timestamp": "9" * 400}, BODY, AT),
        ({"webhook-timestamp": "9" * 4400}, BODY, AT),
        ({"Webhook-Id": "msg\ud800"}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": "v1,\udc80"}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": ""}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": SIGNATURE.removeprefix("v1,")}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": SIGNATURE.replace("v1,", "v2,")}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": webhooks.sign(OTHER, ID, AT, BODY)}, BODY, AT),
    ],
)
def test_anything_else_is_not(headers: dict[str, str], body: bytes, now: float) -> None:
    with pytest.raises(WebhookNotGenuine):
        webhooks.verify(SECRET, HEADERS | headers, body, now=now)


def test_each_header_must_be_there() -> None:
    for name in HEADERS:
        with pytest.raises(WebhookNotGenuine):
            webhooks.verify(SECRET, {one: value for one, value in HEADERS.items() if one != name}, BODY, now=AT)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000], ids=["none", "list", "octet", "deep"])
def test_a_signed_body_that_is_no_object_is_no_message(body: bytes) -> None:
    headers = HEADERS | {"WEBHOOK-SIGNATURE": webhooks.sign(SECRET, ID, AT, body)}
    with pytest.raises(WebhookNotGenuine):
        webhooks.verify(SECRET, headers, body, now=AT)


@pytest.mark.parametrize("secret", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?"])
def test_what_is_no_secret_is_our_own_mistake(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret"):
        webhooks.verify(secret, HEADERS, BODY, now=AT)
