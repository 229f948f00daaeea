"""What can go wrong at Mynaportal: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class MynaportalError(Exception):
    """Base of all: `code` is for programs, `data` goes with the problem."""

    code: ClassVar[str] = "mynaportal_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.data = data


class ServiceNotRegistered(MynaportalError):
    """Mynaportal isn't in the register, or suspended there, so it can't ask a phone."""

    code = "mynaportal_not_registered"


class NoSignatureCertificate(MynaportalError):
    """The holder has no valid signature certificate, so there is nothing to fill in from and to sign with."""

    code = "signature_certificate_missing"


class ApplicationNotOpen(MynaportalError):
    """The application was signed or filed already, or is being signed in another window."""

    code = "application_not_open"
