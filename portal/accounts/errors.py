"""What accounts refuse. Each code has its row in `portal.problems`."""

from typing import Any


class AccountError(Exception):
    """Any refusal; `data` holds what the sentence needs."""

    code = "account_error"

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.data = data


class SignInRefused(AccountError):
    """Name, password and code don't belong together; which of them is wrong is nobody's to know."""

    code = "sign_in_refused"


class SignInLocked(AccountError):
    """Too many tries; `minutes` until the next."""

    code = "sign_in_locked"


class CodeWrong(AccountError):
    """The authenticator's code is wrong, or was used before."""

    code = "code_wrong"


class EnrolmentCodeWrong(AccountError):
    """The enrolment code is unknown, used, or past its hour."""

    code = "enrolment_code_wrong"


class PasswordUnfit(AccountError):
    """The password is too short, too common or too like the name; `reasons` are sentences."""

    code = "password_unfit"


class PasswordWrong(AccountError):
    """Not the password that the account has now."""

    code = "password_now_wrong"


class AccountUnknown(AccountError):
    """There is no account of that name."""

    code = "account_unknown"


class AccountExists(AccountError):
    """There is an account of that name already."""

    code = "account_exists"


class PasskeyRefused(AccountError):
    """The authenticator's answer doesn't hold, or belongs to nobody here."""

    code = "passkey_refused"


class PasskeyChallengeOver(AccountError):
    """The question was answered before, or is too old."""

    code = "passkey_challenge_over"


class PasskeyLast(AccountError):
    """Without this passkey nobody could sign in to the account any more."""

    code = "passkey_last"


class RegistrationOver(AccountError):
    """This browser has begun no registration, or it is too long ago."""

    code = "registration_over"


class RegistrationClosed(AccountError):
    """This site sends no mail, or has no realm yet: nobody can be registered or invited."""

    code = "registration_closed"
