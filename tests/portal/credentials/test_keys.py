"""An organisation's keys on the screen: issue, rotate, disable, each with the second factor, and nothing kept twice."""

import base64
import html
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca import clock
from ca.models import JournalEntry, Realm
from portal.accounts.models import Account
from portal.handoff.api import token_endpoint
from portal.providers.models import Membership
from tests.portal.accounts.people import code, journal, wrong_code
from tests.portal.providers.people import client as browser_of
from tests.portal.providers.people import join, make_organisation, make_provider
from tests.portal.providers.test_registration import ask, by_passkey, confirmed
from tests.portal.screen_lock.authenticator import Authenticator as Device
from tests.whitelist.relying_parties import assertion, certificate_for, key, make_bank, make_credential, public_jwk
from whitelist import credentials
from whitelist.models import AccessToken, Credential, RelyingParty

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def bank(owner: Membership) -> RelyingParty:
    return make_bank(owner.organisation.realm, organisation=owner.organisation)


@pytest.fixture
def visitor(owner: Membership) -> Client:
    return browser_of(owner)


def base(owner: Membership) -> str:
    return f"/providers/{owner.organisation.reference}/credentials/"


def filled(owner: Membership, **changes: str) -> dict[str, str]:
    """Return a form that would do: the key of number 0, for 90 days."""
    today = clock.today(owner.organisation.realm)
    return {
        "kind": "private_key_jwt",
        "way": "paste",
        "key": json.dumps(public_jwk(0)),
        "label": "本番1",
        "until": (today + timedelta(days=90)).isoformat(),
        "overlap": "7",
        "seen": str(Credential.objects.count()),
        "code": changes["code"] if "code" in changes else code(owner.account),
    } | changes


def issue(visitor: Client, owner: Membership, **changes: str) -> Any:
    return visitor.post(f"{base(owner)}services/test-bank/issue", filled(owner, **changes))


def token(row: Credential, number: int = 0) -> str:
    signed = assertion("test-bank", token_endpoint(), number=number, key_id=row.key_id)
    return credentials.exchange(signed, audience=token_endpoint()).value


def test_who_has_a_passkey_and_no_authenticator_issues_rotates_and_disables_with_it(realm: Realm) -> None:
    device, visitor = Device(), confirmed(Client(headers={"accept-language": "ja"}))
    by_passkey(visitor, device)
    owner = join(Account.objects.get(), make_organisation(realm))
    make_bank(realm, organisation=owner.organisation)

    def post(path: str, *, confirmed: bool = True, **changes: str) -> int:
        shown = visitor.get(base(owner) + path).content.decode()
        assert 'data-passkey="confirm"' in shown
        assert 'name="code"' not in shown
        answer = json.dumps(device.get(ask(visitor, "confirm/ask").json())) if confirmed else ""
        body = filled(owner, code="", passkey=answer) | changes
        return int(visitor.post(base(owner) + path, body).status_code)

    assert post("services/test-bank/issue", confirmed=False) == 403
    assert not Credential.objects.exists()
    assert post("services/test-bank/issue") == 302
    first = Credential.objects.get()
    assert post(f"{first.pk}/rotate", key=json.dumps(public_jwk(1))) == 302
    assert post(f"{first.pk}/disable", confirmed=False) == 403
    assert post(f"{first.pk}/disable") == 302
    first.refresh_from_db()
    assert first.disabled_at is not None
    assert Credential.objects.filter(disabled_at=None).count() == 1


def test_a_pasted_key_works_at_once(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    page = visitor.get(f"{base(owner)}services/test-bank/issue").content.decode()
    assert 'name="seen" value="0"' in page
    assert issue(visitor, owner).status_code == 302
    row = Credential.objects.get()
    assert (row.label, row.issued_by) == ("本番1", owner.account.name)
    assert token(row)
    listed = visitor.get(base(owner)).content.decode()
    for part in ("本番1", row.key_id, "有効", owner.account.name):
        assert part in listed
    assert journal("credential.issued")[0].data["by"] == owner.account.name


def test_a_key_made_here_is_shown_once_and_is_nowhere(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    answer = issue(visitor, owner, way="make", key="")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    page = html.unescape(answer.content.decode())
    found = re.search(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n", page, re.DOTALL)
    assert found is not None
    pem = found[0]
    saved = re.search(r'href="data:application/x-pem-file;base64,([^"]+)" download="test-bank.pem"', page)
    assert saved is not None
    assert base64.b64decode(saved[1]).decode() == pem
    row = Credential.objects.get()
    private = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(private, EllipticCurvePrivateKey)
    signed = jwt.encode(
        jwt.decode(assertion("test-bank", token_endpoint()), options={"verify_signature": False}),
        private,
        algorithm="ES256",
        headers={"kid": row.key_id},
    )
    assert credentials.exchange(signed, audience=token_endpoint()).value
    secret = pem.splitlines()[1]
    assert secret not in visitor.get(base(owner)).content.decode()
    kept = [str(values) for values in Credential.objects.values_list()]
    kept += [str(values) for values in JournalEntry.objects.values_list()]
    assert not [one for one in kept if secret in one or "PRIVATE" in one]


def test_a_form_sent_twice_makes_one_key(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    form = filled(owner, way="make", key="")
    address = f"{base(owner)}services/test-bank/issue"
    assert visitor.post(address, form).status_code == 200
    again = visitor.post(address, form | {"code": code(owner.account)})
    assert again.status_code == 409
    assert "ほかの鍵が先に発行されました" in again.content.decode()
    assert Credential.objects.count() == 1


@pytest.mark.parametrize("given", ["", "wrong"])
def test_without_the_second_factor_nothing_is_issued_and_what_was_typed_stays(
    bank: RelyingParty, visitor: Client, owner: Membership, given: str
) -> None:
    answer = issue(visitor, owner, code=wrong_code(owner.account) if given else "")
    assert answer.status_code == 403
    page = html.unescape(answer.content.decode())
    assert "本番1" in page
    assert json.dumps(public_jwk(0)) in page
    assert 'id="code-error"' in page
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "x"}, "key"),
        ({"key": ""}, "key"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2999-01-01"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"until": "soon"}, "until"),
        ({"kind": "password"}, "kind"),
        ({"kind": "tls_client_auth", "way": "make"}, "way"),
        ({"label": "長" * 61}, "label"),
    ],
)
def test_each_fault_is_tied_to_its_field(
    bank: RelyingParty, visitor: Client, owner: Membership, changes: dict[str, str], field: str
) -> None:
    answer = issue(visitor, owner, **changes)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'<a href="#{field}">' in page
    assert f'id="{field}-error"' in page
    assert re.search(rf'aria-describedby="[^"]*{field}-error', page)
    assert not Credential.objects.exists()


def test_a_fault_in_the_form_does_not_use_up_the_code(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    given = code(owner.account)
    for wrong in ({"key": "x"}, {"until": "2020-01-01"}, {"until": "2999-01-01"}):
        assert issue(visitor, owner, code=given, **wrong).status_code == 400
    assert issue(visitor, owner, code=given).status_code == 302


def test_a_pasted_private_key_is_refused_and_not_shown_again(
    bank: RelyingParty, visitor: Client, owner: Membership
) -> None:
    pem = key(0).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    answer = issue(visitor, owner, key=pem.decode())
    page = answer.content.decode()
    assert (answer.status_code, "秘密鍵が含まれています" in page) == (400, True)
    assert pem.decode().splitlines()[1] not in html.unescape(page)


def test_the_fourth_is_one_too_many(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    for number in range(3):
        assert issue(visitor, owner, key=json.dumps(public_jwk(number))).status_code == 302
    answer = issue(visitor, owner, key=json.dumps(public_jwk(3)))
    assert (answer.status_code, "いっぱいです" in answer.content.decode()) == (409, True)


def test_a_rotated_key_goes_on_until_the_chosen_time(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    issue(visitor, owner)
    old = Credential.objects.get()
    address = f"{base(owner)}{old.pk}/rotate"
    assert "次に入力する日の終わり" in visitor.get(address).content.decode()
    answer = visitor.post(address, filled(owner, key=json.dumps(public_jwk(1)), overlap="1"))
    assert answer.status_code == 302
    old = Credential.objects.get(pk=old.pk)
    assert token(old)
    assert timedelta(hours=23) < old.not_after - clock.now(bank.realm) <= timedelta(days=1)
    page = visitor.get(base(owner)).content.decode()
    assert "新しい鍵に替わりました" in page
    assert f"{old.pk}/rotate" not in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"overlap": "99"}, "overlap"),
        ({"overlap": "day", "old_day": "2020-01-01"}, "overlap"),
        ({"overlap": "day", "old_day": "2999-01-01"}, "overlap"),
        ({"overlap": "day", "old_day": ""}, "old_day"),
    ],
)
def test_a_rotation_says_when_the_old_one_ends(
    bank: RelyingParty, visitor: Client, owner: Membership, changes: dict[str, str], field: str
) -> None:
    issue(visitor, owner)
    address = f"{base(owner)}{Credential.objects.get().pk}/rotate"
    answer = visitor.post(address, filled(owner, key=json.dumps(public_jwk(1)), **changes))
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.content.decode()
    assert Credential.objects.count() == 1


def test_a_chosen_day_ends_with_that_day_in_japan(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    issue(visitor, owner)
    row = Credential.objects.get()
    day = (clock.today(bank.realm) + timedelta(days=3)).isoformat()
    form = filled(owner, key=json.dumps(public_jwk(1)), overlap="day", old_day=day)
    assert visitor.post(f"{base(owner)}{row.pk}/rotate", form).status_code == 302
    assert Credential.objects.get(pk=row.pk).not_after.isoformat().startswith(f"{day}T15:00:00")


def test_disabling_takes_a_code_and_ends_tokens_at_once(bank: RelyingParty, visitor: Client, owner: Membership) -> None:
    issue(visitor, owner)
    row = Credential.objects.get()
    given, address = token(row), f"{base(owner)}{row.pk}/disable"
    assert "元に戻せません" in visitor.get(address).content.decode()
    assert visitor.post(address, {"code": wrong_code(owner.account)}).status_code == 403
    assert AccessToken.objects.exists()
    assert visitor.post(address, {"code": code(owner.account)}).status_code == 302
    assert not AccessToken.objects.exists()
    refused = Client(headers={"authorization": f"Bearer {given}"}).post("/api/v1/handoffs", {}, "application/json")
    assert refused.status_code == 401
    page = visitor.get(base(owner)).content.decode()
    assert "無効にしました" in page
    assert journal("credential.disabled")[0].data["by"] == owner.account.name


@pytest.mark.parametrize("role", ["legal", "viewer"])
def test_others_of_the_organisation_read_and_change_nothing(
    bank: RelyingParty, visitor: Client, owner: Membership, role: str
) -> None:
    issue(visitor, owner)
    row = Credential.objects.get()
    other = make_provider(bank.realm, f"{role}@bank.example", role=role, organisation=owner.organisation)
    theirs = browser_of(other)
    page = theirs.get(base(owner))
    assert page.status_code == 200
    assert row.key_id in page.content.decode()
    for path in ("services/test-bank/issue", f"{row.pk}/rotate", f"{row.pk}/disable"):
        assert path not in page.content.decode()
        assert theirs.get(f"{base(owner)}{path}").status_code == 403
        assert theirs.post(f"{base(owner)}{path}", filled(other)).status_code == 403
    assert Credential.objects.get().disabled_at is None


def test_a_developer_may(bank: RelyingParty, owner: Membership) -> None:
    other = make_provider(bank.realm, "dev@bank.example", role="developer", organisation=owner.organisation)
    answer = browser_of(other).post(f"{base(owner)}services/test-bank/issue", filled(other))
    assert answer.status_code == 302


def test_a_service_or_key_of_another_organisation_is_not_found(visitor: Client, owner: Membership) -> None:
    stranger = make_credential(make_bank(owner.organisation.realm, "other-bank"))
    for path in ("services/other-bank/issue", "services/%00/issue", f"{stranger.pk}/rotate", f"{stranger.pk}/disable"):
        assert visitor.post(f"{base(owner)}{path}", filled(owner)).status_code == 404
    assert Credential.objects.get().disabled_at is None
    assert "other-bank" not in visitor.get(base(owner)).content.decode()


def test_the_list_takes_no_more_queries_with_more_keys(
    bank: RelyingParty, visitor: Client, owner: Membership, settings: Any
) -> None:
    settings.CREDENTIALS_AT_ONCE = 9

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get(base(owner)).status_code == 200
        return len(queries)

    make_credential(bank, number=0)
    few = count()
    for number in range(1, 4):
        make_credential(bank, number=number, key_id=f"key-{number}")
        make_credential(make_bank(bank.realm, f"bank-{number}", organisation=owner.organisation), number=10 + number)
    assert count() == few


# --- over TLS, with a certificate (RFC 8705)

HEADER = "X-Client-Certificate"


@pytest.fixture
def front(settings: Any) -> None:
    settings.API_CLIENT_CERTIFICATE_HEADER = HEADER


def ask_token(headers: dict[str, str], body: dict[str, str]) -> Any:
    form = urlencode({"grant_type": "client_credentials"} | body)
    return Client(headers=headers).post("/api/v1/token", form, "application/x-www-form-urlencoded")


def shown(certificate: Any) -> dict[str, str]:
    return {HEADER: quote(certificate.public_bytes(serialization.Encoding.PEM).decode(), safe="")}


def test_a_certificate_gets_a_token_that_only_it_can_use(
    bank: RelyingParty, visitor: Client, owner: Membership, front: None
) -> None:
    own = certificate_for(key(0))
    pem = own.public_bytes(serialization.Encoding.PEM).decode()
    assert issue(visitor, owner, kind="tls_client_auth", key=pem).status_code == 302
    answer = ask_token(shown(own), {"client_id": "test-bank"})
    assert answer.status_code == 200
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
    wish = {"purpose": "user_authentication", "return_url": "https://bank.example/return", "code_challenge": "x" * 43}
    for headers, expected in (
        (bearer | shown(own), 201),
        (bearer, 401),
        (bearer | shown(certificate_for(key(0))), 401),
        (bearer | {HEADER: "x"}, 401),
    ):
        made = Client(headers=headers).post("/api/v1/handoffs", wish, "application/json")
        assert made.status_code == expected, headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": "test-bank"}, 401),
        ({"client_id": "nobody"}, 401),
        ({"client_id": ""}, 400),
        ({}, 400),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, 400),
    ],
)
def test_a_strange_certificate_gets_nothing(bank: RelyingParty, front: None, body: dict[str, str], status: int) -> None:
    answer = ask_token(shown(certificate_for(key(1))), body)
    assert answer.status_code == status
    assert not AccessToken.objects.exists()


def test_without_a_front_the_header_is_anybodys(
    bank: RelyingParty, visitor: Client, owner: Membership, settings: Any
) -> None:
    settings.API_CLIENT_CERTIFICATE_HEADER = ""
    own = certificate_for(key(0))
    issue(visitor, owner, kind="tls_client_auth", key=own.public_bytes(serialization.Encoding.PEM).decode())
    assert ask_token(shown(own), {"client_id": "test-bank"}).status_code == 400


def test_a_key_of_another_realm_is_listed_with_its_own_clock(
    visitor: Client, owner: Membership, bank: RelyingParty
) -> None:
    workspace = Realm.objects.create(slug="ws", name="ws", clock_offset=timedelta(days=800))
    owner.organisation.workspace = workspace
    owner.organisation.save()
    sandbox = make_bank(workspace, "ws-bank", organisation=owner.organisation)
    now = clock.now(bank.realm)
    credentials.add(sandbox, key_id="k", public_jwk=public_jwk(5), not_before=now, not_after=now + timedelta(days=30))
    page = visitor.get(base(owner)).content.decode()
    assert "期限切れ" in page
    assert "試験環境" in page
