"""The site: settings, addresses, workers, and what a citizen sees: the phone's screens and the hand-off.

Parses, asks `tsm`, `whitelist` and `ca`, renders; words every error once (`problems`).
Never decides what a certificate is worth or who may ask, and never sees a password of a card or a phone.
"""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
