"""What an organisation is told on its pages: entries that are suspended, and what ends soon."""

from typing import Any

from portal.review import words
from whitelist.models import Organisation, Suspension
from whitelist.review import endings, suspensions


def of(organisation: Organisation) -> dict[str, Any]:
    """Return what `review/ahead.html` expects: the suspensions that stand, and what ends within 90 days."""
    stopped = Suspension.objects.filter(entry__organisation=organisation, state__in=suspensions.OPEN)
    return {
        "stopped": list(stopped.select_related("entry").order_by("pk")),
        "endings": [
            {"ending": one, "kind": words.ENDINGS[one.kind]}
            for one in endings.upcoming(organisation.realm, organisation=organisation)
        ],
    }
