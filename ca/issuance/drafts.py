"""The draft: what is to be signed for a request, assembled and linted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography import x509

from ca import assembly, history, journal, lint
from ca.issuance.kinds import Kind
from ca.models import Generation, Issuance


@dataclass(slots=True)
class Draft:
    """The bytes to be signed for a request, and what of them its row and the journal show."""

    row: Issuance
    generation: Generation
    tbs: bytes
    key_identifier: str  # of the holder's key, upper-case hex
    not_before: datetime
    not_after: datetime
    pkilinted: bool
    recovered: bool = False  # recorded by a worker that died
    tbs_sha256: str = ""

    def __post_init__(self) -> None:
        self.tbs_sha256 = assembly.digest(self.tbs)

    @classmethod
    def recover(cls, row: Issuance) -> Self:
        """Read it from the intent that a request's row holds."""
        assert row.partition is not None  # noqa: S101  (state signing)
        assert row.tbs is not None  # noqa: S101  (state signing)
        tbs = bytes(row.tbs)
        twin = assembly.twin(tbs)
        identifier = twin.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        return cls(
            row=row,
            generation=row.partition.generation,
            tbs=tbs,
            key_identifier=identifier.hex().upper(),
            not_before=twin.not_valid_before_utc,
            not_after=twin.not_valid_after_utc,
            pkilinted=False,
            recovered=True,
        )

    def intended(self) -> journal.Happening:
        """Return what the journal says before the key is used."""
        assert self.row.partition is not None  # noqa: S101  (it is given one before)
        # Where and until when it would have to be listed, should the database lose it (ca.restoring).
        more: dict[str, str | bool] = {
            "pkilinted": self.pkilinted,
            "municipality_code": self.row.partition.municipality_code,
            "not_after": history.instant(self.not_after),
        }
        return journal.Happening("issuance.intended", self.row.serial_number, self._said() | more)

    def issued(self, certificate_der: bytes, status: str) -> journal.Happening:
        """Return what the journal says once the certificate is stored."""
        more = {
            "status": status,
            "certificate_sha256": hashlib.sha256(certificate_der).hexdigest().upper(),
            "settled_after_crash": self.recovered,
        }
        return journal.Happening("certificate.issued", self.row.serial_number, self._said() | more)

    def _said(self) -> dict[str, str | int | bool]:
        return {
            "request_key": self.row.request_key,
            "purpose": self.row.purpose,
            "medium": self.row.medium,
            "generation": self.generation.number,
            "key_label": self.generation.key_label,
            "key_use": "certificate",
            "tbs_sha256": self.tbs_sha256,
        }


def draft(row: Issuance, kind: Kind, generation: Generation, now: datetime, passed: lint.Passed) -> Draft:
    """Assemble what a request asks for, and lint it. Raises HolderUnfit, LintFailed."""
    serial_number = int(row.serial_number, 16)
    plan = kind.plan(row, serial_number, now)
    tbs = kind.assemble(plan)
    subject = lint.Subject(
        tbs=tbs,
        standard=kind.standard,
        holder=row.holder,
        serial_number=serial_number,
        public_key=plan.public_key,
        card_certificate=x509.load_der_x509_certificate(bytes(row.linked_to.der)) if row.linked_to else None,
    )
    pkilinted = lint.examine(subject, passed)
    if pkilinted:
        passed.add(generation, subject.shape, row.serial_number)
    identifier = hashlib.sha1(assembly.key_bits(plan.public_key), usedforsecurity=False).hexdigest().upper()
    return Draft(row, generation, tbs, identifier, plan.not_before, plan.not_after, pkilinted)
