"""A page of the hand-off as its script finds it, and which page it is."""

from html.parser import HTMLParser

from sandbox.driver.browser import Answer


def form(answer: Answer) -> dict[str, str]:
    """Return what the page gives its script: the data- members of the form, or nothing where there is no form."""
    reader = _Reader()
    reader.feed(answer.text)
    return reader.form


def code(answer: Answer) -> str:
    """Return the code that a page which stops a hand-off shows; empty for any other page."""
    reader = _Reader()
    reader.feed(answer.text)
    return reader.code


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form: dict[str, str] = {}
        self.code = ""
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form" and told.get("id") == "answer":
            self.form = {name.removeprefix("data-"): value or "" for name, value in attrs if name.startswith("data-")}
        self._in_code = tag == "p" and told.get("class") == "code"

    def handle_data(self, data: str) -> None:
        if self._in_code and data.strip():
            self.code = data.strip()
        self._in_code = False
