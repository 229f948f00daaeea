"""What other bodies would tell Mynaportal of a persona: taxes, pension, vaccinations. Invented, and the same each time.

Named by the setting MYNAPORTAL_RECORDS; plain data, each text a pair (Japanese, English).
"""

import hashlib
from typing import Any

from ca import clock
from ca.models import Holder
from sandbox.models import VirtualCard

Text = tuple[str, str]


def of(holder: Holder) -> list[dict[str, Any]]:
    """Return the records of a persona's; none of anybody else's."""
    card = VirtualCard.objects.filter(holder=holder).order_by("-pk").first()
    if card is None:
        return []
    # A number of the persona's own, from which the figures come.
    seed = int.from_bytes(hashlib.sha256(card.persona.encode()).digest()[:4], "big")
    year = clock.now(holder.realm).year - 1
    note = ("試験用に作った架空の値です。", "Invented for the test world.")
    return [
        {
            "title": ("税・所得", "Taxes and income"),
            "source": ("お住まいの市区町村", "Your municipality"),
            "note": note,
            "head": [("年度", "Fiscal year"), ("合計所得金額", "Total income"), ("住民税", "Residents' tax")],
            "rows": [_tax(year - back, seed + 37 * back) for back in range(2)],
        },
        {
            "title": ("年金", "Pension"),
            "source": ("日本年金機構", "Japan Pension Service"),
            "note": note,
            "head": [("制度", "Scheme"), ("加入の月数", "Months")],
            "rows": [
                [("国民年金", "National pension"), _months(24 + seed % 60)],
                [("厚生年金", "Employees' pension"), _months(36 + seed % 120)],
            ],
        },
        {
            "title": ("予防接種", "Vaccinations"),
            "source": ("お住まいの市区町村", "Your municipality"),
            "note": note,
            "head": [("種類", "Vaccine"), ("接種した日", "Date")],
            "rows": [
                [("インフルエンザ", "Influenza"), _same(f"{year}-11-{1 + seed % 28:02d}")],
                [("新型コロナ", "COVID-19"), _same(f"{year}-10-{1 + seed % 27:02d}")],
                [("麻しん・風しん", "Measles and rubella"), _same(f"{year - 8}-06-{1 + seed % 26:02d}")],
            ],
        },
    ]


def _tax(year: int, seed: int) -> list[Text]:
    income = 2_400_000 + seed % 40 * 100_000
    return [
        (f"{year}年度", f"{year}"),
        (f"{income:,}円", f"{income:,} yen"),
        (f"{income // 14 // 100 * 100:,}円", f"{income // 14 // 100 * 100:,} yen"),
    ]


def _months(number: int) -> Text:
    return f"{number}か月", f"{number}"


def _same(text: str) -> Text:
    return text, text
