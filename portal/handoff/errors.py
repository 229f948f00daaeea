"""What can go wrong with a hand-off: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class HandOffError(Exception):
    """Base of all: `code` is for programs, `detail` for engineers, `data` goes with the problem."""

    code: ClassVar[str] = "handoff_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.data = data


class RequestInvalid(HandOffError):
    """The service's request is not well-formed; `member` names what is wrong."""

    code = "handoff_request_invalid"


class DocumentUnacceptable(HandOffError):
    """The document is missing, too long, or holds characters that a reader wouldn't see as they are."""

    code = "document_unacceptable"


class HandOffUnknown(HandOffError):
    """There is no such hand-off, or it is not for whoever asks."""

    code = "handoff_unknown"


class HandOffOver(HandOffError):
    """The hand-off has come to its end; `state` says which."""

    code = "handoff_over"


class HandOffExpired(HandOffOver):
    """Nobody answered in time."""

    code = "handoff_expired"


class HandOffRefused(HandOffOver):
    """The register says no; `reason` says why."""

    code = "handoff_refused"


class HandOffNotShown(HandOffError):
    """The phone answers what was never shown on a screen."""

    code = "handoff_not_shown"


class AnswerMalformed(HandOffError):
    """The phone's answer is not a certificate and a signature in base64."""

    code = "answer_malformed"


class AnswerRefused(HandOffError):
    """The signature or its certificate doesn't hold; `reasons` are of `ca.status.Reason`."""

    code = "answer_refused"


class AnswerUndecided(HandOffError):
    """Whether the certificate holds could not be found out."""

    code = "answer_undecided"
