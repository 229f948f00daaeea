"""Look-alikes: names that a citizen would take for another registered service's. They are flagged, not refused.

A name's skeleton is what is left when everything that the eye doesn't tell apart is written one way. The table is small
and our own: the twins that matter in Japanese names, and the letters that Latin shares with Greek and Cyrillic (after
Unicode TS 39, whose full table would also merge what Japanese readers do tell apart).
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from whitelist.models import Organisation, RelyingParty

_TWINS = {
    # lines: long vowel, hyphens, minus, dashes, the kanji one; the wave stands for them in names
    **dict.fromkeys("ー‐‑‒–—―−-一~〜_", "-"),
    # kanji and kana
    "口": "ロ",
    "力": "カ",
    "工": "エ",
    "二": "ニ",
    "夕": "タ",
    "八": "ハ",
    "へ": "ヘ",
    "べ": "ベ",
    "ぺ": "ペ",
    "卜": "ト",
    "千": "チ",
    "三": "ミ",
    "才": "オ",
    "冂": "ワ",
    "乂": "メ",
    "厶": "ム",
    "又": "ヌ",
    "ソ": "ン",
    "シ": "ツ",
    "り": "リ",
    "巳": "己",
    "已": "己",
    "末": "未",
    "曰": "日",
    "囗": "ロ",
    "〇": "0",
    "○": "0",
    "◯": "0",
    "◦": "0",
    # small and large kana
    **dict(zip("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ", strict=True)),
    **dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True)),
    # Cyrillic and Greek beside Latin, after case folding
    **dict(zip("аеорсухівьѕјԁԛԝкмнтгзп", "aeopcyxibbsjdqwkmhtr3n", strict=True)),
    **dict(zip("αβεηικμνορτυχγωσ", "abenikuvoptuxywo", strict=True)),
    # letters and digits
    "o": "0",
    "l": "1",
    "i": "1",
    "!": "1",
    "|": "1",
    "丨": "1",
    "ı": "1",
    "ł": "1",
    "s": "5",
    "z": "2",
    "b": "8",
}
_TABLE = str.maketrans(_TWINS)
# Written with two letters what looks like one.
_PAIRS = (("rn", "m"), ("vv", "w"), ("c1", "d"))
# What is said of a company, and not of a service: it makes no difference to whom one trusts.
_FORMS = ("株式会社", "(株)", "有限会社", "合同会社", "一般社団法人", "co.,ltd.", "inc.", "corp.")


@dataclass(frozen=True)
class Imitated:
    """A service of the register that a name looks like: whose it is, and which of the names it was."""

    client_id: str
    name: str
    like: str


@lru_cache(maxsize=20_000)  # the register's names, again with every saving of a draft's
def skeleton(name: str) -> str:
    """Return what is left of a name when everything that looks alike is written one way. It is its own skeleton."""
    text = name
    # What one round makes may be something for the next: until nothing changes.
    for _ in range(8):
        before = text
        text = unicodedata.normalize("NFKC", text).casefold()
        text = "".join(one for one in unicodedata.normalize("NFD", text) if not _unseen(one))
        text = unicodedata.normalize("NFC", text)
        for form in _FORMS:
            text = text.replace(form, "") or text
        text = text.translate(_TABLE)
        for pair, one in _PAIRS:
            text = text.replace(pair, one)
        if text == before:
            break
    return text


def alike(one: str, other: str) -> bool:
    """Tell whether two names look alike. A name always looks like itself."""
    return one == other or (skeleton(one) == skeleton(other) and bool(skeleton(one)))


def imitated(organisation: Organisation, *names: str) -> list[Imitated]:
    """Return the services of other organisations in the register that any of the names looks like."""
    wanted = {skeleton(name): name for name in names if name.strip()}
    wanted.pop("", None)
    if not wanted:
        return []
    rows = RelyingParty.objects.filter(
        realm=organisation.realm, state__in=[RelyingParty.State.REGISTERED, RelyingParty.State.SUSPENDED]
    ).exclude(organisation=organisation)
    return [
        Imitated(client_id, name, wanted[found])
        for client_id, *known in rows.values_list("client_id", "name_ja", "name_en")
        for name in known
        if (found := skeleton(name)) in wanted
    ]


def _unseen(one: str) -> bool:
    """Tell what no reader sees, or reads over: spaces, points, marks on a Latin letter, what is invisible."""
    # The voicing marks of kana (U+3099, U+309A) are letters of their own to a reader.
    return (unicodedata.category(one)[0] in "CZ" or one in "・･.·•,、。'’`\"“”") or (
        unicodedata.combining(one) != 0 and one not in "\u3099\u309a"
    )
