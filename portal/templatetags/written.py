"""The few marks that texts of the APIs' description have, on a page: `code`, and paragraphs."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_CODE = re.compile(r"`([^`\n]+)`")


@register.filter
def marked(text: str) -> SafeString:
    """Return one line with what stands between backticks as code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", conditional_escape(text)))  # noqa: S308  # escaped before


@register.filter
def paragraphs(text: str) -> SafeString:
    """Return a text's paragraphs, which blank lines part."""
    parts = (marked(" ".join(part.split())) for part in re.split(r"\n\s*\n", text) if part.strip())
    return mark_safe("".join(f"<p>{part}</p>" for part in parts))  # noqa: S308


@register.filter
def cell(text: str) -> str:
    """Return a text as it may stand in a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
