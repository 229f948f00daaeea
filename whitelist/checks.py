"""What must hold of the settings before files of strangers are taken in earnest."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

NO_SCANNER = "whitelist.cases.scanning.look"  # it knows the test virus, and what acts in a PDF


def no_scanner() -> str:
    """Return what keeps files of cases from being taken in production, for an operator; empty when nothing does."""
    if settings.PRODUCTION and settings.CASE_ATTACHMENT_SCAN == NO_SCANNER:
        return f"CASE_ATTACHMENT_SCAN={NO_SCANNER} is no virus scanner: no file of a case is taken."
    return ""


@register(Tags.security, deploy=True)
def scanner(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse, in production, to look through files with what is no virus scanner."""
    hint = "Leave it to its default, which asks clamd at CLAMD_ADDRESS, or name another scanner (docs/operating.md)."
    return [Error(told, hint=hint, id="whitelist.E001")] if (told := no_scanner()) else []
