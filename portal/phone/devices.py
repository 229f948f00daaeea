"""Where the pages reach a card on a reader and the phone's element: behind the module that PHONE_DEVICES names."""

from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ca.models import Realm
from tsm.models import Phone


def _module() -> ModuleType | None:
    return import_module(settings.PHONE_DEVICES) if settings.PHONE_DEVICES else None


def cards(request: HttpRequest, realm: Realm | None) -> list[dict[str, Any]]:
    """Return the cards of the realm that can be laid on a reader: label, hint, url."""
    module = _module()
    found = list(module.cards(request, realm)) if module and realm is not None else []
    if settings.PHONE_AGENT_URL:
        hint = _("PCのエージェントに許可を求められます")
        reader = {
            "label": _("カードリーダーに置いたカード"),
            "hint": hint,
            "url": f"{settings.PHONE_AGENT_URL}/card/session",
        }
        return [reader, *found]
    return found


def element_url(request: HttpRequest, phone: Phone) -> str:
    """Return the address by which the page reaches the phone's element; empty where there is none."""
    module = _module()
    found = module.element(request, phone) if module else None
    if found:
        return str(found["url"])
    return f"{settings.PHONE_AGENT_URL}/element/session" if settings.PHONE_AGENT_URL else ""


def new_phone(request: HttpRequest, model_code: str, realm: Realm | None) -> Phone | None:
    """Return a phone of that model in the realm, fresh from the shop; None where phones can't be had by asking."""
    module = _module()
    return module.new_phone(request, model_code, realm) if module and realm is not None else None
