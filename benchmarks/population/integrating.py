"""An integrator's workspace in the midst of the population, gone through by its API from end to end."""

import secrets
from typing import Any

ROOT = "/sandbox/api/v1"


class Integrator:
    """One workspace with its people, made as a provider makes it, and its service's token."""

    def __init__(self, realm: Any, workers: Any) -> None:
        from ca import crl
        from tests.portal.accounts.people import sign_in
        from tests.portal.api.workspaces import client_of, whole_workspace
        from tests.portal.providers.people import make_organisation, make_provider

        name = secrets.token_hex(4)
        owner = make_provider(realm, f"{name}@bank.example", organisation=make_organisation(realm, f"銀行{name}"))
        workspace = whole_workspace(owner)
        workers.work()
        list(crl.publish_due(workspace.realm))
        self._workers = workers
        self._client = client_of(workspace)
        self._browser, self._name = sign_in(owner.account), owner.organisation.reference

    def go(self) -> None:
        """Call every operation, so that as many as can be are answered well."""
        self._authorities()
        phone, enrolment = self._people()
        self._certificates()
        self._service(phone)
        self._call("POST", f"enrolments/{enrolment}/end")
        self._conformance()
        self._time()
        self._call("DELETE", f"phones/{self._call('POST', 'phones', {'model': 'sakura-8'})['id']}")

    def look(self, book: Any) -> None:
        """Measure the pages of the workspace's console that ask for its certificates."""
        from django.urls import reverse

        items = self._call("GET", "certificates").get("items", [])
        pages = {
            "overview": ("workspace:overview", [self._name]),
            "one certificate": ("workspace:certificate-act", [self._name, items[0]["id"] if items else "none"]),
        }
        for name, (page, places) in pages.items():
            address = reverse(page, args=places)
            book.measure("page", f"an integrator's own workspace, {name}", lambda address=address: self._see(address))

    def _see(self, address: str) -> None:
        answer = self._browser.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")

    def _call(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Call one; return what it tells, nothing where that isn't JSON. Workers work afterwards."""
        if method == "POST":
            headers.setdefault("Idempotency-Key", secrets.token_hex(8))
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        if method == "POST" and body is None:
            more = {"data": {}, "content_type": "application/json"}
        answer = getattr(self._client, method.lower())(f"{ROOT}/{path}", headers=headers, **more)
        self._workers.work()
        told = answer.json() if answer.content and "json" in answer.get("Content-Type", "") else {}
        return told if isinstance(told, dict) else {}

    def _first(self, path: str, member: str = "id") -> str:
        """Return the name of the first that a list has."""
        items = self._call("GET", path).get("items", [])
        return str(items[0][member]) if items else "none"

    def _authorities(self) -> None:
        for path in (
            "workspace",
            "authorities",
            "authorities/signature/1/pem",
            "authorities/signature/1/responder/pem",
        ):
            self._call("GET", path)
        number = self._first("crls")
        for form in ("der", "pem"):
            self._call("GET", f"crls/{number}/{form}")

    def _people(self) -> tuple[str, str]:
        """Make a citizen with a card and a phone that has its certificates; return the phone and the enrolment."""
        made = self._call("POST", "citizens", {"name": "試験　明", "romaji": "SHIKEN Akira"})
        citizen = made.get("id", "none")
        self._call("GET", "citizens")
        self._call("GET", f"citizens/{citizen}")
        card = self._call("POST", "cards", {"citizen": citizen}).get("id") or self._first("cards")
        self._call("GET", f"cards/{card}")
        self._call("GET", "cards")
        phone = self._call("POST", "phones", {"model": "sakura-8"}).get("id", "none")
        self._call("GET", "phones")
        self._call("GET", f"phones/{phone}")
        self._call("PATCH", f"phones/{phone}", {"reachable": False})
        asked = {"citizen": citizen, "phone": phone}
        enrolment = self._call("POST", "enrolments", asked).get("id", "none")
        self._call("GET", "enrolments")
        self._call("GET", f"enrolments/{enrolment}")
        # One whose phone can be reached goes all the way by itself: there would be nothing to advance.
        self._call("POST", f"enrolments/{enrolment}/advance", {"until": "active"})
        self._call("PATCH", f"phones/{phone}", {"reachable": True})
        self._call("GET", f"phones/{phone}/passwords")
        self._call("POST", f"phones/{phone}/passwords/block", {"purpose": "user_authentication"})
        unblock = {"purpose": "user_authentication", "password": "6194"}
        self._call("POST", f"phones/{phone}/passwords/unblock", unblock)
        self._call("POST", f"enrolments/{enrolment}/suspend")
        self._call("POST", f"enrolments/{enrolment}/resume")
        self._call(
            "PATCH", f"citizens/{citizen}", {"address": "東京都草薙市桜台７－８", "municipality": "Kusanagi-shi"}
        )
        return str(phone), str(enrolment)

    def _certificates(self) -> None:
        items = self._call("GET", "certificates?medium=card&status=valid").get("items", [])
        name = items[0]["id"] if items else "none"
        for part in ("", "/der", "/pem"):
            self._call("GET", f"certificates/{name}{part}")
        self._call("POST", f"certificates/{name}/pkcs12", {"password": "a password of the file"})
        self._call("POST", f"certificates/{name}/hold", {})
        self._call("POST", f"certificates/{name}/release")
        self._call("POST", f"certificates/{name}/revoke", {"cause": "key_compromise"})
        wish = {"medium": "phone", "purpose": "user_authentication", "state": "revoked", "cause": "key_compromise"}
        made = self._call("POST", "test-certificates", wish).get("id", "none")
        self._call("GET", "test-certificates")
        self._call("GET", f"test-certificates/{made}")

    def _service(self, phone: str) -> None:
        """Faults, webhooks, what happened, and a phone that opens a link."""
        fault = self._call("POST", "faults", {"name": "signature_wrong", "scope": {"requests": 1}}).get("id", "none")
        for path in ("faults", "faults/catalogue", f"faults/{fault}", "requests", "trace", "events", "event-types"):
            self._call("GET", path)
        self._call("DELETE", f"faults/{fault}")
        self._call("GET", f"requests/{self._first('requests')}")
        self._call("GET", f"trace/{self._first('trace')}")
        hook = self._call("POST", "webhooks", {"url": "https://bank.example/hook", "event_types": []}).get("id", "none")
        self._call("GET", "webhooks")
        self._call("GET", f"webhooks/{hook}")
        self._call("POST", f"webhooks/{hook}/ping")
        delivery = self._first(f"webhooks/{hook}/deliveries")
        self._call("POST", f"deliveries/{delivery}/replay")
        self._call("PATCH", f"webhooks/{hook}", {"enabled": False})
        self._call("POST", f"webhooks/{hook}/enable", {})
        self._call("POST", f"webhooks/{hook}/secret", {"overlap_hours": 24})
        self._call("DELETE", f"webhooks/{hook}")
        wish = {"purpose": "user_authentication", "return_url": self._callback(), "code_challenge": "x" * 43}
        asked = self._client.post("/api/v1/handoffs", wish, content_type="application/json").json()
        session = self._call("POST", "phone-sessions", {"phone": phone, "link": asked.get("link", "")}).get(
            "id", "none"
        )
        self._call("GET", "phone-sessions")
        screen = self._call("GET", f"phone-sessions/{session}").get("screen") or {}
        action = next((one for one in ("refuse", "cancel") if one in screen.get("actions", [])), "time_out")
        self._call("POST", f"phone-sessions/{session}/act", {"action": action})

    def _callback(self) -> str:
        told = self._call("GET", "workspace")
        return str((told.get("callback_urls") or ["http://localhost:3000/callback"])[0])

    def _conformance(self) -> None:
        self._call("GET", "conformance/cases")
        run = self._call("POST", "conformance/runs", {"cases": ["good-authentication", "signature-wrong"]})
        here = f"conformance/runs/{run.get('id', 'none')}"
        self._call("GET", "conformance/runs")
        self._call("GET", here)
        self._call("POST", f"{here}/cases/signature-wrong/arm")
        self._call("POST", f"{here}/cases/signature-wrong/verdict", {"accepted": False})
        self._call("POST", f"{here}/finish")
        self._call("GET", f"{here}/report")

    def _time(self) -> None:
        self._call("GET", "clock")
        self._call("POST", "clock", {"advance": "P1D"})
        made = self._call("POST", "rotations", {"what": "authority", "purpose": "signature"})
        self._call("GET", "rotations")
        self._call("GET", f"rotations/{made.get('id', 'none')}")
