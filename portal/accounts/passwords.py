"""What a password may not be, beside Django's own rules: words of this house, and what is known to thieves.

The words stand here, and docs/security.md names them. What thieves have is a file of the operator's: nobody asks
another host about a password.
"""

import hashlib
import unicodedata
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Names of what this is, whose it is, and of the parts that people have in it.
WORDS = frozenset(
    {
        "jpki", "smartphone", "mynumber", "mynaportal", "mynacard", "jlis", "digitalagency", "certificate", "helpdesk",
        "officer", "operator", "ministry", "registrar", "provider", "password", "passphrase", "authenticator",
        "スマホ", "マイナンバー", "マイナポータル", "電子証明書", "公的個人認証", "デジタル庁", "暗証番号",
        "パスワード",
    }
)  # fmt: skip
# So many characters must be left when the words are taken out.
LEFT = 8
_HASH = 40  # hex digits of a SHA-1


class WordsOfTheHouse:
    """Refuse a password that is hardly more than words of this house."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when too little is left without them."""
        left = unicodedata.normalize("NFKC", password).casefold()
        for word in sorted(WORDS, key=lambda one: (-len(one), one)):
            left = left.replace(word, "")
        if len(left) < LEFT:
            raise ValidationError(self.get_help_text(), code="password_words_of_the_house")

    def get_help_text(self) -> str:
        """Return the rule as a person reads it."""
        return _("「jpki」「マイナンバー」のような、このサービスにかかわる言葉のほかに、8文字以上を含めてください。")


class Leaked:
    """Refuse a password whose SHA-1 stands in the operator's file of leaked ones, STAFF_LEAKED_PASSWORDS.

    The file is text: a line for each, 40 hex digits in upper case and whatever follows, in order ("Pwned Passwords,
    ordered by hash" is of this form). It is searched by halves: some forty reads, however large it is.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when it is in the file, OSError when there is no such file."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        if not settings.STAFF_LEAKED_PASSWORDS:
            return
        with Path(settings.STAFF_LEAKED_PASSWORDS).open("rb") as file:
            if stands_in(file, digest):
                raise ValidationError(self.get_help_text(), code="password_leaked")

    def get_help_text(self) -> str:
        """Return the rule as a person reads it."""
        return _("どこかで漏れたことのあるパスワードは使えません。")


def stands_in(file: IO[bytes], digest: str) -> bool:
    """Tell whether a line of the file begins with the digest; the lines are in order."""
    low, high = 0, file.seek(0, 2)
    while low < high:  # the line sought, if there is one, begins in [low, high)
        middle = (low + high) // 2
        file.seek(max(middle - 1, 0))
        if middle:
            file.readline()  # to the end of the line that began before
        at, line = file.tell(), file.readline()
        found = line[:_HASH].decode("ascii", "replace").upper()
        if at < high and found == digest:
            return True
        if at < high and found < digest:
            low = file.tell()
        else:
            high = middle
    return False


@checks.register(checks.Tags.security, deploy=True)
def leaked_passwords(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Say that the file isn't there by which leaked passwords are refused."""
    if settings.STAFF_LEAKED_PASSWORDS and not Path(settings.STAFF_LEAKED_PASSWORDS).is_file():
        told = f"STAFF_LEAKED_PASSWORDS: {settings.STAFF_LEAKED_PASSWORDS} is no file: nobody can set a password"
        return [checks.Error(told, id="portal.E010")]
    return []
