"""The screens of delegations: what an organisation's services gave or received; giving one, and ending one."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock
from ca.profiles import Purpose
from portal import problems
from portal.providers.access import MemberRequest, member
from portal.providers.models import Membership
from portal.verification import words
from whitelist import delegations, texts
from whitelist.errors import WhitelistError
from whitelist.models import Delegation, Organisation, RelyingParty

Role = Membership.Role
# A delegation is a contract: who speaks for the organisation gives and ends it.
MAY_DECIDE = (Role.OWNER, Role.LEGAL)
LONGEST_DOCUMENT = 200
LISTED = 100


@member()
@require_safe
def overview(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """List the delegations that an organisation's services gave or received."""
    rows = delegations.of_organisation(request.membership.organisation)[:LISTED]
    context = {
        "membership": request.membership,
        "rows": [_row(each, request.membership.organisation) for each in rows],
        "may_decide": request.membership.role in MAY_DECIDE,
    }
    return render(request, "verification/delegations.html", context)


@member(*MAY_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: MemberRequest, organisation: uuid.UUID) -> HttpResponseBase:
    """Ask to whom which service leaves what, and record it."""
    form = Form(request.membership.organisation, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.read():
        try:
            made = form.record(by=request.staff.name)
        except WhitelistError as error:
            form.wrong["operator"] = problems.sentence(error.code)
        else:
            return redirect("delegations:delegation", organisation, made.reference)
    context = {"membership": request.membership, "form": form, "purposes": words.PURPOSES.items()}
    return render(request, "verification/delegation_give.html", context, status=400 if form.wrong else 200)


@member()
@require_safe
def delegation(request: MemberRequest, organisation: uuid.UUID, reference: uuid.UUID) -> HttpResponseBase:
    """Show one delegation."""
    return _page(request, _find(request, reference))


@member(*MAY_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: MemberRequest, organisation: uuid.UUID, reference: uuid.UUID) -> HttpResponseBase:
    """Ask whether it shall really end, and end it at once."""
    found = _find(request, reference)
    own = request.membership.organisation
    if delegations.is_over(found, clock.now(found.operator.realm)):
        return redirect("delegations:delegation", organisation, reference)
    wrong = False
    if request.method == "POST":
        if request.POST.get("sure") == "yes":
            try:
                delegations.end(found, by=request.staff.name)
            except WhitelistError as error:
                status = problems.CATALOGUE[error.code].status
                found = _find(request, reference)
                return _page(request, found, problem=problems.sentence(error.code), status=status)
            return redirect("delegations:delegation", organisation, reference)
        wrong = True
    context = {"membership": request.membership, "row": _row(found, own), "wrong": wrong}
    return render(request, "verification/delegation_end.html", context, status=400 if wrong else 200)


def _page(request: MemberRequest, found: Delegation, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    context = {
        "membership": request.membership,
        "row": _row(found, request.membership.organisation),
        "may_decide": request.membership.role in MAY_DECIDE,
        "problem": problem,
    }
    return render(request, "verification/delegation.html", context, status=status)


@dataclass
class Form:
    """What is typed to give a delegation, kept as it was typed; `wrong` has a sentence for each field."""

    organisation: Organisation
    typed: QueryDict | None
    wrong: dict[str, str] = field(default_factory=dict)
    purposes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        listed = RelyingParty.objects.filter(state=RelyingParty.State.REGISTERED).select_related("realm")
        own = listed.filter(organisation=self.organisation)
        # Who is registered under an operator changes it by a case.
        others = own.exclude(kind=RelyingParty.Kind.PLATFORM_OPERATOR)
        self.services = [*others.exclude(basis=RelyingParty.Basis.OPERATOR)]
        realms = {each.realm_id for each in self.services}
        self.operators = [
            *listed.filter(kind=RelyingParty.Kind.PLATFORM_OPERATOR, realm__in=realms).exclude(pk__in=own.values("pk"))
        ]
        typed = self.typed or QueryDict()
        self.service, self.operator = typed.get("service", ""), typed.get("operator", "")
        self.until, self.document = typed.get("until", "").strip(), texts.kept(typed.get("document", ""))
        known = {str(each) for each in Purpose}
        self.purposes = [each for each in typed.getlist("purposes") if each in known]
        if self.typed is None and len(self.services) == 1:
            self.service = self.services[0].client_id

    @property
    def service_choices(self) -> list[tuple[str, str]]:
        return [(each.client_id, _name(each)) for each in self.services]

    @property
    def operator_choices(self) -> list[tuple[str, str]]:
        return [(each.client_id, _name(each)) for each in self.operators]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Return field and sentence, in the order of the page."""
        return [
            (each, self.wrong[each])
            for each in ("service", "operator", "purposes", "until", "document")
            if each in self.wrong
        ]

    def read(self) -> bool:
        """Look at what was typed; return whether it can be recorded."""
        if self.service not in dict(self.service_choices):
            self.wrong["service"] = _("任せるサービスを選んでください。")
        if self.operator not in dict(self.operator_choices):
            self.wrong["operator"] = _("プラットフォーム事業者を選んでください。")
        if not self.purposes:
            self.wrong["purposes"] = _("任せる目的を1つ以上選んでください。")
        if not self.document or len(self.document) > LONGEST_DOCUMENT:
            self.wrong["document"] = _("委任を記した書面の番号か名前を、200文字以内で入力してください。")
        if self.until and self._until() is None:
            self.wrong["until"] = _(
                "最後の日を、きょう以後の日付で入力してください。空けておくと、終わりを決めません。"
            )
        return not self.wrong

    def record(self, *, by: str) -> Delegation:
        """Record it."""
        service = next(each for each in self.services if each.client_id == self.service)
        operator = next(each for each in self.operators if each.client_id == self.operator)
        return delegations.record(
            operator,
            service,
            [Purpose(each) for each in self.purposes],
            by=by,
            not_after=self._until(),
            document=self.document,
        )

    def _until(self) -> datetime | None:
        """Return the first moment after the last day, by Japan's calendar; None for what is no day to come."""
        try:
            day = parse_date(self.until) if self.until else None
        except ValueError:
            return None
        if day is None or day < clock.today(self.organisation.realm) or day.year > 9000:
            return None
        return datetime.combine(day + timedelta(days=1), time(), clock.JAPAN)


def _find(request: MemberRequest, reference: uuid.UUID) -> Delegation:
    found = delegations.of_organisation(request.membership.organisation).filter(reference=reference).first()
    if found is None:
        raise Http404("no such delegation")
    return found


def _row(one: Delegation, own: Organisation) -> dict[str, Any]:
    over = delegations.is_over(one, clock.now(one.operator.realm))
    purposes: list[Promise] = [words.PURPOSES[each] for each in one.purposes if each in words.PURPOSES]
    return {
        "delegation": one,
        "operator": _name(one.operator),
        "provider": _name(one.provider),
        "given": one.provider.organisation_id == own.pk,
        "under": one.provider.basis == RelyingParty.Basis.OPERATOR and one.provider.operator_id == one.operator_id,
        "purposes": purposes,
        "last_day": (one.not_after - timedelta(seconds=1)) if one.not_after else None,
        "over": over,
    }


def _name(party: RelyingParty) -> str:
    return party.name_ja if get_language() == "ja" else party.name_en
