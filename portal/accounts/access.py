"""Who may do what: a role's rights as a table, and the one place that looks at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from ca import journal
from portal.accounts import sessions
from portal.accounts.models import Account


class Right(StrEnum):
    """What a role may do."""

    ASSIST = "assist"  # find a holder, open the page, hold, propose a release
    APPROVE = "approve"  # decide what another has proposed
    ANSWER = "answer"  # citizens' objections
    WATCH = "watch"  # the operators' console
    ORDER = "order"  # orders to elements in use
    REVIEW = "review"  # cases of service providers: propose, decide on another's proposal
    SUSPEND = "suspend"  # entries of the register: at once, confirm, lift, remove
    REPRESENT = "represent"  # organisations, by membership


Role = Account.Role
# The policy. What a service provider's person may do for an organisation is `portal.providers.membership`'s to say.
RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.HELPDESK: frozenset({Right.ASSIST, Right.APPROVE, Right.ANSWER}),
    Role.OFFICER: frozenset({Right.APPROVE, Right.ANSWER}),
    Role.OPERATOR: frozenset({Right.WATCH, Right.ORDER}),
    Role.MINISTRY: frozenset({Right.REVIEW}),
    Role.REGISTRAR: frozenset({Right.REVIEW, Right.SUSPEND}),
    Role.PROVIDER: frozenset({Right.REPRESENT}),
}
ROLE_NAMES: Mapping[str, Promise] = {
    Role.HELPDESK: gettext_lazy("ヘルプデスク"),
    Role.OFFICER: gettext_lazy("担当官"),
    Role.OPERATOR: gettext_lazy("運用者"),
    Role.MINISTRY: gettext_lazy("主務省の審査官"),
    Role.REGISTRAR: gettext_lazy("J-LISの審査官"),
    Role.PROVIDER: gettext_lazy("サービス事業者"),
}


@dataclass(frozen=True)
class Area:
    """One entry of the staff's menu."""

    address: str  # name of the URL
    title: Promise
    right: Right


AREAS = (
    Area("helpdesk:search", gettext_lazy("利用者を探す"), Right.ASSIST),
    Area("helpdesk:releases", gettext_lazy("解除の承認"), Right.APPROVE),
    Area("helpdesk:objections", gettext_lazy("お申し出への回答"), Right.ANSWER),
    Area("console:overview", gettext_lazy("運用の状況"), Right.WATCH),
    Area("console:conversations", gettext_lazy("会話"), Right.WATCH),
    Area("review:desk", gettext_lazy("審査"), Right.REVIEW),
    Area("review:entries", gettext_lazy("登録の管理"), Right.REVIEW),
    Area("providers:organisations", gettext_lazy("わたしの組織"), Right.REPRESENT),
)


class StaffRequest(HttpRequest):
    """A request of somebody who is signed in and may do this."""

    staff: Account
    areas: list[Area]


def allowed(account: Account, right: Right) -> bool:
    """Tell whether the account's role has the right."""
    return right in RIGHTS.get(account.role, frozenset())


def areas(account: Account) -> list[Area]:
    """Return the menu of an account."""
    return [area for area in AREAS if allowed(account, area.right)]


def home(account: Account) -> str:
    """Return the address where an account's work begins."""
    found = areas(account)
    return reverse(found[0].address if found else "accounts:account")


def requires(right: Right | None) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only those who have the right see a view; None: whoever is signed in.

    Others who are signed in are told so, and the journal knows; nobody in particular is led to the sign-in.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: StaffRequest, *arguments: object, **named: object) -> HttpResponseBase:
            session = sessions.of(request)
            if session is None:
                return to_sign_in(request)
            request.staff, request.areas = session.account, areas(session.account)
            if right is not None and not allowed(session.account, right):
                journal.record(session.account.realm, "staff.denied", session.account.name, right=str(right))
                return render(request, "accounts/denied.html", status=403)
            return view(request, *arguments, **named)

        return never_cache(ensure_csrf_cookie(guarded))

    return decorate


def to_sign_in(request: HttpRequest, door: str = "accounts:sign-in") -> HttpResponseRedirect:
    """Lead to the sign-in, and back here afterwards where that makes sense."""
    address = reverse(door)
    back = urlencode({"next": request.get_full_path()}) if request.method in ("GET", "HEAD") else "over=1"
    return HttpResponseRedirect(f"{address}?{back}")
