"""The workspace's phones: made by the factory, given certificates in one call or step by step, taken up here."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from ca.errors import CaError
from ca.models import Certificate
from portal.phone import session
from sandbox import citizens, issuing, phones
from sandbox.console import standing, words
from sandbox.console.access import ACTORS, WorkspaceRequest, page, shown, typed
from sandbox.errors import FactoryBusy, ModelUnknown, SandboxError
from sandbox.models import VirtualPhone
from tsm import compatibility
from tsm.errors import TsmError
from tsm.models import Enrolment

REFUSALS = (SandboxError, TsmError, CaError)


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the workspace's phones, each with whose it is."""
    return _listing(request, {})


@page("POST", acts=True)
def make(request: WorkspaceRequest) -> HttpResponseBase:
    """Have the factory make a phone."""
    try:
        model = typed(request, "model", 64)
        if compatibility.find(model) is None:
            raise ModelUnknown("no such model")
        made = phones.order(request.workspace.realm, model, name=typed(request, "name", 40))
        if made is None:
            raise FactoryBusy("the factory doesn't answer")
    except SandboxError as error:
        return _listing(request, {"problem": words.sentence(error.code)}, status=400)
    return redirect("workspace:phone", request.membership.organisation.reference, made.reference)


@page()
def one(request: WorkspaceRequest, phone: uuid.UUID) -> HttpResponseBase:
    """Show one phone: its enrolments, certificates, and what can be done with it."""
    return _one(request, _found(request, phone), {})


@page("POST", acts=True)
@sensitive_variables()
def enrol(request: WorkspaceRequest, phone: uuid.UUID) -> HttpResponseBase:
    """Let a citizen apply with card and phone, and go on as far as was chosen."""
    row = _found(request, phone)
    citizen = citizens.find(row.phone.realm, typed(request, "citizen"))
    until = request.POST.get("until", "")
    if citizen is None or until not in words.UNTIL:
        raise Http404("no such citizen, or no such step")
    return _done(request, row, lambda: issuing.enrol(row, citizen, until=until))


@page("POST", acts=True)
@sensitive_variables()
def advance(request: WorkspaceRequest, phone: uuid.UUID) -> HttpResponseBase:
    """Let the enrolment that stands go on, as far as was chosen."""
    row = _found(request, phone)
    newest = Enrolment.objects.filter(phone=row.phone).order_by("-pk").first()
    until = request.POST.get("until", "")
    if newest is None or until not in words.UNTIL:
        raise Http404("no enrolment, or no such step")
    return _done(request, row, lambda: issuing.advance(newest, until=until))


@page("POST", acts=True)
@sensitive_variables()
def end(request: WorkspaceRequest, phone: uuid.UUID) -> HttpResponseBase:
    """End the use of the phone, asked for by its own signature key, as its holder would."""
    row = _found(request, phone)
    active = Enrolment.objects.filter(phone=row.phone, state=Enrolment.State.ACTIVE).first()
    if active is None:
        raise Http404("nothing to end")
    return _done(request, row, lambda: issuing.end(row, active))


@page("POST", acts=True)
def switch(request: WorkspaceRequest, phone: uuid.UUID) -> HttpResponseBase:
    """Switch the phone on or off: off, no push wakes it."""
    row = _found(request, phone)
    phones.reach(row, request.POST.get("on") == "1")
    return _back(request, row)


def _done(request: WorkspaceRequest, row: VirtualPhone, act: Any) -> HttpResponseBase:
    try:
        act()
    except REFUSALS as error:
        return _one(request, row, {"problem": words.sentence(error.code)}, status=409)
    return _back(request, row)


def _back(request: WorkspaceRequest, row: VirtualPhone) -> HttpResponseBase:
    return redirect("workspace:phone", request.membership.organisation.reference, row.phone.reference)


def _found(request: WorkspaceRequest, reference: uuid.UUID) -> VirtualPhone:
    row = phones.find(request.workspace.realm, reference)
    if row is None:
        raise Http404("no such phone in the workspace")
    return row


def _listing(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    realm = request.workspace.realm
    newest: dict[int, Enrolment] = {}
    for enrolment in Enrolment.objects.filter(realm=realm).select_related("holder").order_by("pk"):
        newest[enrolment.phone_id] = enrolment
    here = session.phone_of(request)
    rows = []
    for row in phones.of(realm):
        last = newest.get(row.phone_id)
        state = words.ENROLMENTS[last.state] if last else ""
        rows.append({"row": row, "phone": row.phone, "newest": last, "state": state, "here": here == row.phone})
    context = {"phones": rows, "models": compatibility.MODELS, **context}
    return shown(request, "workspace/phones.html", context, status=status)


def _one(request: WorkspaceRequest, row: VirtualPhone, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    rows = list(Enrolment.objects.filter(phone=row.phone).select_related("holder__citizen", "issuing").order_by("-pk"))
    pairs = [key for each in rows for key in (each.signature_certificate_id, each.authentication_certificate_id) if key]
    found = Certificate.objects.filter(pk__in=pairs).select_related("realm", "linked_to").order_by("-pk")
    newest = rows[0] if rows else None
    under_way = newest is not None and newest.state in words.UNDER_WAY
    acts = request.membership.role in ACTORS
    issuing_row = getattr(newest, "issuing", None) if newest else None
    context = {
        "row": row,
        "phone": row.phone,
        "model": compatibility.find(row.phone.model_code),
        "enrolments": [{"row": each, "state": words.ENROLMENTS[each.state]} for each in rows],
        "newest": newest,
        "active": newest is not None and newest.state == Enrolment.State.ACTIVE,
        "under_way": under_way,
        "driven": under_way and issuing_row is not None,
        "fallen": words.sentence(issuing_row.failed) if issuing_row is not None and issuing_row.failed else "",
        "certificates": [standing.shown(each) for each in found],
        "citizens": citizens.of(row.phone.realm) if acts and not under_way else (),
        "until": words.UNTIL.items(),
        "passwords": phones.passwords(row) if acts else None,
        "here": session.phone_of(request) == row.phone,
        **context,
    }
    return shown(request, "workspace/phone.html", context, status=status)
