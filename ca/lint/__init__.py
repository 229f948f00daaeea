"""Lint before sign: the house's own rules on every certificate, and pkilint on the first of a kind and on a share.

What is read is the twin: the very bytes to be signed, under a throw-away key. An error stops the signature.
"""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from ca import profiles
from ca.errors import LintFailed
from ca.lint import pkix, sampling
from ca.lint.pkix import Kind
from ca.lint.rules import Subject, broken, extension_order

__all__ = ["Subject", "examine", "examine_authority", "examine_responder", "extension_order"]


def examine(subject: Subject) -> bool:
    """Raise LintFailed with every finding when the twin may not be signed; return whether pkilint read it, too."""
    _require_none(broken(subject))
    combination = sampling.Combination.of(subject)
    if not sampling.is_due(combination, subject.serial_number, settings.CA_PKILINT_SHARE):
        return False
    _require_none(pkix.errors(Kind.END_ENTITY, subject.twin.public_bytes(Encoding.DER)))
    sampling.passed(combination)
    return True


def examine_authority(twin: x509.Certificate) -> None:
    """Raise LintFailed when an authority's certificate may not be signed. Few are: pkilint reads each."""
    _require_none(extension_order(twin.extensions, profiles.AUTHORITY_EXTENSIONS))
    _require_none(pkix.errors(Kind.AUTHORITY_TWIN, twin.public_bytes(Encoding.DER)))


def examine_responder(twin: x509.Certificate) -> None:
    """Raise LintFailed when a responder's certificate may not be signed. Few are: pkilint reads each."""
    _require_none(extension_order(twin.extensions, profiles.RESPONDER_EXTENSIONS))
    _require_none(pkix.errors(Kind.RESPONDER, twin.public_bytes(Encoding.DER)))


def _require_none(found: Iterable[str]) -> None:
    findings = list(found)
    if findings:
        raise LintFailed(findings)
