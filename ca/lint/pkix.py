"""pkilint, in process: RFC 5280 and RFC 6960 rules over certificates, CRLs and OCSP answers.

The library takes 0.4 s to load, so it is loaded where it is first used: in the CA's worker and the ceremony. No other
process pays for it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from ca.lint.accepted import BY_CODE, Finding, Kind

__all__ = ["Finding", "Kind", "errors", "findings", "unexpected"]
_STOPPING = {"ERROR", "FATAL"}


def errors(kind: Kind, der: bytes) -> list[str]:
    """Return what stops a signature: every error that is not among the accepted, its code first."""
    return [str(finding) for finding in unexpected(kind, der) if finding.severity in _STOPPING]


def unexpected(kind: Kind, der: bytes) -> list[Finding]:
    """Return the findings of whatever severity that are not among the accepted."""
    return [
        finding
        for finding in findings(kind, der)
        if finding.code not in BY_CODE or not BY_CODE[finding.code].covers(kind, finding)
    ]


def findings(kind: Kind, der: bytes) -> list[Finding]:
    """Return all that pkilint says of a DER document. What it can't read is a finding, too."""
    load, validator = _certificates() if kind not in _OTHERS else _OTHERS[kind]()
    try:
        root = load(der).root
    except ValueError as error:
        return [Finding("unreadable", "FATAL", "", str(error))]
    return [
        Finding(said.finding.code, said.finding.severity.name, str(result.node.path), said.message or "")
        for result in validator.validate(root)
        for said in result.finding_descriptions
    ]


@cache
def _certificates() -> tuple[Callable[[bytes], Any], Any]:
    from pkilint import loader
    from pkilint.pkix import certificate, extension, name

    validator = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container(),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container(),
            certificate.create_extensions_validator_container(),
            certificate.create_spki_validator_container(),
        ],
    )
    return loader.RFC5280CertificateDocumentLoader().load_der_document, validator


@cache
def _crls() -> tuple[Callable[[bytes], Any], Any]:
    from pkilint import loader, pkix
    from pkilint.pkix import crl, extension, name

    validator = crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container(),
            crl.create_validity_validator_container(),
            crl.create_extensions_validator_container(),
        ],
    )
    return loader.RFC5280CertificateListDocumentLoader().load_der_document, validator


@cache
def _ocsp_answers() -> tuple[Callable[[bytes], Any], Any]:
    from pkilint import loader, pkix
    from pkilint.pkix import extension, name, ocsp

    validator = ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )
    return loader.RFC6960OCSPResponseDocumentLoader().load_der_document, validator


_OTHERS = {Kind.CRL: _crls, Kind.OCSP: _ocsp_answers}
