"""Names, addresses and birth dates as people say and type them, made comparable with those of the register."""

import itertools
import re
import unicodedata
from datetime import date

# Characters of names that a person writes in one form and the register has in another: the first of each stands for
# all. Common pairs of family names; not a table of all variants.
_VARIANTS = (
    "高髙", "崎﨑", "斉斎齊齋", "辺邊邉", "沢澤", "浜濱濵", "広廣", "国國", "徳德", "恵惠", "桜櫻", "瀬瀨", "竜龍",
    "島嶋嶌", "吉𠮷", "真眞", "栄榮", "塩鹽", "柳栁", "渕淵", "富冨", "万萬", "蔵藏", "関關", "鉄鐵", "館舘", "峰峯",
    "松枩", "鶴靍", "桑桒", "郎郞", "都都", "祐祐", "神神", "福福", "晃晄", "礼禮", "与與", "条條", "黒黑", "静靜",
)  # fmt: skip
_SAME = {other: group[0] for group in _VARIANTS for other in group}
_FORMS = {one: group for group in _VARIANTS for one in group}
_SPACE = re.compile(r"[\s・]+")
_DASHES = re.compile(r"[‐‑‒–—―−－ー-]")
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_BIRTH_DATE = re.compile(
    r"(?P<plain>\d{8})|(?P<era>明治|大正|昭和|平成|令和|[MTSHR])?\.?"
    r"(?P<year>\d{1,4}|元)[年./-](?P<month>\d{1,2})[月./-](?P<day>\d{1,2})日?"
)
MOST_FORMS = 500


def name_key(name: str) -> str:
    """Return what two writings of a name have in common: no spaces, one width, one case, one form of a character."""
    plain = _SPACE.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return "".join(_SAME.get(one, one) for one in plain)


def address_key(address: str) -> str:
    """Return what two writings of an address have in common: 1丁目2番3号 and １－２－３ are one."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", address)).casefold()
    plain = re.sub(r"(?<=\d)(丁目|番地|番|号室|号|の)(?=\d)", "-", plain)
    plain = re.sub(r"(?<=\d)(番地|番|号)", "", plain)
    return _DASHES.sub("-", "".join(_SAME.get(one, one) for one in plain))


def plain(text: str) -> str:
    """Return any other text in one width and case, without spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def written_forms(name: str) -> list[str]:
    """Return how the register may have written a name: family and given name with U+3000 between, full width.

    Where no space was typed it may stand anywhere. An exact list, so that the database finds them by its index.
    """
    words = [word for word in _SPACE.split(unicodedata.normalize("NFKC", name).strip()) if word]
    if len(words) == 1:
        word = words[0]
        splits = [word, *(f"{word[:at]}\u3000{word[at:]}" for at in range(1, min(len(word), 40)))]
    else:
        splits = ["\u3000".join(words)] if words else []
    forms = itertools.chain.from_iterable(_forms(one) for one in splits)
    return list(dict.fromkeys(itertools.islice(forms, MOST_FORMS)))


def birth_date(text: str) -> date | None:
    """Return the date that was typed: 1990-04-12, 19900412, 平成2年4月12日, H2.4.12; None when it is none."""
    found = _BIRTH_DATE.fullmatch(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper())
    if found is None:
        return None
    if found["plain"]:
        year, month, day = found["plain"][:4], found["plain"][4:6], found["plain"][6:]
    else:
        year, month, day = found["year"], found["month"], found["day"]
    era = found["era"] or ""
    try:
        return date((1 if year == "元" else int(year)) + _ERAS.get(_LETTERS.get(era, era), 0), int(month), int(day))
    except ValueError:
        return None


def _forms(name: str) -> list[str]:
    upper = name.upper()
    full_width = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in upper)
    written = []
    for text in dict.fromkeys((full_width, upper)):
        choices = [_FORMS.get(one, one) for one in text]
        written += ["".join(picked) for picked in itertools.islice(itertools.product(*choices), 32)]
    return written
