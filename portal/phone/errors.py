"""What can go wrong at the phone's pages beside what `tsm` says: each with a stable code."""

from typing import Any, ClassVar


class PhonePageError(Exception):
    """Base of all: `code` leads to the catalogue's row, `data` are members of the problem."""

    code: ClassVar[str] = "phone_page_error"

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message or self.code)
        self.data = data


class ChallengeOver(PhonePageError):
    """The text to be signed was never given to this browser, was used, or is too old."""

    code = "sign_in_over"


class CardRefused(PhonePageError):
    """The card's certificate or its signature doesn't hold; `reasons` are `ca.status`'."""

    code = "card_sign_in_refused"
