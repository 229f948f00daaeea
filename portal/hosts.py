"""Names of their own for citizens, staff and service providers, so that browsers hold them apart as they do strangers.

Where STAFF_URL and PROVIDERS_URL name other hosts than PUBLIC_URL, each answers its own pages alone: who follows a link
to another's is led there, and anything else is not found. Scripts, storage and cookies of one (`__Host-`: of that host
alone) are then no business of the others'. Where all three are one name, as by default, nothing is done.
"""

from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect


class Area(StrEnum):
    """Who a page is for."""

    CITIZENS = "citizens"  # and everybody else: the register, developers, the APIs
    STAFF = "staff"
    PROVIDERS = "providers"


EVERYWHERE = frozenset(Area)
# By the beginning of the path, the longest first; what isn't here is the citizens'. Providers' accounts have some of
# staff's pages: what ends a session, changes a password, or takes an enrolment code.
BEGINNINGS: tuple[tuple[str, frozenset[Area]], ...] = (
    ("/staff/sign-out", frozenset({Area.STAFF, Area.PROVIDERS})),
    ("/staff/account", frozenset({Area.STAFF, Area.PROVIDERS})),
    ("/staff/enrol/", frozenset({Area.STAFF, Area.PROVIDERS})),
    ("/staff/", frozenset({Area.STAFF})),
    ("/helpdesk/", frozenset({Area.STAFF})),
    ("/console/", frozenset({Area.STAFF})),
    ("/review/", frozenset({Area.STAFF})),
    ("/providers/", frozenset({Area.PROVIDERS})),
    ("/i18n/", EVERYWHERE),
    ("/static/", EVERYWHERE),
    ("/healthz", EVERYWHERE),
    ("/readyz", EVERYWHERE),
)


def of_path(path: str) -> frozenset[Area]:
    """Return at whose names a page is answered."""
    return next((areas for beginning, areas in BEGINNINGS if path.startswith(beginning)), frozenset({Area.CITIZENS}))


def home(area: Area) -> str:
    """Return an area's origin, without a slash at its end."""
    return _own(area) or str(settings.PUBLIC_URL).rstrip("/")


def are_apart() -> bool:
    """Tell whether citizens, staff and providers have three names."""
    return len({_host(home(area)) for area in Area}) == len(Area)


def of_host(host: str) -> frozenset[Area]:
    """Return whose name a host is. Areas without one of their own are wherever no other is: at any name, by default."""
    named = {area: _host(url) for area in Area if (url := _own(area))}
    return frozenset(area for area in named if named[area] == host) or frozenset(Area) - named.keys()


def _own(area: Area) -> str:
    """Return the origin that is an area's and not the citizens'; nothing where it has none."""
    told = {Area.STAFF: settings.STAFF_URL, Area.PROVIDERS: settings.PROVIDERS_URL}.get(area, "")
    return told if told and _host(told) != _host(settings.PUBLIC_URL) else ""


class Separated:
    """Middleware: each area's pages at its own name. Raises Http404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, lead on, or find nothing."""
        areas = of_path(request.path_info)
        # What asks for health comes by an address as often as by a name.
        if areas == EVERYWHERE or areas & of_host(_bare(request.get_host(), request.scheme or "")):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            raise Http404
        # To a name of ours, whatever was asked for: the path can't begin with a host.
        (area, *_) = sorted(areas, key=list(Area).index)
        return HttpResponseRedirect(home(area) + request.get_full_path())


def _host(url: str) -> str:
    parts = urlsplit(url)
    return _bare(parts.netloc.lower(), parts.scheme)


def _bare(host: str, scheme: str) -> str:
    return host.lower().removesuffix({"https": ":443", "http": ":80"}.get(scheme, ""))
