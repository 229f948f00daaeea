"""Every text of every sample. A key stands in one of them only."""

from sandbox.relying_parties import texts
from sandbox.relying_parties.city import texts as city
from sandbox.relying_parties.clinic import texts as clinic
from sandbox.relying_parties.kiosk import texts as kiosk

TEXTS: dict[str, tuple[str, str]] = {**texts.TEXTS, **city.TEXTS, **kiosk.TEXTS, **clinic.TEXTS}
