"""Every page of the site: its address, and in whose browser it is looked at. An address in neither table is a fault.

The names of browsers and of what stands in addresses are `world.World`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

# (name of the page, name of the case): one page of every kind and state.
CASE_PAGES = (
    ("organisation-address", "case, empty"),
    ("organisation-address", "case, submitted"),
    ("basis", "case, whole"),
    ("certification", "case, whole"),
    ("service", "case, disputed"),
    ("service", "case, returned"),
    ("logo", "case, change"),
    ("purposes", "case, whole"),
    ("user-authentication", "case, whole"),
    ("signature", "case, empty"),
    ("applications", "case, whole"),
    ("applications", "case, empty"),
    ("security-connections", "case, whole"),
    ("contact-emergency", "case, whole"),
    ("survey", "case, whole"),
)


@dataclass(frozen=True)
class Page:
    """One page as somebody sees it: `names` are those of `World.names`, or stand for themselves."""

    address: str
    browser: str = "anybody"
    names: tuple[str, ...] = ()
    query: str = ""
    status: int = 200

    def __str__(self) -> str:
        return " ".join(filter(None, [self.address, *map(str, self.names), self.query, f"({self.browser})"]))


ORGANISATION = ("organisation", "rename", "leave", "members", "invite", "workspace", "callbacks", "key")
CONSOLE = ("overview", "tour", "citizens", "phones", "clock", "faults", "inspector", "webhooks", "conformance", "trace")
PHONES = ("active", "held", "moving", "passwords", "ended", "given up")
PURPOSES = ("signature", "user-authentication")
CASES = ("case, empty", "case, whole", "case, returned", "case, submitted", "case, change")
# Nobody, and somebody in every state that a phone can be in.
PAGES: tuple[Page, ...] = (
    Page("start"),
    *(Page("start", browser) for browser in PHONES),
    Page("register:list"),
    *(Page("register:entry", names=(state,)) for state in ("in force", "suspended", "under an operator")),
    Page("tsm:phones"),
    # --- for developers
    Page("developers:index"),
    Page("developers:operation", names=("relying-party", "handoffs_create")),
    Page("developers:operation", names=("sandbox", "requests_list")),
    Page("developers:problems"),
    Page("problem", names=("wrong_state",)),
    Page("problem", names=("token_invalid",)),
    # --- the phone
    Page("phone:home"),
    Page("phone:home", "choosing", query="new=1"),
    Page("phone:home", "new"),
    *(Page("phone:home", browser) for browser in PHONES),
    Page("phone:change", "active"),
    Page("phone:apply", "choosing"),
    Page("phone:apply-phone", "choosing"),
    Page("phone:agree", "choosing"),
    Page("phone:card", "new"),
    *(Page("phone:enrolment", browser, (browser,)) for browser in PHONES),
    Page("phone:trace", "active", ("active",)),
    Page("phone:passwords", "active"),
    Page("phone:passwords", "held"),
    *(Page("phone:password-change", "active", (purpose,)) for purpose in PURPOSES),
    *(Page("phone:unblock", "active", (purpose,)) for purpose in PURPOSES),
    Page("phone:leaving"),
    Page("phone:leaving", "active"),
    Page("phone:end", "active"),
    Page("phone:found", "held"),
    Page("phone:lost"),
    Page("phone:lost-card"),
    Page("phone:lost-mine", "card"),
    Page("phone:lost-mine", "card, held"),
    Page("notices:notices", "active"),
    Page("notices:address", "active"),
    Page("notices:code", "active"),
    Page("notices:stop", "active"),
    Page("screen_lock:page", "active"),
    # --- my certificates
    Page("certificates:home", "active"),
    Page("certificates:home", "proved"),
    Page("certificates:history", "proved"),
    Page("certificates:use", "proved", ("use",)),
    # --- the hand-off
    Page("handoff:page", "active", ("sign",)),
    Page("handoff:page", "active", ("sign",), query="card"),
    Page("handoff:page", "active", ("sign pdf",)),
    Page("handoff:page", "active", ("sign in",)),
    Page("handoff:page", "active", ("number",)),
    Page("handoff:why", "active", ("number",)),
    Page("handoff:page", "active", ("declined",)),
    Page("handoff:page", "active", ("refused",), status=403),
    Page("handoff:screen", "anybody", ("code",)),
    Page("handoff:screen", "held", ("scanned",)),
    # --- Mynaportal
    Page("mynaportal:home"),
    Page("mynaportal:home", "visitor"),
    Page("mynaportal:find"),
    Page("mynaportal:find", "visitor"),
    Page("mynaportal:procedure", "visitor", ("moving_out",)),
    Page("mynaportal:applications", "visitor"),
    *(Page("mynaportal:application", "visitor", (state,)) for state in ("draft", "signing", "filed")),
    Page("mynaportal:confirm", "visitor", ("draft",)),
    Page("mynaportal:records", "visitor"),
    Page("mynaportal:notices", "visitor"),
    Page("mynaportal:notice", "visitor", ("notice",)),
    # --- staff
    Page("accounts:sign-in"),
    Page("accounts:enrol"),
    Page("accounts:enrol-authenticator", "enrolling"),
    Page("accounts:enrol-password", "enrolling"),
    Page("accounts:account", "sakura"),
    Page("accounts:password", "sakura"),
    Page("accounts:sessions", "sakura"),
    Page("helpdesk:search", "sakura"),
    Page("helpdesk:call", "sakura", ("call",)),
    Page("helpdesk:call", "sakura", ("call, held",)),
    Page("helpdesk:releases", "momiji"),
    Page("helpdesk:proposal", "momiji", ("release",)),
    Page("helpdesk:objections", "sakura"),
    Page("helpdesk:objection", "sakura", ("objection",)),
    Page("console:overview", "kaede"),
    Page("console:findings", "kaede"),
    Page("console:lists", "kaede"),
    Page("console:conversations", "kaede"),
    Page("console:conversation", "kaede", ("conversation",)),
    Page("console:find", "kaede"),
    Page("console:enrolment", "kaede", ("active",)),
    # --- service providers
    Page("providers:start"),
    Page("providers:sign-in"),
    Page("providers:register"),
    Page("providers:register-code", "registering"),
    Page("providers:register-method", "confirmed"),
    Page("providers:account", "owner"),
    Page("providers:passkey-add", "owner"),
    Page("providers:passkey-remove", "owner", ("passkey",)),
    Page("providers:organisations", "owner"),
    Page("providers:organisations", "new@bank.example"),
    Page("providers:organisation-new", "owner"),
    Page("providers:invitation", "owner"),
    *(Page(f"providers:{name}", "owner", ("organisation",)) for name in ORGANISATION),
    *(Page("providers:workspace", "owner", (name,)) for name in ("with keys", "asked", "keyed")),
    *(Page(f"providers:{name}", "owner", ("organisation", "person")) for name in ("role", "remove", "hand-over")),
    Page("providers:members", "viewer", ("organisation",)),
    Page("providers:rename", "viewer", ("organisation",), status=403),
    Page("probes:overview", "owner", ("organisation",)),
    Page("probes:case", "owner", ("organisation", "probed case")),
    Page("probes:entry", "owner", ("organisation", "probed service")),
    Page("verification:log", "owner", ("organisation",)),
    Page("delegations:overview", "owner", ("organisation",)),
    Page("delegations:give", "owner", ("organisation",)),
    Page("delegations:delegation", "owner", ("organisation", "delegation")),
    Page("delegations:end", "owner", ("organisation", "delegation")),
    # --- their keys
    Page("credentials:list", "owner", ("organisation",)),
    Page("credentials:issue", "owner", ("organisation", "keys' service")),
    Page("credentials:rotate", "owner", ("organisation", "key")),
    Page("credentials:disable", "owner", ("organisation", "key")),
    Page("credentials:disable", "owner", ("organisation", "key, disabled")),
    Page("credentials:validator", "owner", ("organisation",)),
    Page("client-assertion"),
    # --- their cases
    Page("onboarding:cases", "owner", ("organisation",)),
    *(Page("onboarding:tasks", "owner", ("organisation", case)) for case in CASES),
    *(Page("onboarding:page", "owner", ("organisation", case, page)) for page, case in CASE_PAGES),
    Page("onboarding:page", "owner", ("organisation", "case, empty", "organisation-address"), query="check"),
    Page("onboarding:check", "owner", ("organisation", "case, empty")),
    Page("onboarding:check", "owner", ("organisation", "case, whole")),
    Page("onboarding:check", "owner", ("organisation", "case, change")),
    Page("onboarding:withdraw", "owner", ("organisation", "case, whole")),
    Page("onboarding:versions", "owner", ("organisation", "case, returned")),
    Page("onboarding:versions", "owner", ("organisation", "case, change")),
    Page("onboarding:version", "owner", ("organisation", "case, submitted", "1")),
    Page("onboarding:messages", "owner", ("organisation", "case, whole")),
    Page("letters:letters", "owner", ("organisation", "case, letters")),
    Page("letters:letters", "owner", ("organisation", "case, whole")),
    # --- the review of service providers
    Page("review:desk", "matsu"),
    Page("review:desk", "kiku"),
    Page("review:case", "matsu", ("case, in review",)),
    Page("review:case", "kiku", ("case, certifying",)),
    Page("review:case", "matsu", ("case, decided",)),
    *(Page("review:propose", "take", ("case, in review", kind)) for kind in ("register", "return", "refuse")),
    Page("review:propose", "kiku", ("case, certifying", "certify")),
    Page("review:proposal", "take", ("case, proposed", "proposal")),
    Page("review:proposal", "matsu", ("case, proposed", "proposal")),
    Page("review:versions", "matsu", ("case, in review",)),
    Page("review:conformance", "kiku", ("case, certifying", 1)),
    Page("review:entries", "matsu"),
    Page("review:entry", "take", ("reviewed",)),
    Page("review:entry", "take", ("stopped",)),
    Page("review:entry", "kiku", ("stopped",)),
    # --- a workspace's console
    *(Page(f"workspace:{name}", "owner", ("console",)) for name in CONSOLE),
    Page("workspace:trace", "owner", ("console",), query="lane=element&failed=1&text=x"),
    Page("workspace:trace-event", "owner", ("console", "event")),
    Page("workspace:citizen", "owner", ("console", "citizen")),
    Page("workspace:phone", "owner", ("console", "phone")),
    Page("workspace:fault-arm", "owner", ("console", "signature_wrong")),
    Page("workspace:fault-arm", "owner", ("console", "ocsp_late")),
    Page("workspace:request", "owner", ("console", "request")),
    Page("workspace:webhook", "owner", ("console", "webhook")),
    Page("workspace:certificate-act", "owner", ("console", "certificate")),
    Page("workspace:conformance-run", "owner", ("console", "run")),
    # --- the pretend world
    Page("sandbox:conversations"),
    Page("sandbox:conversation", names=("conversation",)),
    Page("sandbox:office"),
    Page("outbox:kept"),
)
# What a GET answers with no page: files, data, streams, fragments, and addresses that lead on to another.
FILES = {
    "api:openapi-json", "api:openapi-yaml", "sandbox:sandbox_api:openapi-json", "sandbox:sandbox_api:openapi-yaml",
    "developers:index-md", "developers:llms", "developers:operation-md", "developers:problem-md",
    "developers:problems-md",
    "certificates:json", "certificates:pdf", "handoff:document", "handoff:picture", "handoff:screen_now",
    "letters:letter", "letters:suspension", "review:file", "review:letter", "review:suspension-letter",
    "mynaportal:receipt", "onboarding:file", "onboarding:logo", "outbox:letter", "phone:certificate", "phone:events",
    "phone:lost-challenge", "phone:steps", "phone:unblock-events", "phone:unblock-steps", "providers:workspace-state",
    "register:entry_json", "register:jwks", "register:jws", "register:jws_json", "register:list_json", "register:logo",
    "register:proof", "tsm:phones_csv", "tsm:phones_json",
    "verification:download",
    "workspace:conformance-report", "workspace:tour-state", "workspace:trace-rows",
}  # fmt: skip
LEADING_ON = {
    "accounts:home", "accounts:sign-out", "certificates:close", "certificates:object", "console:order",
    "handoff:decline", "handoff:number", "handoff:return", "handoff:scan", "handoff:screen_cancel",
    "handoff:screen_return", "helpdesk:answer", "helpdesk:close", "helpdesk:decide", "helpdesk:hold",
    "helpdesk:identity", "helpdesk:open", "helpdesk:release", "mynaportal:begin", "mynaportal:discard",
    "mynaportal:return", "mynaportal:sign_in", "mynaportal:sign_out", "mynaportal:withdraw", "onboarding:add",
    "onboarding:open", "onboarding:remove", "onboarding:save", "phone:choose",
    "phone:lost-hold", "phone:lost-resume", "phone:opened", "phone:use",
    "review:act", "review:check", "review:decide", "review:message", "review:take-up",
    "providers:accept", "providers:key-make", "providers:passkey-add-ask", "providers:passkey-ask",
    "providers:passkey-confirm-ask", "providers:passkey-enrol", "providers:passkey-enrol-ask",
    "providers:passkey-sign-in", "providers:withdraw", "providers:workspace-make",
    "sandbox:office-act", "sandbox:take-up", "screen_lock:off", "set_language",
    "workspace:citizen-make", "workspace:clock-move", "workspace:conformance-begin", "workspace:conformance-finish",
    "workspace:delivery-replay", "workspace:fault-disarm",
    "workspace:phone-advance", "workspace:phone-end", "workspace:phone-enrol", "workspace:phone-make",
    "workspace:phone-switch", "workspace:tour-phone", "workspace:webhook-act", "workspace:webhook-make",
}  # fmt: skip


def addresses() -> Iterator[tuple[str, str, Any]]:
    """Yield every address of the site: its name, its pattern, its view. APIs of REST framework are left out."""
    yield from (found for found in _below(get_resolver(), "", "") if not hasattr(found[2], "cls"))


def _below(resolver: URLResolver, names: str, path: str) -> Iterator[tuple[str, str, Any]]:
    for one in resolver.url_patterns:
        here = path + str(one.pattern)
        if isinstance(one, URLPattern):
            yield f"{names}{one.name}", here, one.callback
        else:
            yield from _below(one, f"{names}{one.namespace}:" if one.namespace else names, here)
