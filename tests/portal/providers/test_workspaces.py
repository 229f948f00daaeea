"""A workspace: made by workers with one key store each, and its credential gets a token and a hand-off at once."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connections
from django.test import Client

from ca import ceremony, journal, keys
from ca.errors import KeysUnavailable
from ca.models import Authority, JournalEntry, Realm, ResponderKey
from portal.handoff import api, shapes
from portal.handoff.models import HandOff
from portal.providers import workspaces
from portal.providers.models import Membership, Workspace
from sandbox import furnishing
from tests.portal.providers.people import NAME, address, client, make_organisation, make_provider, make_workspace
from tests.whitelist.relying_parties import public_jwk
from whitelist.models import Credential, RegisteredApplication, RelyingParty

pytestmark = [pytest.mark.django_db, pytest.mark.databases]
Deliver = Callable[..., list[str]]
CALLBACK = "http://localhost:3000/callback"


def ask(owner: Membership, capture: Any) -> Client:
    """Press the button; return the browser."""
    browser = client(owner)
    with capture(execute=True):
        assert browser.post(address(owner, "workspace/make")).headers["Location"] == address(owner, "workspace/")
    return browser


def state(browser: Client, owner: Membership) -> str:
    return str(browser.get(address(owner, "workspace/state")).json()["state"])


def bearer(client_id: str, key_id: str, private: ec.EllipticCurvePrivateKey | str) -> dict[str, str]:
    """Return the header with a token that the key gets, over the API."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": api.token_endpoint(),
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
    }
    answer = Client().post(
        "/api/v1/token",
        {
            "grant_type": shapes.GRANT_TYPE,
            "client_assertion_type": shapes.ASSERTION_TYPE,
            "client_assertion": jwt.encode(claims, private, "ES256", {"kid": key_id}),
        },
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content.decode()
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def test_one_click_makes_a_realm_of_its_own_whose_credential_gets_a_token_and_a_hand_off(
    owner: Membership, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    others = JournalEntry.objects.filter(realm=owner.organisation.realm, kind__in=("key.created", "key.used")).count()
    browser = ask(owner, django_capture_on_commit_callbacks)
    assert state(browser, owner) == "asked"
    assert "ワークスペースを作っています" in browser.get(address(owner, "workspace/")).content.decode()
    assert deliver("workspaces") == ["portal.make_workspace_keys"]
    assert state(browser, owner) == "keyed"
    # The authorities are there, and wait for the keys of what was issued long ago: the factory makes them.
    assert deliver("ca") == ["portal.make_workspace"]
    assert state(browser, owner) == "keyed"
    assert deliver("factory") == ["factory.furnish_past"]
    assert "portal.make_workspace" in deliver("ca")
    assert state(browser, owner) == "ready"
    owner.organisation.refresh_from_db()
    realm = owner.organisation.workspace
    assert realm is not None
    assert realm != owner.organisation.realm
    assert Authority.objects.filter(realm=realm).count() == 2
    assert ResponderKey.objects.filter(generation__authority__realm=realm).count() == 2
    assert journal.verify(realm) is None
    made = browser.post(address(owner, "workspace/key/make")).content.decode()
    pem = unescape(made[made.index("-----BEGIN") : made.index("-----END PRIVATE KEY-----") + 25])
    credential = Credential.objects.get()
    entry = credential.relying_party
    assert entry.realm == realm
    header = bearer(entry.client_id, credential.key_id, pem)
    for purpose, more in (("user_authentication", {}), ("signature", {"document": "契約", "document_name": "契約書"})):
        wish = {"purpose": purpose, "return_url": CALLBACK, "code_challenge": "x" * 43, **more}
        answer = Client(headers=header).post("/api/v1/handoffs", wish, content_type="application/json")
        assert answer.status_code == 201, answer.content.decode()
        assert HandOff.objects.get(pk=answer.json()["id"]).realm == realm
    trusted = Client(headers=header).get("/api/v1/trust").json()
    assert trusted["realm"] == realm.slug
    now = JournalEntry.objects.filter(realm=owner.organisation.realm, kind__in=("key.created", "key.used")).count()
    assert now == others, "no key of another realm was made or used"


def test_the_private_key_that_the_server_made_is_shown_once_and_kept_nowhere(owner: Membership) -> None:
    make_workspace(owner)
    browser = client(owner)
    response = browser.post(address(owner, "workspace/key/make"))
    pem = unescape(response.content.decode()).split("-----BEGIN PRIVATE KEY-----")[1].split("-----END")[0].strip()
    assert "no-store" in response.headers["Cache-Control"]
    key = serialization.load_pem_private_key(
        f"-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n".encode(), None
    )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = format(key.private_numbers().private_value, "x")
    rows = [*Credential.objects.values(), *Workspace.objects.values(), *JournalEntry.objects.values()]
    for told in (str(rows), browser.get(address(owner, "workspace/")).content.decode()):
        assert pem.splitlines()[0] not in told
        assert secret not in told
        assert "PRIVATE KEY" not in told


def test_a_pasted_public_key_is_a_credential_named_by_its_thumbprint(owner: Membership) -> None:
    make_workspace(owner)
    browser = client(owner)
    response = browser.post(address(owner, "workspace/key"), {"jwk": json.dumps(public_jwk() | {"use": "sig"})})
    credential = Credential.objects.get()
    assert response.headers["Location"] == f"{address(owner, 'workspace/')}?key={credential.key_id}"
    assert credential.public_jwk == public_jwk()
    page = browser.get(response.headers["Location"]).content.decode()
    assert f'{{"kid": "{credential.key_id}"}}' in unescape(page)
    assert credential.relying_party.client_id in page


def test_a_script_registers_a_key_and_is_told_its_name(owner: Membership) -> None:
    make_workspace(owner)
    browser = client(owner, accept="application/json")
    answer = browser.post(address(owner, "workspace/key"), {"jwk": json.dumps(public_jwk())})
    assert answer.json()["key_id"] == Credential.objects.get().key_id
    answer = browser.post(address(owner, "workspace/key"), {"jwk": "{}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "credential_key_unacceptable")


@pytest.mark.parametrize(
    "jwk",
    [
        "",
        "no JSON",
        "[]",
        "[" * 3000,
        json.dumps({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        json.dumps({**public_jwk(), "d": "AQAB"}),
        json.dumps({**public_jwk(), "y": public_jwk()["x"]}),
        json.dumps({**public_jwk(), "x": 5}),
        json.dumps({**public_jwk(), "kty": []}),
        " " * 5000,
    ],
    # Two processes make two keys, and must call the tests alike.
    ids=[
        "empty",
        "no JSON",
        "a list",
        "deep",
        "RSA",
        "private",
        "off the curve",
        "a number",
        "a list for a kind",
        "spaces",
    ],
)
def test_what_is_no_public_key_is_refused_and_a_private_one_above_all(owner: Membership, jwk: str) -> None:
    make_workspace(owner)
    response = client(owner).post(address(owner, "workspace/key"), {"jwk": jwk})
    assert response.status_code == 400
    assert 'aria-describedby="jwk-support jwk-error"' in response.content.decode()
    assert not Credential.objects.exists()


def test_before_it_is_ready_there_is_no_key_and_no_more_than_of_any_service(owner: Membership, settings: Any) -> None:
    browser = client(owner)
    assert browser.post(address(owner, "workspace/key/make")).status_code == 404
    made = make_workspace(owner)
    Workspace.objects.filter(pk=made.pk).update(state="keyed")
    assert browser.post(address(owner, "workspace/key/make")).status_code == 409
    Workspace.objects.filter(pk=made.pk).update(state="ready")
    statuses = [
        browser.post(address(owner, "workspace/key/make")).status_code for _ in range(settings.CREDENTIALS_AT_ONCE + 1)
    ]
    assert statuses == [200] * settings.CREDENTIALS_AT_ONCE + [409]


def test_a_private_key_that_was_pasted_is_not_shown_again(owner: Membership) -> None:
    make_workspace(owner)
    form = {"jwk": json.dumps({**public_jwk(), "d": "secret-of-the-bank"})}
    response = client(owner).post(address(owner, "workspace/key"), form)
    assert response.status_code == 400
    assert "secret-of-the-bank" not in response.content.decode()


def test_a_key_is_one_services_and_taken_once(realm: Realm, owner: Membership) -> None:
    make_workspace(owner)
    other = make_provider(realm, "o@next.example", organisation=make_organisation(realm, "隣の銀行"))
    make_workspace(other)
    form = {"jwk": json.dumps(public_jwk())}
    assert client(owner).post(address(owner, "workspace/key"), form).status_code == 302
    for again in (owner, other):
        assert client(again).post(address(again, "workspace/key"), form).status_code == 409
    assert Credential.objects.get().issued_by == owner.account.name


# --- asked for
def test_asked_for_twice_it_is_one_and_nobody_elses(realm: Realm, owner: Membership) -> None:
    first, second = make_workspace(owner), make_workspace(owner)
    other = make_workspace(make_provider(realm, "o@next.example", organisation=make_organisation(realm, "隣の銀行")))
    assert first.pk == second.pk
    assert first.realm_id != other.realm_id
    assert RelyingParty.objects.count() == 2
    assert RelyingParty.objects.get(organisation=owner.organisation).name_ja == NAME


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_the_same_moment_it_is_one(realm: Realm) -> None:
    owner, start = make_provider(realm), threading.Barrier(2)
    made: list[int] = []

    def press() -> None:
        start.wait()
        try:
            made.append(workspaces.ask(owner.organisation, by=owner.account).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made == [Workspace.objects.get().pk] * 2
    assert RelyingParty.objects.count() == 1


def test_only_so_many_are_made_in_a_day_and_none_where_there_are_none(
    realm: Realm, owner: Membership, settings: Any
) -> None:
    settings.PROVIDER_WORKSPACES = 1
    make_workspace(owner)
    late = make_provider(realm, "o@next.example", organisation=make_organisation(realm, "隣の銀行"))
    assert client(late).post(address(late, "workspace/make")).status_code == 429
    settings.WORKSPACES = False
    assert client(late).post(address(late, "workspace/make")).status_code == 409
    assert Realm.objects.count() == 2


# --- by the workers
def test_each_worker_needs_its_own_key_store_and_not_the_other(owner: Membership, settings: Any) -> None:
    made, passphrases = workspaces.ask(owner.organisation, by=owner.account), {}
    for name in ("CA_KEYS_PASSPHRASE", "RESPONDER_KEYS_PASSPHRASE"):
        passphrases[name] = getattr(settings, name)
    settings.CA_KEYS_PASSPHRASE = None
    workspaces.make_keys(made.pk)
    with pytest.raises(KeysUnavailable):
        keys.store()
    with pytest.raises(KeysUnavailable):
        workspaces.make(made.pk)
    furnishing.furnish_past(made.realm)
    settings.CA_KEYS_PASSPHRASE, settings.RESPONDER_KEYS_PASSPHRASE = passphrases["CA_KEYS_PASSPHRASE"], None
    settings.SANDBOX_SEAL_KEY = None
    workspaces.make(made.pk)
    made.refresh_from_db()
    assert made.state == "ready"


def test_whatever_is_delivered_twice_or_lost_the_workspace_has_two_authorities(
    owner: Membership, deliver: Deliver, settings: Any
) -> None:
    settings.WORKSPACES_SWEEP_SECONDS = 0
    made = workspaces.ask(owner.organisation, by=owner.account)  # whose message is lost
    assert workspaces.sweep() == 1
    deliver("workspaces")
    first = Workspace.objects.get().responder_keys
    workspaces.make_keys(made.pk)
    assert Workspace.objects.get().responder_keys == first
    deliver()
    assert workspaces.sweep() == 0
    workspaces.make(made.pk)
    Workspace.objects.update(state="keyed")  # as if it had died before it said so
    assert workspaces.sweep() == 1
    deliver()
    realm = Workspace.objects.get().realm
    assert Workspace.objects.get().state == "ready"
    assert Authority.objects.filter(realm=realm).count() == 2
    assert ResponderKey.objects.filter(generation__authority__realm=realm).count() == 2


def test_authorities_made_in_two_halves_are_like_those_of_a_ceremony(db: None) -> None:
    realm = ceremony.create_realm("halves")
    ceremony.create_authorities_for(realm, ceremony.create_responder_keys(realm))
    kinds = [entry.kind for entry in JournalEntry.objects.filter(realm=realm).order_by("sequence")]
    whole = ceremony.create_realm("whole")
    ceremony.create_authorities(whole)
    assert sorted(kinds) == sorted(entry.kind for entry in JournalEntry.objects.filter(realm=whole))
    assert journal.verify(realm) is None


# --- callbacks
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://bank.example/callback",
        "javascript:alert(1)",
        "https://",
        "https://user@bank.example/",
        "https://bank.example/#fragment",
        "https://bank.example/a b",
        "https://bank.example/'$(id)'",
        "https://bank.example:port/",
        "https://[::1",
        "https://bänk.example/",
        "\n".join(f"https://bank.example/{n}" for n in range(11)),
        "https://bank.example/" + "a" * 500,
        f"{CALLBACK}\nhttp://elsewhere.example/",
    ],
)
def test_a_callback_that_a_browser_shouldnt_be_sent_to_is_refused_and_stays_as_typed(
    owner: Membership, typed: str
) -> None:
    made = make_workspace(owner)
    response = client(owner).post(address(owner, "workspace/callbacks"), {"callbacks": typed})
    assert response.status_code == 400
    assert typed.split("\n")[0] in unescape(response.content.decode())
    assert workspaces.callbacks(made) == [CALLBACK]


def test_other_callbacks_replace_the_first_by_origin(owner: Membership) -> None:
    made = make_workspace(owner)
    typed = (
        " http://localhost:8080/back \r\nhttps://bank.example/a\r\n\r\nhttps://bank.example/b\r\nhttps://bank.example/a"
    )
    assert client(owner).post(address(owner, "workspace/callbacks"), {"callbacks": typed}).status_code == 302
    rows = RegisteredApplication.objects.filter(relying_party=workspaces.relying_party(made))
    assert {row.origin: row.callback_urls for row in rows} == {
        "http://localhost:8080": ["http://localhost:8080/back"],
        "https://bank.example": ["https://bank.example/a", "https://bank.example/b"],
    }
    (entry,) = JournalEntry.objects.filter(kind="workspace.callbacks_changed")
    assert (entry.realm_id, entry.data["by"]) == (made.realm_id, owner.account.name)
