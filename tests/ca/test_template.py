"""The template gives the builder's octets, whoever the holder and whatever the profile."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ca import assembly, lint
from ca.errors import HolderUnfit, LintFailed, PublicKeyUnfit
from ca.models import Holder
from ca.profiles import PROFILES, Medium, Purpose
from tests.ca.test_lint import right, subject
from tests.ca.test_structure import fixed_key, plan

PROFILE_KEYS = sorted(PROFILES)
_TEMPLATES: dict[tuple[Purpose, Medium, str, str], assembly.Template] = {}
_text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)
_place = st.sampled_from(["Tokyo-to", "Kiyose-shi", "O", "Kanagawa-ken", "Yokohama-shi Naka-ku", "Z" * 46])
_moment = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@st.composite
def holders(draw: st.DrawFn) -> Holder:
    name, address = draw(_text), draw(_text)
    born_on = draw(st.dates(date(1926, 1, 1), date(1980, 12, 31)))
    return Holder(
        name=name,
        name_substitution=draw(st.text("01", min_size=len(name), max_size=len(name))),
        sex=draw(st.sampled_from("123")),
        birth_date=f"3{born_on:%Y%m%d}",
        born_on=born_on,
        address=address,
        address_substitution=draw(st.text("01", min_size=len(address), max_size=len(address))),
        prefecture=draw(_place),
        municipality=draw(_place),
        municipality_code=draw(st.text("0123456789", min_size=5, max_size=5)),
    )


@settings(max_examples=300)
@given(
    key=st.sampled_from(PROFILE_KEYS),
    holder=holders(),
    # The signature's common name ends with it, and has 64 characters at most.
    serial_number=st.integers(1, 10**45 - 1) | st.integers(1, 1 << 16),
    not_before=_moment,
    days=st.integers(1, 4000),
    pseudonym=st.text("0123456789ABCDEFGHIJ", min_size=14, max_size=14),
    modulus=st.integers(0, (1 << 2047) - 1),
)
def test_the_template_writes_the_octets_that_the_builder_writes(
    key: tuple[Purpose, Medium],
    holder: Holder,
    serial_number: int,
    not_before: datetime,
    days: int,
    pseudonym: str,
    modulus: int,
) -> None:
    asked = replace(
        plan(*key),
        holder=holder,
        serial_number=serial_number,
        not_before=not_before,
        not_after=(not_before + timedelta(days=days)).replace(microsecond=0),
        pseudonym=pseudonym,
        public_key=_public_key(modulus | 1 << 2047 | 1),
    )
    # A template made of another's certificate of the same place, as in the house, not of this one.
    kind = (*key, holder.prefecture, holder.municipality)
    template = _TEMPLATES.get(kind) or _TEMPLATES.setdefault(kind, assembly.Template(_of_another(asked)))
    assert template.fill(asked) == assembly.end_entity(asked).tbs_certificate_bytes


def _of_another(asked: assembly.Plan) -> assembly.Plan:
    other = plan(asked.profile.purpose, asked.profile.medium)
    other.holder.prefecture, other.holder.municipality = asked.holder.prefecture, asked.holder.municipality
    return other


def _public_key(modulus: int) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return (
        rsa.RSAPublicNumbers(65537, modulus).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


def test_an_unfit_holder_gets_no_octets() -> None:
    asked = plan(Purpose.SIGNATURE, Medium.CARD)
    template = assembly.Template(asked)
    asked.holder.sex = "9"
    with pytest.raises(HolderUnfit):
        template.fill(asked)


def test_a_public_key_that_is_not_der_as_the_standard_has_it_is_unfit() -> None:
    # The same key, its algorithm without the NULL that RFC 3279 2.3.1 asks for: some readers accept it.
    right_one = fixed_key("one")
    without = bytes.fromhex("3082012030 0b06092a864886f70d010101".replace(" ", "")) + right_one[19:]
    with pytest.raises(PublicKeyUnfit):
        assembly.load_public_key(without)


def test_a_twin_is_the_bytes_to_be_signed_under_a_signature_that_verifies_with_no_key() -> None:
    tbs = assembly.Template(plan(Purpose.SIGNATURE, Medium.CARD)).fill(plan(Purpose.SIGNATURE, Medium.CARD))
    twin, signed = assembly.twin(tbs), assembly.signed_twin(tbs)
    assert twin.tbs_certificate_bytes == signed.tbs_certificate_bytes == tbs
    assert twin.signature_algorithm_oid == signed.signature_algorithm_oid
    key = assembly.throw_away_key().public_key()
    key.verify(signed.signature, tbs, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(twin.signature, tbs, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("purpose", Purpose)
def test_lint_finds_a_template_that_another_kind_was_cut_from(purpose: Purpose) -> None:
    asked, _ = right(purpose)
    passed_before, _ = right(purpose)
    lint.examine(subject(passed_before, assembly.twin(assembly.Template(passed_before).fill(passed_before)), None))
    elsewhere, _ = right(purpose)
    elsewhere.holder.municipality = "Nerima-ku"
    wrong = assembly.Template(elsewhere).fill(asked)
    with pytest.raises(LintFailed, match="_crl_distribution_point"):
        lint.examine(subject(asked, assembly.twin(wrong), None))


def test_lint_finds_the_octets_of_another_holder() -> None:
    asked, _ = right(Purpose.SIGNATURE)
    another, _ = right(Purpose.SIGNATURE)
    another.holder.name = "両儀　　式"
    wrong = assembly.Template(asked).fill(another)
    with pytest.raises(LintFailed, match="_holder_names: the name is empty or not the holder's"):
        lint.examine(subject(asked, assembly.twin(wrong), None))
