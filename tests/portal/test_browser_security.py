"""What browsers are told to hold every answer to: cookies of this host alone, policies, types, no embedding."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.accounts.people import PASSWORD, code, make_staff

ROOT = Path(__file__).resolve().parents[2]
COOKIES = ("SESSION", "CSRF", "LANGUAGE")
SHOWN = ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE", "COOKIE_", "SECURE_", "DEBUG")


@pytest.fixture(scope="module")
def in_earnest() -> dict[str, Any]:
    """Return the settings as a site has them that is reached by https."""
    show = f"""import json
from django.conf import settings
names = [name for name in dir(settings) if name.startswith({SHOWN})]
print(json.dumps({{name: getattr(settings, name) for name in names}}, default=str))"""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", "PRODUCTION": "1"}
    environment |= {"PUBLIC_URL": "https://jpki.example", "SECRET_KEY": "test " * 12, "VAR_DIR": str(site.VAR)}
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_over_tls_every_cookie_of_the_settings_is_this_hosts_alone(in_earnest: dict[str, Any]) -> None:
    for name in COOKIES:
        assert in_earnest[f"{name}_COOKIE_NAME"].startswith("__Host-"), name
        assert in_earnest[f"{name}_COOKIE_SECURE"] is True, name
        assert in_earnest[f"{name}_COOKIE_PATH"] == "/", name
        assert in_earnest[f"{name}_COOKIE_DOMAIN"] is None, name
        assert in_earnest[f"{name}_COOKIE_SAMESITE"] in ("Lax", "Strict"), name
    assert in_earnest["SESSION_COOKIE_HTTPONLY"]
    assert in_earnest["LANGUAGE_COOKIE_HTTPONLY"]
    assert in_earnest["DEBUG"] is False


@pytest.mark.django_db
def test_over_tls_every_cookie_that_a_page_sets_is_this_hosts_alone(
    in_earnest: dict[str, Any], realm: Realm, settings: Any
) -> None:
    settings.DEFAULT_REALM = "test"
    for name, value in in_earnest.items():
        if "COOKIE" in name:
            setattr(settings, name, value)
    client, agent = Client(), make_staff(realm, "sakura")
    said = {"name": agent.name, "password": PASSWORD, "code": code(agent)}
    answers = [
        client.get("/staff/sign-in"),
        client.post("/staff/sign-in", said),
        client.post("/i18n/setlang/", {"language": "en", "next": "/"}),
        client.post("/phone/choose", {"model": "none"}),
        client.post("/staff/sign-out"),
        Client().post("/providers/register", {"address": "somebody@bank.example"}),
    ]
    seen = {}
    for answer in answers:
        for name, cookie in answer.cookies.items():
            if not cookie.value:
                continue  # it is told to be forgotten
            seen[name] = cookie
            assert name.startswith("__Host-"), name
            assert cookie["secure"], name
            assert cookie["path"] == "/", name
            assert not cookie["domain"], name
            assert cookie["samesite"] in ("Lax", "Strict"), name
            assert cookie["httponly"] or name == "__Host-jpki_csrf", f"{name} is for scripts to read?"
            assert len(name) + len(cookie.value) <= 4096, name
    expected = {"jpki_csrf", "jpki_staff", "jpki_staff_known", "django_language", "jpki_registering"}
    assert {f"__Host-{name}" for name in expected} <= seen.keys()
    client.post("/staff/sign-in", said | {"code": code(agent)})
    assert client.get("/staff/account").status_code == 200, "and it is taken again under that name"


KINDS = [
    "/",
    "/phone/",
    "/staff/sign-in",
    "/staff/account",  # a redirection
    "/nothing-is-here",
    "/static/site/site.css",
    "/static/phone/jpki.js",
    "/api/v1/openapi.json",
    "/api/v1/nothing-is-here",
    "/register/test/",
    "/problems/wrong_state",
    "/llms.txt",
]


@pytest.mark.django_db
@pytest.mark.parametrize("address", KINDS)
def test_every_kind_of_answer_carries_what_browsers_hold_it_to(realm: Realm, address: str) -> None:
    response = Client().get(address)
    told = response.headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "same-origin"
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in told
    assert "Server" not in told
    policy = dict(part.strip().partition(" ")[::2] for part in told["Content-Security-Policy"].split(";"))
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == "'none'", name
    assert policy["script-src"] == "'self'"
    kind = told.get("Content-Type", "")
    if kind.startswith("text/") and response.status_code == 200:
        assert "charset=utf-8" in kind.lower().replace('"', "")


@pytest.mark.django_db
def test_trace_is_answered_nowhere(realm: Realm) -> None:
    wrong = []
    for path in sorted(set(_paths(get_resolver(), ""))):
        status = Client().trace(f"/{path}").status_code
        if status < 300:
            wrong.append(f"/{path}: {status}")
    assert not wrong, wrong


@pytest.mark.django_db
def test_a_body_that_a_form_of_another_site_could_send_reaches_no_api(realm: Realm) -> None:
    """No preflight guards a form's own media types: nothing but JSON is taken where a session asks."""
    for media_type in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        response = Client().post("/api/phone/v1/enrolments", data=b"{}", content_type=media_type)
        assert response.status_code in (401, 403, 415), media_type


@pytest.mark.django_db
def test_what_stands_in_the_address_is_no_field_of_the_form(realm: Realm) -> None:
    agent = make_staff(realm, "sakura")
    said = {"name": agent.name, "password": PASSWORD, "code": code(agent)}
    there = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in said.items())
    assert Client().post(f"/staff/sign-in?{there}", {}).status_code == 400
    twice = Client().post("/staff/sign-in", said | {"name": ["nobody", agent.name]})
    assert twice.status_code == 302, "of several the last counts, here as in what looks for it"


def _paths(resolver: URLResolver, before: str) -> Any:
    some = {"uuid": "00000000-0000-0000-0000-000000000000", "int": "1"}
    for one in resolver.url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield re.sub(r"<(?:(\w+):)?\w+>", lambda found: some.get(found[1], "x"), here)
        else:
            yield from _paths(one, here)
