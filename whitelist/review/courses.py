"""Who reviews what, and in which order: a table; and what of a case is to be looked at at all.

Article 17(1): items 5 and 6 are certified by the ministers before J-LIS registers; items 1 to 4 are verifiers by what
they are, and a provider under a platform operator counts as certified with it (施行規則29条1項): J-LIS alone.
"""

from collections.abc import Mapping
from typing import Any

from whitelist.cases import versions
from whitelist.models import Case, CaseVersion, Proposal

Authority = Case.Authority
Answers = Mapping[str, Any]

MINISTRY, REGISTRAR = Authority.MINISTRY, Authority.REGISTRAR
COURSES: Mapping[str, tuple[Authority, ...]] = {
    "17-1-1": (REGISTRAR,),
    "17-1-2": (REGISTRAR,),
    "17-1-3": (REGISTRAR,),
    "17-1-4": (REGISTRAR,),
    "17-1-5": (MINISTRY, REGISTRAR),
    "17-1-6": (MINISTRY, REGISTRAR),
    "operator": (REGISTRAR,),
}
# What each looks at; a change of anything else is not its affair.
CONCERNS: Mapping[Authority, frozenset[str]] = {
    MINISTRY: frozenset({"organisation", "basis", "certification", "purposes", "security"}),
    REGISTRAR: frozenset(
        {
            "organisation", "basis", "certification", "service", "purposes", "applications", "handoff", "security",
            "contacts",
        }
    ),
}  # fmt: skip


def course(answers: Answers) -> tuple[Authority, ...]:
    """Return the authorities that review a case with these answers, in order; an unknown basis is the registrar's."""
    item = (answers.get("basis") or {}).get("item")
    return COURSES.get(str(item), (REGISTRAR,))


def newest(case: Case) -> CaseVersion:
    """Return the newest version of a case. Raises CaseVersion.DoesNotExist when nothing was submitted."""
    return case.versions.filter(number__gt=0).latest("number")


def entered(case: Case) -> CaseVersion | None:
    """Return what the entry that is to be changed has, as a version; None for a new one, and where no case made it."""
    if not case.changes_entry or case.relying_party_id is None:
        return None
    begun_with = versions.baseline(case)
    if begun_with is not None:
        return begun_with
    before = Case.objects.filter(relying_party_id=case.relying_party_id, state=Case.State.APPROVED)
    last = before.exclude(pk=case.pk).order_by("-moved_at", "-pk").first()
    return last.versions.order_by("-number").first() if last else None


def changed(before: Answers | None, after: Answers) -> frozenset[str]:
    """Return the sections that differ; all of them when there is nothing to compare with."""
    return frozenset(after) if before is None else versions.changed_sections(before, after)


def turn(case: Case, version: CaseVersion | None = None) -> Authority:
    """Return whose turn a submitted case is.

    The ministry's turn is over when it has certified and nothing that concerns it was changed since; and it has none
    where a change of an entry doesn't concern it.
    """
    version = version or newest(case)
    for authority in course(version.answers):
        if authority == MINISTRY and not _ministry_has_work(case, version):
            continue
        return authority
    return REGISTRAR


def _ministry_has_work(case: Case, version: CaseVersion) -> bool:
    certified = certification(case)
    before = certified.review.version if certified else entered(case)
    return bool(changed(before.answers if before else None, version.answers) & CONCERNS[MINISTRY])


def certification(case: Case) -> Proposal | None:
    """Return the ministry's decision to certify, the newest of the case."""
    found = Proposal.objects.filter(
        review__case=case, kind=Proposal.Kind.CERTIFY, state=Proposal.State.APPROVED
    ).select_related("review__version")
    return found.order_by("-pk").first()
