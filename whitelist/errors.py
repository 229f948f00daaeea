"""What can go wrong when a relying party proves who it is: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class WhitelistError(Exception):
    """Something a relying party did that is not taken. `detail` is for its engineers; `data` goes with the problem."""

    code: ClassVar[str] = "whitelist_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.data = data


class TokenRequestInvalid(WhitelistError):
    """The token request is not one of RFC 6749 §4.4 with a client assertion (RFC 7523 §2.2)."""

    code = "token_request_invalid"


class ClientUnknown(WhitelistError):
    """No relying party of that name has such a key, or the key is outside its time or disabled."""

    code = "client_unknown"


class AssertionInvalid(WhitelistError):
    """The client assertion doesn't hold: signature, audience, time or form."""

    code = "client_assertion_invalid"


class AssertionReplayed(WhitelistError):
    """The client assertion was used before."""

    code = "client_assertion_replayed"


class TokenInvalid(WhitelistError):
    """The bearer token is unknown, expired, or its credential is no longer good."""

    code = "token_invalid"


class RealmUnknown(WhitelistError):
    """There is no realm of that name."""

    code = "realm_unknown"


class LogoUnacceptable(WhitelistError):
    """The logo is no small PNG or SVG of shapes alone."""

    code = "logo_unacceptable"


class ArrowGone(WhitelistError):
    """A case or an entry isn't where the caller saw it: somebody else has moved it on."""

    code = "case_moved_on"


class KeyUnacceptable(WhitelistError):
    """What was pasted is no public key of a kind that is taken."""

    code = "credential_key_unacceptable"


class KeyPrivate(WhitelistError):
    """What was pasted holds a private key: it has left its place, and is not to be used any more."""

    code = "credential_key_private"


class KeyTaken(WhitelistError):
    """The key is a credential's already, or was one's."""

    code = "credential_key_taken"


class CredentialsTooMany(WhitelistError):
    """As many credentials as may be good at once are."""

    code = "credentials_too_many"


class CredentialTimeWrong(WhitelistError):
    """The end of a credential lies in the past, or too far ahead."""

    code = "credential_time_wrong"


class CredentialNotGood(WhitelistError):
    """A credential that is over, or replaced, has no successor (more)."""

    code = "credential_over"


class CredentialsChanged(WhitelistError):
    """Credentials were issued since the page was loaded from which another was asked for."""

    code = "credentials_changed"


class EntryRemoved(WhitelistError):
    """The entry was removed from the register: it gets no credentials."""

    code = "entry_removed"


class ProbesTooOften(WhitelistError):
    """Probes were asked for too often within an hour; `most` says how often they may."""

    code = "probes_too_often"


class DelegationMissing(WhitelistError):
    """Nobody of that name has ever delegated anything to whoever asks in that name."""

    code = "delegation_missing"


class DelegationInvalid(WhitelistError):
    """A delegation between these two, or of this kind, can't be; `member` names what is wrong."""

    code = "delegation_invalid"


class DelegationOver(WhitelistError):
    """The delegation has ended before, or another came at the same moment."""

    code = "delegation_over"


class VerificationInvalid(WhitelistError):
    """The question is not well-formed; `member` names what is wrong."""

    code = "verification_invalid"


class VerificationRefused(WhitelistError):
    """The register says no to the question; `reason` says why."""

    code = "verification_refused"


class VerificationUndecided(WhitelistError):
    """Our own records can't be read just now: that is no answer of any kind."""

    code = "verification_undecided"
