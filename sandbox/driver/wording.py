"""What the citizen's pages say, in both languages: the sentences are the pages' own, from their templates."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext, override

Both = dict[str, str]
LANGUAGES = ("ja", "en")
_SENTENCE = re.compile(r'<p data-code="(\w+)">(.*?)</p>', re.DOTALL)


def both(msgid: str, **values: Any) -> Both:
    """Return a sentence of the pages in both languages; `values` fill in its %(names)s."""
    told = {}
    for language in LANGUAGES:
        with override(language):
            told[language] = gettext(msgid) % values if values else gettext(msgid)
    return told


def of_text(text: Any) -> Both:
    """Return a text of the register (`whitelist.register.Text`)."""
    return {"ja": text.ja, "en": text.en}


def sentence(code: str, *, tries: int | None = None, aliases: Mapping[str, str] | None = None) -> Both:
    """Return what a page's script says for a code, as `sentenceFor` of page.js does."""
    wanted = (aliases or {}).get(code, code)
    return {
        language: (found.get(wanted) or found["unknown"]).replace("{tries}", str(tries))
        for language in LANGUAGES
        for found in (_sentences(language),)
    }


@functools.cache
def _sentences(language: str) -> dict[str, str]:
    with override(language):
        pages = [render_to_string(name) for name in ("phone/sentences.html", "screen_lock/sentences.html")]
    return {code: strip_tags(text).strip() for page in pages for code, text in _SENTENCE.findall(page)}
