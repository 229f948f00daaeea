"""The counter's door: orders of cards by command, each line whole or not at all, and what came of them."""

import base64
import hashlib
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import strategies as st

from ca import counter, issuance, journal, linkage, messages
from ca.errors import OrderRefused, OrderTaken
from ca.management.commands.order_cards import REMEDIES
from ca.models import CardOrder, Certificate, Holder, Issuance, JournalEntry, Realm
from ca.profiles import Purpose
from tests.ca.counter import HOLDER, der, line, pem, request, written
from tests.ca.fixtures import issue_phone, make_realm, private_key, public_key
from tests.ca.test_issuance import at_once

Status = Certificate.Status
MOVED = {"address": "東京都港区芝公園１－２－３", "municipality": "Minato-ku", "municipality_code": "13103"}


class Desk:
    """Somebody at a counter: places files of orders, and reads what is said."""

    def __init__(self, realm: Realm, folder: Path) -> None:
        self.realm, self.folder = realm, folder
        self.said = self.complained = ""

    def place(self, *orders: Any, refused: bool = False) -> None:
        out, err = io.StringIO(), io.StringIO()
        options = {"realm": self.realm.slug, "counter": "清瀬市市民課"}
        try:
            call_command("order_cards", written(self.folder, *orders), **options, stdout=out, stderr=err)
            failed = ""
        except CommandError as error:
            failed = str(error)
        self.said, self.complained = out.getvalue(), err.getvalue() + failed
        assert bool(failed) == refused, self.complained

    def outcomes(self, *references: str) -> list[dict[str, Any]]:
        out = io.StringIO()
        call_command("order_cards", "--realm", self.realm.slug, "--issued", *references, stdout=out)
        return [json.loads(one) for one in out.getvalue().splitlines()]

    def issue(self) -> None:
        """Do what the `ca` workers do."""
        issuance.issue_many(Issuance.objects.exclude(state__in=Issuance.FINAL).values_list("pk", flat=True))


@pytest.fixture
def desk(realm: Realm, tmp_path: Path) -> Desk:
    return Desk(realm, tmp_path)


def rows() -> tuple[Any, ...]:
    """Return all that an order can touch."""
    return (
        list(Holder.objects.order_by("pk").values()),
        list(CardOrder.objects.order_by("pk").values()),
        list(Issuance.objects.order_by("pk").values_list("pk", "state", "request_key")),
        list(Certificate.objects.order_by("pk").values_list("pk", "status")),
        JournalEntry.objects.count(),
    )


def test_an_order_becomes_certificates_for_the_card(desk: Desk) -> None:
    desk.place(line())
    (asked,) = desk.outcomes()
    assert (asked["order"], asked["holder"], asked["state"]) == ("A-1", HOLDER, "asked")
    assert asked["signature"] == {"state": "asked"}
    desk.issue()
    (issued,) = desk.outcomes("A-1")
    assert issued["state"] == "issued"
    for number, purpose in enumerate(Purpose):
        told = issued[purpose.value]
        certificate = x509.load_der_x509_certificate(base64.b64decode(told["certificate"]))
        authority = x509.load_der_x509_certificate(base64.b64decode(told["authority"]))
        certificate.verify_directly_issued_by(authority)
        assert certificate.public_key() == private_key(number).public_key()
        assert f"{certificate.serial_number:X}" == told["serial_number"].lstrip("0")
        assert told["status"] == "valid"
    holder = Holder.objects.get(reference=HOLDER)
    assert (holder.name, holder.birth_date, holder.born_on) == ("試験　花子", "419990301", date(1999, 3, 1))
    assert (holder.name_substitution, holder.address_substitution) == ("0" * 5, "0" * 14)


def test_the_journal_says_who_ordered_what_and_nothing_of_what_the_register_says(desk: Desk) -> None:
    desk.place(line())
    (entry,) = JournalEntry.objects.filter(kind="card.ordered")
    assert entry.subject == HOLDER
    assert (entry.data["order"], entry.data["counter"], entry.data["holder"]) == ("A-1", "清瀬市市民課", "new")
    assert entry.data["keys"] == {
        purpose.value: hashlib.sha256(public_key(number)).hexdigest().upper() for number, purpose in enumerate(Purpose)
    }
    kept = json.dumps(entry.data, ensure_ascii=False) + entry.subject
    for attribute in ("花子", "清瀬市観布子", "19990301", "1999-03-01", "Kiyose"):
        assert attribute not in kept
    assert "sex" not in entry.data
    assert journal.verify(desk.realm) is None


def test_the_same_file_again_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.place(line(), line("A-2", keys=(2, 3), holder="11111111-2222-4333-8444-555555555555"))
    before = rows()
    # However it is written: the other encoding, the marks that were left out, members in another order.
    again = dict(reversed(line(signature=der(0), user_authentication=pem(1), name_substitution="00000").items()))
    desk.place(again, line("A-2", keys=(2, 3), holder="11111111-2222-4333-8444-555555555555"))
    assert rows() == before
    assert desk.said.count("placed before, nothing was changed") == 2


def test_an_order_that_was_placed_stays_done_though_the_holder_has_moved_on(desk: Desk) -> None:
    desk.place(line())
    desk.issue()
    desk.place(line("B-1", keys=(), **MOVED))
    before = rows()
    desk.place(line())
    assert rows() == before
    assert Holder.objects.get().municipality == "Minato-ku"


@pytest.mark.parametrize(
    "other",
    [
        {"keys": (0, 2)},
        {"keys": (2, 1)},
        {"user_authentication": None},
        {"name": "試験　花江"},
        {"born_on": "1999-03-02"},
    ],
    ids=str,
)
def test_another_order_under_the_same_id_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    desk.place(line())
    before = rows()
    desk.place(line(**other), refused=True)
    assert rows() == before
    assert "line 1, order A-1, member order: order_taken" in desk.complained


def test_a_bad_line_is_named_and_keeps_no_other_from_being_placed(desk: Desk) -> None:
    other = "11111111-2222-4333-8444-555555555555"
    desk.place(
        line(),
        line("A-2", keys=(2, 3), holder=other, sex="9"),
        b"\n",
        b"{\n",
        line("A-3", keys=(2, 3), holder=other),
        refused=True,
    )
    assert set(CardOrder.objects.values_list("reference", flat=True)) == {"A-1", "A-3"}
    first, second, summary = desk.complained.splitlines()
    assert first.startswith("line 2, order A-2, member sex: holder_unfit: sex must be 1, 2 or 3. To do: ")
    assert second.startswith("line 4: order_malformed: the line isn't JSON. To do: ")
    assert summary == "2 of 4 orders were refused and changed nothing"


def signed(key: Any, digest: Any = None, **more: Any) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, digest or hashes.SHA256(), **more).public_bytes(Encoding.PEM).decode()


def forged() -> str:
    """Return the request of a key, signed by another."""
    octets = bytearray(request(2).public_bytes(Encoding.DER))
    octets[-256:] = request(3).signature
    return base64.b64encode(octets).decode()


# Made when a test needs them: collecting the tests makes no key.
def on_a_curve() -> str:
    return signed(ec.generate_private_key(ec.SECP256R1()))


def short() -> str:
    return signed(rsa.generate_private_key(65537, 1024))


def exponent_three() -> str:
    return signed(rsa.generate_private_key(3, 2048))


def by_pss() -> str:
    return signed(private_key(2), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))


def two_at_once() -> str:
    return pem(2) + pem(3)


def anothers() -> str:
    return pem(1)


@pytest.mark.parametrize(
    ("changes", "member", "code"),
    [
        ({"order": "a b"}, "order", "order_malformed"),
        ({"order": "x" * 101}, "order", "order_malformed"),
        ({"order": 7}, "order", "order_malformed"),
        ({"holder": "nobody"}, "holder", "order_malformed"),
        ({"holder": None}, "holder", "order_malformed"),
        ({"nickname": "花"}, "'nickname'", "order_malformed"),
        ({"name": ""}, "name", "holder_unfit"),
        ({"name": "花" * 201}, "name", "order_malformed"),
        ({"name": "花\u202e子"}, "name", "order_malformed"),
        ({"name": "花\x00子"}, "name", "order_malformed"),
        ({"name_substitution": "0"}, "name_substitution", "holder_unfit"),
        ({"address_substitution": "2" * 14}, "address_substitution", "holder_unfit"),
        ({"born_on": "1999-02-30"}, "born_on", "order_malformed"),
        ({"born_on": "3 Showa"}, "born_on", "order_malformed"),
        ({"born_on": "519990301"}, "born_on", "holder_unfit"),
        ({"born_on": "1860-01-01"}, "born_on", "holder_unfit"),
        ({"born_on": "2999-01-01"}, "born_on", "holder_unfit"),
        ({"prefecture": "東京都"}, "prefecture", "holder_unfit"),
        ({"municipality_code": "132210"}, "municipality_code", "holder_unfit"),
        ({"signature": "no request"}, "signature", "possession_unproven"),
        ({"signature": "QUJD"}, "signature", "possession_unproven"),
        ({"signature": "A" * 9000}, "signature", "possession_unproven"),
        ({"signature": forged}, "signature", "possession_unproven"),
        ({"signature": two_at_once}, "signature", "possession_unproven"),
        ({"signature": on_a_curve}, "signature", "public_key_unfit"),
        ({"signature": short}, "signature", "public_key_unfit"),
        ({"user_authentication": exponent_three}, "user_authentication", "public_key_unfit"),
        ({"signature": by_pss}, "signature", "possession_unproven"),
        ({"signature": anothers}, "signature", "order_malformed"),
        ({"signature": {"pem": "x"}}, "signature", "order_malformed"),
        ({"signature": None, "user_authentication": None}, "holder", "holder_unknown"),
    ],
    ids=lambda value: re.sub(r"<function (\w+).*>", r"\1", str(value))[:40],
)
def test_what_is_wrong_with_a_line_is_named_and_nothing_is_entered(
    desk: Desk, changes: dict[str, Any], member: str, code: str
) -> None:
    before = rows()
    made = {name: value() if callable(value) else value for name, value in changes.items()}
    desk.place(line(**made), refused=True)
    assert rows() == before
    said = desk.complained.splitlines()[0]
    assert f", member {member}: {code}: " in said
    assert said.endswith(f"To do: {REMEDIES[code]}.")


def test_a_line_that_is_too_long_is_passed_over_whole(desk: Desk) -> None:
    # What stands behind the bound would be an order by itself.
    long = b" " * counter.LONGEST_LINE * 3 + json.dumps(line()).encode() + b"\n"
    desk.place(long, line("A-2", keys=(2, 3)), refused=True)
    assert "line 1: order_malformed: the line is longer than 32768 octets" in desk.complained
    assert [one.reference for one in CardOrder.objects.all()] == ["A-2"]


@pytest.mark.parametrize("octets", [b"[" * 30_000, b'{"order": ' * 3000, b"\xff\xfe", b"[]", b"null", b"9" * 9000])
def test_what_is_no_object_is_refused(desk: Desk, octets: bytes) -> None:
    desk.place(octets + b"\n", refused=True)
    assert "line 1: order_malformed: the line isn't" in desk.complained


def test_a_member_that_stands_twice_is_no_choice(desk: Desk) -> None:
    octets = json.dumps(line(), ensure_ascii=False).encode()
    desk.place(octets[:-1] + b', "sex": "1"}\n', refused=True)
    assert "member sex: order_malformed: it stands there twice" in desk.complained


def test_a_child_gets_no_signature_certificate_and_a_renewal_may_be_of_one_alone(desk: Desk) -> None:
    desk.place(line(signature=None), line("A-2", user_authentication=None))
    desk.issue()
    child, renewed = desk.outcomes()
    assert ("signature" in child, "user_authentication" in renewed) == (False, False)
    assert {one.purpose for one in Certificate.objects.all()} == {str(one) for one in Purpose}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("keys", [(), (4, 5)], ids=["change alone", "with a new card"])
def test_other_attributes_end_the_signature_certificates_that_say_the_former(
    desk: Desk, settings: Any, at_once: bool, keys: tuple[int, ...]
) -> None:
    settings.LINKAGE_AT_ONCE = at_once
    desk.place(line())
    desk.issue()
    signature, authentication = Certificate.objects.order_by("purpose")
    phones = [issue_phone(card, key=10 + number) for number, card in enumerate((signature, authentication))]
    desk.place(line("B-1", keys=keys, **MOVED))
    desk.issue()
    linkage.sweep(desk.realm)
    for one in (signature, authentication, *phones):
        one.refresh_from_db()
    assert [one.status for one in (signature, authentication)] == ["revoked", "valid"]
    assert signature.cause == "attributes_changed"
    assert [one.status for one in phones] == ["revoked", "valid"]
    assert Holder.objects.get().address == MOVED["address"]
    assert f"signature {signature.serial_number} revoked" in desk.said
    kinds = list(JournalEntry.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds.index("certificate.revoked") == len(kinds) - 1 - kinds[::-1].index("card.ordered") + 1
    (told,) = desk.outcomes("B-1")
    assert told["state"] == ("issued" if keys else "entered")
    if keys:
        new = Certificate.objects.get(serial_number=told["signature"]["serial_number"], purpose="signature")
        assert new.status == Status.VALID
        assert MOVED["address"].encode() in bytes(new.der)


def test_a_new_card_for_a_known_holder_leaves_the_old_ones_certificates_to_an_officer(desk: Desk) -> None:
    desk.place(line())
    desk.issue()
    desk.place(line("A-2", keys=(2, 3)))
    desk.issue()
    assert [one.status for one in Certificate.objects.all()] == ["valid"] * 4
    assert "the holder was known as such" in desk.said


def test_attributes_wait_for_a_signature_certificate_that_is_being_issued(desk: Desk) -> None:
    """It may have been assembled with the former ones, and would come out valid after they changed."""
    desk.place(line())
    before = rows()
    desk.place(line("B-1", keys=(), **MOVED), refused=True)
    assert rows() == before
    assert "member holder: order_too_soon" in desk.complained
    desk.issue()
    desk.place(line("B-1", keys=(), **MOVED))
    assert Certificate.objects.get(purpose="signature").status == Status.REVOKED


def test_a_key_of_another_certificate_or_one_that_was_given_up_is_refused_at_once(desk: Desk) -> None:
    desk.place(line())
    desk.issue()
    desk.place(line("B-1", keys=(), **MOVED))
    before = rows()
    other = {"holder": "11111111-2222-4333-8444-555555555555"}
    desk.place(
        line("C-1", keys=(2, 1), **other), line("C-2", keys=(1, 2)), line("C-3", keys=(0, 2), **MOVED), refused=True
    )
    assert rows() == before
    assert "order C-1, member user_authentication: public_key_taken" in desk.complained
    assert "order C-2, member signature: public_key_taken" in desk.complained
    assert "order C-3, member signature: public_key_taken" in desk.complained


def test_what_is_refused_when_it_is_issued_says_why(desk: Desk) -> None:
    desk.place(line(), line("A-2", keys=(0, 3), holder="11111111-2222-4333-8444-555555555555"))
    desk.issue()
    first, second = desk.outcomes()
    assert first["state"] == "issued"
    assert (second["state"], second["signature"]["error"]) == ("refused", "public_key_taken")
    assert second["user_authentication"]["state"] == "issued"


def test_the_holder_of_another_realm_is_nobody_here(desk: Desk) -> None:
    other = make_realm("other")
    Holder.objects.create(realm=other, reference=HOLDER, born_on=date(1990, 1, 1))
    before = rows()
    desk.place(line(), refused=True)
    assert rows() == before
    assert "member holder: holder_elsewhere" in desk.complained


def test_without_a_broker_the_sweep_finds_the_orders_and_the_command_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def away(task: str, *arguments: Any) -> bool:
        sent.append((task, arguments))
        return False

    monkeypatch.setattr(messages, "send", away)
    desk.place(line())
    asked = list(Issuance.objects.order_by("pk").values_list("pk", flat=True))
    assert sent == [("ca.issue", (asked,))]
    assert "the workers find the orders by the sweep" in desk.complained


def test_who_orders_is_said_and_what_nobody_placed_is_named(desk: Desk, tmp_path: Path) -> None:
    path = written(tmp_path, line())
    for name in ("", " ", "x" * 201, "a\nb"):
        with pytest.raises(CommandError, match="--counter"):
            call_command("order_cards", path, "--realm", desk.realm.slug, "--counter", name)
    with pytest.raises(CommandError, match="no realm"):
        call_command("order_cards", path, "--realm", "nowhere", "--counter", "x")
    with pytest.raises(CommandError, match="No such file"):
        call_command("order_cards", path + ".gone", "--realm", desk.realm.slug, "--counter", "x")
    desk.place(line())
    with pytest.raises(CommandError, match="nobody placed: 'A-9'"):
        desk.outcomes("A-1", "A-9")
    assert CardOrder.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_counters_that_place_the_same_at_once_one_does(realm: Realm) -> None:
    order = counter.read(json.dumps(line()).encode())
    other = counter.read(json.dumps(line(name="試験　花江")).encode())
    results = at_once(*[lambda one=one: counter.place(realm, one, counter="x") for one in (order, order, other, other)])
    placed = [one.became for one in results if isinstance(one, counter.Placed)]
    refused = [one for one in results if not isinstance(one, counter.Placed)]
    assert sorted(placed) == ["known", "new"]
    assert [type(one) for one in refused] == [OrderTaken, OrderTaken]
    assert (Holder.objects.count(), CardOrder.objects.count(), Issuance.objects.count()) == (1, 1, 2)
    assert journal.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_two_changes_of_one_holder_at_once_end_each_certificate_once(realm: Realm, tmp_path: Path) -> None:
    desk = Desk(realm, tmp_path)
    desk.place(line())
    desk.issue()
    changes = [counter.read(json.dumps(line(f"B-{n}", keys=(), address=f"東京都港区{n}")).encode()) for n in range(4)]
    results = at_once(*[lambda one=one: counter.place(realm, one, counter="x") for one in changes])
    placed = [one for one in results if isinstance(one, counter.Placed)]
    assert [one.became for one in placed] == ["changed"] * 4, results
    assert sum(len(one.revoked) for one in placed) == 1
    assert JournalEntry.objects.filter(kind="certificate.revoked").count() == 1
    assert journal.verify(realm) is None


# --- Any line ---------------------------------------------------------------------------------------------------------
TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "00000", "1999-03-01", "419990301", HOLDER, "\ud800", "\x00", "A-1", "Tokyo-to", "13221"]
    ),
    st.sampled_from([pem, der, lambda: der(1)[:-4], forged]).map(lambda make: make()),
)
VALUE = st.one_of(TEXT, st.none(), st.integers(), st.floats(), st.lists(TEXT, max_size=2), st.just({"a": "b"}))
NAMES = ("order", "holder", "name", "sex", "born_on", "address", "municipality", "name_substitution", "signature", "x")


CUT = st.tuples(st.integers(0, 4000), st.integers(0, 6), st.binary(max_size=6))
SEARCH = hypothesis.settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


def test_no_line_makes_a_trace_or_a_half_written_state(desk: Desk) -> None:
    before, met = rows(), set()

    @SEARCH
    @hypothesis.given(
        changes=st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=3), cut=st.one_of(st.none(), st.none(), CUT)
    )
    def search(changes: dict[str, Any], cut: tuple[int, int, bytes] | None) -> None:
        octets = json.dumps({**line(), **changes}).encode()
        if cut is not None:
            at, gone, piece = cut
            octets = octets[:at] + piece + octets[at + gone :]
        with transaction.atomic():
            for _, one in counter.lines(io.BytesIO(octets)):
                try:
                    order = counter.read(one)
                    met.add(counter.place(desk.realm, order, counter="x").became)
                except OrderRefused as error:
                    met.add(error.code)
                    f"{error} {error.member}".encode()  # it can be printed
                    assert rows() == before
                else:
                    assert (Holder.objects.count(), CardOrder.objects.count()) == (1, 1)
                    assert Issuance.objects.count() == len(order.keys) > 0
                    break  # what a cut left behind it is a line by itself, and no longer to an empty realm
            transaction.set_rollback(True)

    search()
    assert met >= {"new", "order_malformed", "order_unfit", "possession_unproven"}, met
    assert rows() == before
