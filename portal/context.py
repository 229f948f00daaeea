"""What every template may know of the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {"sandbox": settings.SANDBOX, "samples_url": settings.SAMPLES_URL, "responder_url": settings.RESPONDER_URL}
