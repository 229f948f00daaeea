"""Applying for certificates as the page does: over the public interfaces of a running system."""

from sandbox import personas
from sandbox.demo.browser import Browser, b64
from tsm.jpki import Key


def apply(browser: Browser, persona: str) -> str:
    """Choose a new phone and apply with the persona's card; return the enrolment's address."""
    found = personas.find(persona)
    assert found is not None
    card, secret = f"/sandbox/cards/{persona}/session", found.signature_password
    home = browser.open("/phone/?new")
    browser.submit("/phone/choose", home, model="sakura-8")
    text = browser.ask("GET", "/api/phone/v1/application")["text"]
    body = {
        "application": text,
        "certificate": b64(browser.certificate(card, Key.SIGNATURE, secret)),
        "signature": b64(browser.sign(card, Key.SIGNATURE, secret, text.encode())),
    }
    reference = browser.ask("POST", "/api/phone/v1/enrolments", body)["id"]
    return f"/api/phone/v1/enrolments/{reference}"
