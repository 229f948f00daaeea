"""Fixtures for notices: a mail server, and holders whose phones have certificates."""

from collections.abc import Iterator
from typing import Any

import pytest

from ca import clock
from ca.models import Holder, Realm
from portal.notices.models import Contact
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.notices import post
from tests.portal.notices.post import PostOffice

ADDRESS = "hanako@mail.example"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.TSM_LONG_POLL_SECONDS = 0
    settings.PHONE_DEVICES = "tests.portal.phone.devices"
    settings.DEFAULT_REALM = "test"
    settings.HELP_DESK_NUMBER = "0120-00-0000"


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    """Return a mail server that takes mails over SMTP, and is the site's."""
    with post.opened() as opened:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = opened.port
        settings.DEFAULT_FROM_EMAIL = "no-reply@jpki.example"
        yield opened


def reachable(holder: Holder, address: str = ADDRESS) -> Holder:
    """Give a holder a confirmed address."""
    Contact.objects.create(holder=holder, address=address, confirmed_at=clock.now(holder.realm))
    return holder


@pytest.fixture
def holder(realm: Realm) -> Holder:
    """Return a holder with a confirmed mail address and no certificates."""
    from tests.ca.fixtures import make_holder

    return reachable(make_holder(realm))
