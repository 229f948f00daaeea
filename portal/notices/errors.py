"""What can go wrong with notices: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class NoticesError(Exception):
    """Base of all: `code` is for programs, `data` goes with the problem."""

    code: ClassVar[str] = "notices_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.data = data


class MailNotAvailable(NoticesError):
    """This site sends no mail: notices are letters."""

    code = "mail_not_available"


class MailNotSent(NoticesError):
    """The mail server is away, or doesn't take the address, so no code could be sent."""

    code = "mail_not_sent"


class AddressMalformed(NoticesError):
    """What was typed is no mail address."""

    code = "mail_address_malformed"


class CodesTooMany(NoticesError):
    """A code was sent just now, or too many in the last hour."""

    code = "contact_codes_too_many"


class CodeWrong(NoticesError):
    """Not the code that was sent; `tries_left` says how often one may still try."""

    code = "contact_code_wrong"


class CodeOver(NoticesError):
    """The code was used, has expired, or was tried too often: a new one is needed."""

    code = "contact_code_over"
