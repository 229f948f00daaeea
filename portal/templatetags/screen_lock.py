"""`{% screen_lock_button phone %}`: what a page needs to let a gesture stand for the authentication PIN."""

from typing import Any

from django import template

from portal.screen_lock import locks
from tsm.models import Phone

register = template.Library()


@register.inclusion_tag("screen_lock/button.html")
def screen_lock_button(phone: Phone | None) -> dict[str, Any]:
    """Give the button, hidden until screen_lock.js finds a sealed PIN in the browser; nothing without a lock."""
    lock = locks.find(phone) if phone else None
    return {
        "phone": phone,
        "lock": lock,
        "credential": locks.name(lock) if lock else "",
        "hours": locks.hours(),
        # By the realm's clock, which a browser doesn't know.
        "due": bool(phone and lock and locks.is_pin_due(phone, lock)),
    }
