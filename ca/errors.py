"""What can go wrong in the `ca` app. Every error has a stable `code`; none knows HTTP."""

from collections.abc import Sequence


class CaError(Exception):
    """Stand for everything that the authorities refuse or cannot do."""

    code = "ca_error"


class KeysUnavailable(CaError):
    """Say that this process may not, or cannot, open signing keys."""

    code = "keys_unavailable"


class KeyNotFound(KeysUnavailable):
    """Say that the key store holds no key of that label."""

    code = "key_not_found"


class NoAuthority(CaError):
    """Say that the realm has no authority, or no generation of it, for the purpose."""

    code = "no_authority"


class GenerationOutOfTurn(CaError):
    """Say that a generation of that number does not come next, or that another ceremony made it at the same time."""

    code = "generation_out_of_turn"


class GenerationStillSigns(CaError):
    """Say that a generation is its authority's newest, so that what is issued next would be signed by it."""

    code = "generation_still_signs"


class IssuanceRefused(CaError):
    """Say that no certificate was, or will be, issued for a request; the class's code says why."""

    code = "issuance_refused"


class CardCertificateNotValid(IssuanceRefused):
    """Say that the card certificate that a phone certificate stands on is not valid now."""

    code = "card_certificate_not_valid"


class LinkageWrong(IssuanceRefused):
    """Say that the request names no card certificate of the same holder and purpose, or one where none belongs."""

    code = "linkage_wrong"


class PublicKeyUnfit(IssuanceRefused):
    """Say that the public key is not RSA of 2048 bits with exponent 65537."""

    code = "public_key_unfit"


class PublicKeyTaken(IssuanceRefused):
    """Say that the public key is certified already, for another holder, purpose or medium."""

    code = "public_key_taken"


class PhoneCertificateExists(IssuanceRefused):
    """Say that the holder has a phone certificate of this purpose that is valid or on hold."""

    code = "phone_certificate_exists"


class HolderUnfit(IssuanceRefused):
    """Say that the holder's data do not fit the profile."""

    code = "holder_unfit"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class LintFailed(IssuanceRefused):
    """Say that what was about to be signed breaks rules of its profile."""

    code = "lint_failed"

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("; ".join(findings))
        self.findings = tuple(findings)


class RequestKeyTaken(CaError):
    """Say that the request key was used before for another request."""

    code = "request_key_taken"


class OrderRefused(CaError):
    """Say that an order for a card changed nothing; the class's code says why, `member` which member of the line."""

    code = "order_refused"

    def __init__(self, message: str, *, member: str = "") -> None:
        super().__init__(message)
        self.member = member


class OrderMalformed(OrderRefused):
    """Say that a line is no order: not JSON, too long, a member that is missing, unknown, twice or of another form."""

    code = "order_malformed"


class OrderUnfit(OrderRefused):
    """Say that no certificate could be issued as ordered; `because` is the code of what stands against it."""

    code = "order_unfit"

    def __init__(self, message: str, *, member: str, because: str) -> None:
        super().__init__(message, member=member)
        self.because = because


class PossessionUnproven(OrderRefused):
    """Say that a PKCS#10 request doesn't show that whoever made it has the key in it."""

    code = "possession_unproven"


class OrderTaken(OrderRefused):
    """Say that the order's id was used before for another order."""

    code = "order_taken"


class HolderUnknown(OrderRefused):
    """Say that a line tells of a change of somebody whom no order has entered."""

    code = "holder_unknown"


class HolderElsewhere(OrderRefused):
    """Say that the reference is that of a holder of another realm."""

    code = "holder_elsewhere"


class OrderTooSoon(OrderRefused):
    """Say that attributes can't change now, for a certificate with the former ones is being issued."""

    code = "order_too_soon"


class IssuanceInProgress(CaError):
    """Say that another worker holds the issuance now."""

    code = "issuance_in_progress"


class IllegalTransition(CaError):
    """Say that the table of a certificate's life, or of the causes, has no such arrow."""

    code = "illegal_transition"

    def __init__(self, message: str, *, status: str, event: str) -> None:
        super().__init__(message)
        self.status = status
        self.event = event


class CauseNotOfficers(CaError):
    """Say that the cause is not an officer's to bring."""

    code = "cause_not_officers"


class CrlRefused(CaError):
    """Say that a new CRL does not follow from the last one and was not published; the last one stays."""

    code = "crl_refused"

    def __init__(self, message: str, *, findings: Sequence[str]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class StatusUnknown(CaError):
    """Say that the standing could not be found out, which is another thing than "not valid"."""

    code = "status_unknown"


class AuthoritiesHalted(CaError):
    """Say that the realm's keys may not be used until its records are put right (`ca.restoring`)."""

    code = "authorities_halted"


class RecordsBehind(AuthoritiesHalted):
    """Say that the database lacks what was signed: it is older than the transcript of its journal."""

    code = "records_behind"


class TranscriptBroken(CaError):
    """Say that a line of a transcript is not what was written: its own hash doesn't cover it."""

    code = "transcript_broken"


class TranscriptUnavailable(CaError):
    """Say that the journal's transcript can't be written, without which no key is used."""

    code = "transcript_unavailable"


class RestoreRefused(CaError):
    """Say why a halted realm can't go on yet."""

    code = "restore_refused"
