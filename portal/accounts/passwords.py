"""What a password may not be, beside Django's own rules: words of this house, and what is known to thieves.

The words stand here, and docs/security.md names them. What thieves have is a file of the operator's: nobody asks
another host about a password.
"""

import hashlib
import logging
import unicodedata
from itertools import islice, pairwise
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
ENOUGH = 3000  # OWASP ASVS 6.2.4: so many of the commonest, at least
logger = logging.getLogger(__name__)


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
    ordered by hash" is of this form, and `manage.py leaked_passwords` makes one). It is searched by halves: some forty
    reads, however large it is. In production nobody can set a password without it.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when it is in the file, and when there should be a file and none can be read."""
        if not settings.STAFF_LEAKED_PASSWORDS and not settings.PRODUCTION:
            return
        try:
            with Path(settings.STAFF_LEAKED_PASSWORDS).open("rb") as file:
                leaked = stands_in(file, digest(password.encode()))
        except OSError as error:
            logger.error("STAFF_LEAKED_PASSWORDS can't be read (%s): no password can be set", error.strerror)
            told = _("いまは、パスワードを設定できません。このサイトの運営者にお知らせください。")
            raise ValidationError(told, code="password_not_looked_up") from None
        if leaked:
            raise ValidationError(self.get_help_text(), code="password_leaked")

    def get_help_text(self) -> str:
        """Return the rule as a person reads it."""
        return _("どこかで漏れたことのあるパスワードは使えません。")


def digest(password: bytes) -> str:
    """Return what the file has of a password: its SHA-1 in hex, upper case."""
    return hashlib.sha1(password, usedforsecurity=False).hexdigest().upper()


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


def lacking() -> str:
    """Return what keeps people from setting passwords in production, for an operator; empty when nothing does."""
    if settings.PRODUCTION and not settings.STAFF_LEAKED_PASSWORDS:
        return "STAFF_LEAKED_PASSWORDS not set: nobody can set a password, for none is held against those that leaked."
    return ""


@checks.register(checks.Tags.security, deploy=True)
def leaked_passwords(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Say that the file isn't there by which leaked passwords are refused, or isn't one."""
    told, path = lacking(), settings.STAFF_LEAKED_PASSWORDS
    if not told and path and (wrong := _wrong(Path(path))):
        told = f"STAFF_LEAKED_PASSWORDS: {path} {wrong}"
    hint = "`manage.py leaked_passwords` makes it of any list (docs/operating.md)."
    return [checks.Error(told, hint=hint, id="portal.E010")] if told else []


def _wrong(path: Path) -> str:
    """Return what is wrong with the file by its first lines; empty when nothing is."""
    if not path.is_file():
        return "is no file: nobody can set a password"
    with path.open("rb") as file:
        hashes = [line[:_HASH].upper() for line in islice(file, ENOUGH)]
    if any(len(one) < _HASH or one.strip(b"0123456789ABCDEF") for one in hashes):
        return "has lines that don't begin with a SHA-1 in hex"
    if any(one >= other for one, other in pairwise(hashes)):
        return "isn't in the order of its hashes"
    return "" if len(hashes) == ENOUGH else f"has {len(hashes)} passwords, and {ENOUGH} is the least that does"
