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


class HandOffOtherService(HandOffError):
    """What was opened or answered names another service than the one that asks."""

    code = "handoff_other_service"


class HandOffWrongBrowser(HandOffError):
    """Another browser opened this hand-off before: it goes on there and nowhere else."""

    code = "handoff_wrong_browser"


class CodeNotFresh(HandOffError):
    """The code on the screen was read too late, or isn't one of ours."""

    code = "handoff_code_not_fresh"


class CodeTaken(HandOffError):
    """Another phone has read the code on the screen."""

    code = "handoff_code_taken"


class NotOver(HandOffError):
    """There is no way back before the hand-off has come to its end."""

    code = "handoff_not_over"


class AlreadyReturned(HandOffError):
    """The outcome went to the service, once."""

    code = "handoff_returned"


class CodeInvalid(HandOffError):
    """The code that the browser brought isn't this hand-off's, was redeemed before, or came too late."""

    code = "handoff_code_invalid"


class NotPrepared(HandOffError):
    """The signature came before what it is over was made ready, or with another certificate."""

    code = "answer_not_prepared"
