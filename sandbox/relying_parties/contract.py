"""The bank's contract: the same terms always say the same, as a text and as a PDF."""

from dataclasses import asdict, dataclass
from html import escape

from sandbox.relying_parties import papers
from sandbox.relying_parties.texts import TEXTS

_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 25mm; }}
body {{ font-family: "Noto Sans CJK JP", sans-serif; font-size: 11pt; line-height: 1.9; }}
h1 {{ font-size: 18pt; text-align: center; margin: 0 0 12mm; }}
p {{ margin: 0 0 4mm; white-space: pre-wrap; }}
</style></head><body><h1>{title}</h1>{paragraphs}</body></html>"""


@dataclass(frozen=True)
class Terms:
    """What differs from contract to contract: its number, its date, and its language."""

    number: str
    date: str
    language: str

    @property
    def text(self) -> str:
        """Return the contract in full."""
        return TEXTS["contract_text"][self.language == "en"].format(number=self.number, date=self.date)

    def kept(self) -> dict[str, str]:
        """Return the terms as the session keeps them."""
        return asdict(self)


def pdf(terms: Terms) -> bytes | None:
    """Return the contract as a PDF; None where this machine can't make one."""
    title, _, body = terms.text.partition("\n")
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in body.strip().split("\n"))
    return papers.pdf(_PAGE.format(language=terms.language, title=escape(title), paragraphs=paragraphs))
