"""How the site looks from outside: its names, their certificates, and whether this host is let out where it must not.

It goes out to the network, so two look and nobody else: `manage.py doctor --outside`, where somebody asks for it, and
in production the worker of the queue `probes`, which may, each night at the site's names. It reads neither rows nor
queues.
"""

import errno
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from celery import shared_task
from cryptography import x509
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ca import clock
from portal.observing import looking
from portal.observing.findings import DAY, Finding, Severity
from portal.observing.measures import Measure, Reading, Sample
from portal.observing.measures.measure import left

SECONDS = 10
# What is left of a certificate when somebody is told: renewing one takes days where people do it.
LEAST_DAYS = 21
# RFC 5737: an address of documentation's, where nobody is; port 9 throws away.
NOBODY = ("192.0.2.1", 9)


@dataclass(frozen=True)
class Seen:
    """What one name showed: whether TLS came about at all, whether this machine believes it, and how long it holds."""

    name: str
    reached: bool
    trusted: bool = False
    seconds_left: float = 0.0


def names() -> list[tuple[str, int]]:
    """Return the names that the world comes to by TLS, with their ports: site, clients' certificates, responder."""
    site, responder = urlsplit(settings.PUBLIC_URL), urlsplit(settings.RESPONDER_URL)
    found = [(site.hostname or "", site.port or 443)]
    # Others of the site's names, as it is told them: no patterns, and nothing that is this machine's alone.
    found += [(one, 443) for one in settings.ALLOWED_HOSTS if "." in one and one[0] != "." and one[-1].isalpha()]
    found.append((responder.hostname or "", responder.port if responder.scheme == "https" and responder.port else 443))
    return [one for one in dict.fromkeys(found) if one[0]]


def look_at(name: str, port: int) -> Seen:
    """Say hello to a name by TLS, with the authorities that this machine believes, and nothing more."""
    shown = name if port == 443 else f"{name}:{port}"
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((name, port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            der = secured.getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError:
        return Seen(shown, reached=True)
    except (OSError, ValueError):
        return Seen(shown, reached=False)
    end = x509.load_der_x509_certificate(der).not_valid_after_utc
    return Seen(shown, reached=True, trusted=True, seconds_left=left(end, clock.machine()))


def is_let_out() -> bool:
    """Tell whether a datagram to nobody leaves this host: behind its firewall the kernel refuses it at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.sendto(b"", NOBODY)
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH):
                return False
            raise
    return True


def of_names() -> list[Reading]:
    """Look at each name, once."""
    seen = [look_at(name, port) for name, port in names()]
    return [
        _reading("jpki_outside_reached", [(one.name, float(one.reached)) for one in seen]),
        _reading("jpki_outside_trusted", [(one.name, float(one.trusted)) for one in seen if one.reached]),
        _reading("jpki_outside_left_seconds", [(one.name, one.seconds_left) for one in seen if one.trusted]),
    ]


def read() -> list[Reading]:
    """Look at the names, and at what this host is let out to."""
    let_out = Reading(Measure("jpki_outside_let_out", "", (), lambda: (), needs=""), (Sample(float(is_let_out())),))
    return [*of_names(), let_out]


class WrongOutside(Exception):
    """What the nightly look found: each finding's id with the name that it is about."""


@shared_task(name="portal.look_outside")
def look_outside() -> int:
    """Look at the site's names; return how many there are. Raises WrongOutside, which is told as `sweeps.failed`."""
    if not settings.OUTSIDE_LOOK:
        return 0
    found = looking.judge(of_names(), FINDINGS)
    if found:
        raise WrongOutside(", ".join(f"{one.finding.id} [{one.about}]" for one in found))
    return len(names())


def _reading(measure: str, figures: list[tuple[str, float]]) -> Reading:
    samples = tuple(Sample(figure, {"name": name}) for name, figure in figures)
    return Reading(Measure(measure, "", ("name",), lambda: (), needs=""), samples)


FINDINGS: tuple[Finding, ...] = (
    Finding(
        "outside.unreachable",
        Severity.PAGE,
        "jpki_outside_reached",
        lambda: 1,
        _("この名前で、TLSの接続ができません。"),
        _("名前の登録（DNS）、nginx、ファイアウォールを確かめてください。"),
        below=True,
    ),
    Finding(
        "outside.untrusted",
        Severity.PAGE,
        "jpki_outside_trusted",
        lambda: 1,
        _("この名前の証明書を、この機械は信じません。ブラウザーも信じないでしょう。"),
        _("公に信頼された認証局の証明書を、途中の証明書とともに置いてください（docs/operating.md）。"),
        below=True,
    ),
    Finding(
        "outside.ends",
        Severity.TICKET,
        "jpki_outside_left_seconds",
        lambda: LEAST_DAYS * DAY,
        _("この名前の証明書が、まもなく切れます。"),
        _("証明書を更新して、nginxに読ませてください。"),
        below=True,
        unit="seconds",
    ),
    Finding(
        "outside.unsealed",
        Severity.TICKET,
        "jpki_outside_let_out",
        lambda: 0,
        _("この機械から、用のない宛先に送れます。ファイアウォールがありません。"),
        _("deploy/firewall.py の規則を、この機械に読ませてください（docs/operating.md）。"),
    ),
)
