"""Checking in where a reader may stand: by link, by a code on the screen, or by laying card or phone on the reader.

    COUNTER = Counter(CLINIC, then="clinic_file")    # five views: welcome, sign_in, come_back, read, refused

Their templates are `samples/<service>/welcome.html` and `refused.html`, their addresses `<service>` and
`<service>_refused`.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from jpki_client import USER_AUTHENTICATION, Verdict

from sandbox.relying_parties import asking, reader, visitor
from sandbox.relying_parties.asking import Service
from sandbox.relying_parties.pages import reporting

READER = "reader"


class Counter:
    """The way in to one service; who is let in goes on at the address that `then` names."""

    def __init__(self, service: Service, *, then: str) -> None:
        self._service, self._then = service, then
        told = reporting(service.name)
        self.welcome = never_cache(require_safe(self._welcome))
        self.sign_in = never_cache(require_http_methods(["GET", "HEAD", "POST"])(told(self._sign_in)))
        self.come_back = never_cache(require_safe(told(self._come_back)))
        self.read = never_cache(require_safe(told(self._read)))
        self.refused = never_cache(require_safe(told(self._refused)))

    def _welcome(self, request: HttpRequest) -> HttpResponse:
        """Show the ways to check in."""
        return self._page(request, "welcome", reader=reader.is_there())

    def _sign_in(self, request: HttpRequest) -> HttpResponse:
        """Send the visitor to their phone, show a code for it, or send them to the reader."""
        if request.method != "POST":
            return redirect(self._service.name)
        asking.begin(request)
        if request.POST.get("way") == READER:
            return reader.send(request, self._service)
        return asking.ask(request, self._service, USER_AUTHENTICATION, way=asking.way(request))

    def _come_back(self, request: HttpRequest) -> HttpResponse:
        """Receive the visitor from the hand-off."""
        came = asking.come_back(request, self._service)
        if isinstance(came, HttpResponse):
            return came
        verdict = asking.verdict(request, self._service, USER_AUTHENTICATION)
        return redirect(self._service.name) if verdict is None else self._let_in(request, verdict)

    def _read(self, request: HttpRequest) -> HttpResponse:
        """Receive the visitor from the reader."""
        came = reader.come_back(request, self._service)
        return came if isinstance(came, HttpResponse) else self._let_in(request, came)

    def _refused(self, request: HttpRequest) -> HttpResponse:
        """Show what didn't hold."""
        lines = visitor.checked(request, self._service)
        return self._page(request, "refused", status=403, lines=lines) if lines else redirect(self._service.name)

    def _let_in(self, request: HttpRequest, verdict: Verdict) -> HttpResponse:
        admitted = visitor.admit(request, self._service, verdict)
        return redirect(self._then if admitted else f"{self._service.name}_refused")

    def _page(self, request: HttpRequest, page: str, *, status: int = 200, **context: object) -> HttpResponse:
        name = self._service.name
        return render(request, f"samples/{name}/{page}.html", {"service": name, **context}, status=status)
