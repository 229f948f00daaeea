"""Citizens: ten personas that are alike in every realm, and those that an integrator makes up."""

import json
import re
import secrets
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ca import assembly, clock, revocation
from ca.causes import Cause
from ca.errors import HolderUnfit
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from sandbox import personas, sealing
from sandbox.errors import CitizenUnfit, PersonaFixed
from sandbox.models import Citizen, VirtualCard, VirtualPhone
from sandbox.personas import Card, Persona
from tsm.jpki import Key

# What may be the matter with an own citizen's card; an expired one takes years, or a workspace's clock.
CONDITIONS = (Card.GOOD, Card.REVOKED, Card.ON_HOLD, Card.BLOCKED, Card.CHILD)
ATTRIBUTES = ("name", "sex", "born_on", "address", "prefecture", "municipality", "municipality_code")
FAMILY = (("春野", "HARUNO"), ("秋山", "AKIYAMA"), ("冬木", "FUYUKI"), ("夏目", "NATSUME"), ("水原", "MIZUHARA"))
GIVEN = (
    ("明", "Akira", "1"),
    ("薫", "Kaoru", "2"),
    ("望", "Nozomi", "2"),
    ("誠", "Makoto", "1"),
    ("光", "Hikaru", "1"),
)


@dataclass(frozen=True)
class Secrets:
    """The passwords of a citizen's card: `signature` is empty where the card has no signature certificate."""

    signature: str
    user_authentication: str

    def of(self, key: Key) -> str:
        return self.signature if key is Key.SIGNATURE else self.user_authentication


@dataclass(frozen=True)
class Wish:
    """Whom an integrator would like to have. What is None is made up."""

    name: str | None = None
    romaji: str | None = None
    sex: str | None = None
    born_on: date | None = None
    address: str | None = None
    prefecture: str | None = None
    municipality: str | None = None
    municipality_code: str | None = None
    card: Card = Card.GOOD
    signature_password: str | None = None
    authentication_pin: str | None = None


def find(realm: Realm, id: uuid.UUID | str) -> Citizen | None:
    """Return the realm's citizen of that id, which is a UUID or a persona's code; None where there is none."""
    citizens = of(realm)
    try:
        return citizens.filter(reference=uuid.UUID(str(id))).first()
    except ValueError:
        return citizens.filter(code=str(id)).first()


def of(realm: Realm) -> QuerySet[Citizen]:
    """Return the realm's citizens as they were made, each with holder and card."""
    return Citizen.objects.filter(realm=realm).select_related("realm", "holder__virtual_card")


def of_phone(row: VirtualPhone) -> Citizen | None:
    """Return whose pair is in the phone, or on the way into it; None where nothing is."""
    newest = row.phone.enrolments.order_by("-pk").first()
    return Citizen.objects.filter(holder=newest.holder_id).first() if newest is not None else None


def card_of(citizen: Citizen) -> VirtualCard | None:
    """Return the citizen's card, or None where it isn't made yet."""
    return VirtualCard.objects.select_related("realm", "holder").filter(holder=citizen.holder_id).first()


def secrets_of(citizen: Citizen) -> Secrets:
    """Return the passwords of the citizen's card. Needs the seal key."""
    return Secrets(**json.loads(sealing.unseal(bytes(citizen.sealed_secrets))))


def settle(realm: Realm, persona: Persona) -> Citizen:
    """Make a persona in the realm; one that is there stays as it is. Needs the seal key."""
    existing = Citizen.objects.filter(realm=realm, code=persona.code).select_related("realm", "holder").first()
    if existing is not None:
        return existing
    # The machine's time: a realm that is being furnished stands in the past, and the birthday counts from today.
    born_on = personas.born_on(persona, clock.machine())
    known = Secrets(persona.signature_password, persona.authentication_pin)
    with transaction.atomic():
        # A persona of a realm from before there were citizens has a card, and so a holder, already.
        card = VirtualCard.objects.filter(realm=realm, persona=persona.code).select_related("holder").first()
        holder = card.holder if card is not None else _hold(realm, {**_attributes(persona), "born_on": born_on})
        return _write(
            realm, persona.code, holder, known, romaji=persona.romaji, condition=persona.card, version=personas.VERSION
        )


def make(realm: Realm, wish: Wish) -> Citizen:
    """Make a citizen of one's own, with everything invented that wasn't wished for. Needs the seal key.

    Raises CitizenUnfit, whose `field` says what no certificate could say. A card is made by `sandbox.cards`.
    """
    if wish.card not in CONDITIONS:
        raise CitizenUnfit("no card can be made as long ago as that", field="card")
    romaji, invented = _invented(clock.now(realm), wish)
    given = {name: getattr(wish, name) for name in ATTRIBUTES if getattr(wish, name) is not None}
    known = Secrets(
        _secret(Key.SIGNATURE, wish.signature_password) if wish.card is not Card.CHILD else "",
        _secret(Key.AUTHENTICATION, wish.authentication_pin),
    )
    with transaction.atomic():
        holder = _hold(realm, invented | given)
        code = f"c-{secrets.token_hex(6)}"
        return _write(realm, code, holder, known, romaji=romaji, condition=wish.card, version=0)


def change(citizen: Citizen, changes: dict[str, Any]) -> Citizen:
    """Enter other attributes in the residents' register: what the citizen's certificates say is true no more.

    Whatever is changed, the signature certificate of the card is revoked for it, as the law has it, and the sweep takes
    the phone's along; certificates of user authentication name none of it and stay. Raises PersonaFixed, CitizenUnfit.
    """
    if citizen.version:
        raise PersonaFixed("the ten personas are the same for everybody: make a citizen of your own")
    holder = citizen.holder
    now = clock.now(citizen.realm)
    with transaction.atomic():
        if "romaji" in changes:
            citizen.romaji = str(changes["romaji"])
            citizen.save(update_fields=["romaji"])
        told = {name: changes[name] for name in ATTRIBUTES if name in changes}
        if not any(getattr(holder, name) != value for name, value in told.items()):
            return citizen
        _fill(holder, {name: getattr(holder, name) for name in ATTRIBUTES} | told)
        holder.save()
        for certificate in Certificate.objects.filter(
            holder=holder, medium=Medium.CARD, purpose=Purpose.SIGNATURE
        ).exclude(status=Certificate.Status.REVOKED):
            revocation.revoke(certificate, cause=Cause.ATTRIBUTES_CHANGED, now=now)
    return citizen


def remember(citizen: Citizen, known: Secrets) -> None:
    """Note other passwords of the card, as they were set for a new one. Needs the seal key."""
    citizen.sealed_secrets = _sealed(known)
    Citizen.objects.filter(pk=citizen.pk).update(sealed_secrets=citizen.sealed_secrets)


def chosen(key: Key, secret: str, *, field: str) -> str:
    """Return the password when the application on card or phone takes it for that key. Raises CitizenUnfit."""
    if not key.password_format.fullmatch(secret.encode()):
        raise CitizenUnfit(
            "a signature password is 6 to 16 of A-Z and 0-9" if key is Key.SIGNATURE else "a PIN is four digits",
            field=field,
        )
    return secret


def _write(
    realm: Realm, code: str, holder: Holder, known: Secrets, *, romaji: str, condition: Card, version: int
) -> Citizen:
    return Citizen.objects.create(
        realm=realm,
        code=code,
        version=version,
        holder=holder,
        romaji=romaji,
        condition=condition.value,
        sealed_secrets=_sealed(known),
        made_at=clock.machine(),
    )


def _sealed(known: Secrets) -> bytes:
    return sealing.seal(json.dumps(asdict(known)).encode())


def _attributes(persona: Persona) -> dict[str, Any]:
    return {name: getattr(persona, name) for name in ATTRIBUTES}


def _hold(realm: Realm, attributes: dict[str, Any]) -> Holder:
    holder = Holder(realm=realm)
    _fill(holder, attributes)
    holder.save()
    return holder


def _fill(holder: Holder, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(holder, name, value)
    # The residents' register writes a name in two parts with a full-width space between them.
    holder.name = re.sub(r"[ \u3000]+", "\u3000", str(holder.name).strip())
    holder.name_substitution = "0" * len(holder.name)
    holder.address_substitution = "0" * len(holder.address)
    holder.birth_date = assembly.era_date(holder.born_on)
    try:
        assembly.require_fit(holder)
    except HolderUnfit as error:
        field = "born_on" if error.field == "birth_date" else error.field
        raise CitizenUnfit(str(error), field=field) from None


def _invented(now: datetime, wish: Wish) -> tuple[str, dict[str, Any]]:
    (family, family_romaji), (given, given_romaji, sex) = secrets.choice(FAMILY), secrets.choice(GIVEN)
    child = wish.card is Card.CHILD
    years = 8 if child else 20 + secrets.randbelow(50)
    born_on = clock.day(now - years * personas.YEAR)
    home = personas.PERSONAS[secrets.randbelow(len(personas.PERSONAS))]
    street = secrets.randbelow(90) + 1
    number = str(street).translate(personas.FULL_WIDTH)
    place = replace(home, address=re.sub(r"[０-９].*", f"{number}－１", home.address))
    return wish.romaji or (f"{family_romaji} {given_romaji}" if wish.name is None else ""), {
        **_attributes(place),
        "name": f"{family}　{given}",
        "sex": sex,
        "born_on": born_on,
    }


def _secret(key: Key, wished: str | None) -> str:
    if wished is not None:
        field = "signature_password" if key is Key.SIGNATURE else "authentication_pin"
        return chosen(key, wished, field=field)
    if key is Key.SIGNATURE:
        return "TEST" + "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(6))
    return f"{secrets.randbelow(9000) + 1000}"
