"""The sandbox's devices, but for the factory: it works in this process, for no worker runs beside a test."""

from django.http import HttpRequest

from ca.models import Realm
from sandbox import phones
from sandbox.devices import cards, element
from tsm.models import Phone

__all__ = ["cards", "element", "new_phone"]


def new_phone(request: HttpRequest, model_code: str, realm: Realm) -> Phone:
    return phones.make(realm, model_code)
