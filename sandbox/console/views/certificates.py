"""A certificate's state, by hand: held, released, revoked for a cause."""

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from ca.errors import CaError
from sandbox import certificates
from sandbox.console import words
from sandbox.console.access import WorkspaceRequest, page, shown, typed
from sandbox.console.standing import shown as standing
from sandbox.errors import SandboxError


@page("GET", "HEAD", "POST", acts=True)
def act(request: WorkspaceRequest, certificate: str) -> HttpResponseBase:
    """Ask what is to become of a certificate, and do it; then go back to whose it is."""
    realm = request.workspace.realm
    found = certificates.find(realm, certificate)
    if found is None:
        raise Http404("no such certificate in this workspace")
    context = {"one": standing(found), "certificate": certificate}
    if request.method != "POST":
        return shown(request, "workspace/certificate_act.html", context)
    action, cause = typed(request, "action"), typed(request, "cause", 32)
    try:
        if action == "hold":
            certificates.hold(found)
        elif action == "release":
            certificates.release(found)
        elif action == "revoke":
            certificates.revoke(found, cause=cause)
        else:
            raise Http404("no such action")
    except (SandboxError, CaError) as error:
        context["problem"] = words.sentence(error.code)
        return shown(request, "workspace/certificate_act.html", context, status=409)
    organisation = request.membership.organisation.reference
    citizen = getattr(found.holder, "citizen", None)
    if citizen is None:
        return redirect("workspace:citizens", organisation)
    return redirect("workspace:citizen", organisation, citizen.reference)
