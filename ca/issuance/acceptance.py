"""What may have changed since a certificate was asked for: looked at for many requests in few queries."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from ca import assembly, revocation
from ca.errors import PhoneCertificateExists, PublicKeyTaken
from ca.models import Certificate, Holder, Issuance, Realm
from ca.profiles import Medium, Purpose

LIVING = [Certificate.Status.VALID, Certificate.Status.ON_HOLD]


class Acceptance:
    """What a realm has certified so far, as far as some requests are concerned."""

    def __init__(self, realm: Realm, rows: Sequence[Issuance], now: datetime) -> None:
        self._now = now
        # A key that is none is refused when its row's turn comes.
        self._identifiers = {row.pk: _identifier(bytes(row.public_key)) for row in rows}
        self._owners: dict[str, set[tuple[int, str, str]]] = {}
        self._given_up: set[str] = set()
        certified = Certificate.objects.filter(
            realm=realm, subject_key_identifier__in=set(self._identifiers.values())
        ).values_list("subject_key_identifier", "holder_id", "purpose", "medium", "status")
        for identifier, holder_id, purpose, medium, status in certified:
            self._owners.setdefault(identifier, set()).add((holder_id, purpose, medium))
            if status == Certificate.Status.REVOKED:
                self._given_up.add(identifier)
        phones = {row.holder_id for row in rows if _becomes_valid_phone(row)}
        self._living = set(living_phone_certificates(realm, phones)) if phones else set()

    def require(self, row: Issuance) -> None:
        """Refuse what may not be issued now. Raises IssuanceRefused, of the kind that says why."""
        assembly.load_public_key(bytes(row.public_key))
        identifier = self._identifiers[row.pk]
        if self._owners.get(identifier, set()) - {(row.holder_id, row.purpose, row.medium)}:
            raise PublicKeyTaken("the public key is certified for another holder, purpose or medium")
        if identifier in self._given_up:
            # Whoever says that the key is gone may lie; a key that was given up is never certified again.
            raise PublicKeyTaken("a certificate of this public key was revoked")
        if row.linked_to is not None:
            revocation.require_standing(row.linked_to, now=self._now)
            if _becomes_valid_phone(row) and (row.holder_id, row.purpose) in self._living:
                raise PhoneCertificateExists(
                    "the holder has a phone certificate of this purpose that is valid or on hold"
                )

    def apart(self, rows: Sequence[Issuance]) -> tuple[list[Issuance], list[Issuance]]:
        """Return those that stand in nobody's way, and those that must wait until these are stored."""
        first: list[Issuance] = []
        later: list[Issuance] = []
        taken: set[object] = set()
        for row in rows:
            claims: set[object] = {self._identifiers[row.pk]}
            if _becomes_valid_phone(row):
                claims.add((row.holder_id, row.purpose))
            (later if claims & taken else first).append(row)
            taken |= claims
        return first, later


def require_free(
    realm: Realm, purpose: Purpose, medium: Medium, holder: Holder, public_key: bytes, now: datetime
) -> None:
    """Refuse a key that can't be certified for this holder, purpose and medium, before it is asked for.

    Raises PublicKeyUnfit, PublicKeyTaken. It is looked at again when the certificate is issued.
    """
    row = Issuance(realm=realm, purpose=purpose.value, medium=medium.value, holder=holder, public_key=public_key)
    Acceptance(realm, [row], now).require(row)


def living_phone_certificates(realm: Realm, holders: set[int]) -> list[tuple[int, str]]:
    """Return holder's id and purpose of the phone certificates of these holders that are valid or on hold."""
    return list(
        Certificate.objects.filter(realm=realm, holder__in=holders, medium=Medium.PHONE, status__in=LIVING).values_list(
            "holder_id", "purpose"
        )
    )


def _becomes_valid_phone(row: Issuance) -> bool:
    return row.medium == Medium.PHONE and not row.pending


def _identifier(public_key: bytes) -> str:
    return hashlib.sha1(assembly.key_bits(public_key), usedforsecurity=False).hexdigest().upper()
