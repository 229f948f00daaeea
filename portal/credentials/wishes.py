"""What somebody fills in to have a key issued or rotated: read, and each fault tied to its field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from ca import clock
from portal import problems
from whitelist import credentials, texts
from whitelist.credentials import Issuing, keys
from whitelist.errors import KeyPrivate, WhitelistError
from whitelist.models import Credential

Kind = Credential.Kind
MADE_HERE = "make"
PASTED = "paste"
LONGEST_LABEL = 60
# How long the old one goes on: days, or a day that is chosen.
OVERLAPS = ("0", "1", "7", "30", "day")
# To which field a refusal of `whitelist.credentials` belongs; without a row, to the page.
FIELDS = {
    "credential_key_unacceptable": "key",
    "credential_key_private": "key",
    "credential_key_taken": "key",
    "code_wrong": "code",
}
MEMBERS = {"until": "until", "old_until": "overlap"}


@dataclass
class Wish:
    """A form as it was sent: `said` is shown again, `wrong` maps fields to sentences, in the order of the page."""

    said: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    wanted: Issuing | None = None
    old_until: datetime | None = None
    # PKCS #8, PEM, of a key that was made here: for this one answer.
    private_key: str = ""

    def refuse(self, error: Exception, sentence: str) -> str:
        """Tie a refusal to its field and return nothing, or return the sentence where it has none."""
        code = getattr(error, "code", "")
        where = FIELDS.get(code) or MEMBERS.get(getattr(error, "data", {}).get("member", ""), "")
        if not where:
            return sentence
        self.wrong[where] = sentence
        return ""


def blank(now: datetime) -> Wish:
    """Return the form as it is first shown: a key for a year, or for as long as there may be."""
    until = clock.day(now) + timedelta(days=min(365, settings.CREDENTIAL_DAYS))
    said = {"kind": Kind.PRIVATE_KEY_JWT, "way": PASTED, "until": until.isoformat(), "overlap": "7"}
    return Wish(said)


def read(posted: Mapping[str, str], *, now: datetime, replaces: Credential | None = None) -> Wish:
    """Return what was sent; `wanted` is set where nothing is wrong. A pasted private key is not kept to be shown."""
    names = ("kind", "way", "key", "label", "until", "overlap", "old_day")
    wish = Wish({name: texts.kept(posted.get(name, "")) for name in names})
    kind = replaces.kind if replaces else wish.said["kind"]
    if kind not in Kind.values:
        wish.wrong["kind"] = _("つなぎ方を選んでください。")
        return wish
    if len(wish.said["label"]) > LONGEST_LABEL:
        wish.wrong["label"] = _("名前は60文字までにしてください。")
    key = _key(wish, kind)
    until = _day(wish, "until")
    if replaces is not None:
        wish.old_until = _old_until(wish, now)
    if key is None or until is None or wish.wrong:
        return wish
    wanted = Issuing(key, until, kind, wish.said["label"])
    try:
        credentials.check_end(wanted, now)
        if wish.old_until is not None:
            credentials.check_overlap(wish.old_until, now)
    except WhitelistError as error:
        wish.refuse(error, problems.sentence(error.code))
    else:
        wish.wanted = wanted
    return wish


def _key(wish: Wish, kind: str) -> keys.Key | None:
    if wish.said["way"] == MADE_HERE:
        if kind == Kind.TLS_CLIENT_AUTH:
            wish.wrong["way"] = _("TLSの鍵は、証明書と一緒にご自分で作り、貼り付けてください。")
            return None
        wish.private_key, made = keys.make()
        return made
    try:
        return keys.read(wish.said["key"], kind)
    except WhitelistError as error:
        wish.wrong["key"] = problems.sentence(error.code)
        if isinstance(error, KeyPrivate):
            wish.said["key"] = ""
    return None


def _old_until(wish: Wish, now: datetime) -> datetime | None:
    overlap = wish.said["overlap"]
    if overlap not in OVERLAPS:
        wish.wrong["overlap"] = _("いまの鍵をいつまで使うかを選んでください。")
        return None
    return _day(wish, "old_day") if overlap == "day" else now + timedelta(days=int(overlap))


def _day(wish: Wish, name: str) -> datetime | None:
    """Return the end of a day by Japan's calendar."""
    try:
        day = date.fromisoformat(wish.said[name])
        return datetime.combine(day + timedelta(days=1), time(), clock.JAPAN)
    except (ValueError, OverflowError):
        wish.wrong[name] = _("日付を、2027-03-31のように入力してください。")
        return None
