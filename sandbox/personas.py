"""Ten invented people, each for one thing that happens. Names, towns and passwords are made up.

The passwords are printed on the screen, because these cards are test material.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ca import clock

# Grows whenever a persona is changed or another one comes; each citizen's row says which edition made it.
VERSION = 1
YEAR = timedelta(days=365)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


class Card(StrEnum):
    """What is the matter with a persona's card."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    BLOCKED = "blocked"
    CHILD = "child"


@dataclass(frozen=True)
class Persona:
    """One invented person with a card. `born_on` is None where only the card's end of validity counts."""

    code: str
    name: str
    romaji: str
    sex: str
    born_on: date | None
    prefecture: str
    municipality: str
    municipality_code: str
    address: str
    signature_password: str
    authentication_pin: str
    card: Card = Card.GOOD


PERSONAS = (
    Persona(
        "hanako", "青葉　花子", "AOBA Hanako", "2", date(1990, 4, 12), "Tokyo-to", "Kusanagi-shi", "13991",
        "東京都草薙市若葉町１－２－３", "HANAKO7391", "7391",
    ),
    Persona(
        "taro", "白川　太郎", "SHIRAKAWA Taro", "1", date(1978, 11, 3), "Tokyo-to", "Kusanagi-shi", "13991",
        "東京都草薙市桜台４－５－６", "TARO58264Z", "5826",
    ),
    Persona(
        "misaki", "月岡　美咲", "TSUKIOKA Misaki", "2", date(2001, 2, 28), "Kanagawa-ken", "Minatohama-shi", "14991",
        "神奈川県港浜市海岸通７－８", "MISAKI4Q07", "4607",
    ),
    Persona(
        "kenji", "風間　健二", "KAZAMA Kenji", "1", date(1955, 7, 21), "Osaka-fu", "Nanbashi-ku", "27991",
        "大阪府難橋区堀江９－１０－１１", "KENJI20W83", "2083",
    ),
    Persona(
        "yui", "星野　結衣", "HOSHINO Yui", "2", date(1996, 2, 29), "Hokkaido", "Yukimori-shi", "01991",
        "北海道雪森市北一条西２丁目１２", "YUI9174KLM", "9174",
    ),
    Persona(
        "sora", "海野　空", "UMINO Sora", "1", None, "Tokyo-to", "Kusanagi-shi", "13991",
        "東京都草薙市若葉町１３－１４", "", "3358", Card.CHILD,
    ),
    Persona(
        "aoi", "森川　葵", "MORIKAWA Aoi", "2", None, "Kanagawa-ken", "Minatohama-shi", "14991",
        "神奈川県港浜市緑町１５", "AOI6620XYZ", "6620", Card.EXPIRED,
    ),
    Persona(
        "ren", "石田　蓮", "ISHIDA Ren", "1", date(1985, 9, 9), "Osaka-fu", "Nanbashi-ku", "27991",
        "大阪府難橋区東町１６－１７", "REN4412PQR", "4412", Card.REVOKED,
    ),
    Persona(
        "mei", "原　芽衣", "HARA Mei", "2", date(1969, 5, 5), "Hokkaido", "Yukimori-shi", "01991",
        "北海道雪森市南三条東１８", "MEI8039STU", "8039", Card.ON_HOLD,
    ),
    Persona(
        "daichi", "山根　大地", "YAMANE Daichi", "1", date(2003, 12, 31), "Tokyo-to", "Kusanagi-shi", "13991",
        "東京都草薙市丘の上１９－２０", "DAICHI55VW", "5571", Card.BLOCKED,
    ),
)  # fmt: skip
_BY_CODE = {persona.code: persona for persona in PERSONAS}

# An expired card's certificates were issued this long ago, one day before a birthday: their fifth is past.
EXPIRED_ISSUED_AGO = timedelta(days=4 * 365 + 60)
# Under 15: a card without a signature certificate.
CHILD_AGE = timedelta(days=9 * 365)


def find(code: str) -> Persona | None:
    """Return the persona of that code, or None."""
    return _BY_CODE.get(code)


def born_on(persona: Persona, now: datetime) -> date:
    """Return the persona's birthday; those that stand for a matter of time are born relative to `now`."""
    if persona.born_on is not None:
        return persona.born_on
    if persona.card is Card.CHILD:
        return clock.day(now - CHILD_AGE)
    eve = clock.day(now - EXPIRED_ISSUED_AGO) + timedelta(days=2)
    return date(eve.year - 36, eve.month, 28 if (eve.month, eve.day) == (2, 29) else eve.day)
