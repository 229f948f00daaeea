"""Lint before sign: the house's own rules on every certificate, and pkilint on the first of a kind and on a share.

What is read is the twin: the very bytes to be signed, in the envelope of a certificate that no authority signed. An
error stops the signature.
"""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from ca import assembly, profiles
from ca.errors import LintFailed
from ca.lint import pkix, sampling
from ca.lint.pkix import Kind
from ca.lint.rules import broken
from ca.lint.sampling import Passed
from ca.lint.shape import extension_order
from ca.lint.subject import Standard, Subject

__all__ = ["Passed", "Standard", "Subject", "examine", "examine_authority", "examine_responder", "extension_order"]


def examine(subject: Subject, passed: Passed | None = None) -> bool:
    """Raise LintFailed with every finding when the twin may not be signed; return whether pkilint reads it, too.

    `passed` says what pkilint need not read again; without it, pkilint reads.
    """
    _require_none(broken(subject))
    shape = subject.shape
    read_before = passed is not None and passed.has(shape)
    if read_before and not sampling.in_share(subject.serial_number, settings.CA_PKILINT_SHARE):
        return False
    twin = assembly.signed_twin(subject.tbs)
    _require_none(pkix.errors(Kind.END_ENTITY, twin.public_bytes(Encoding.DER)))
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
