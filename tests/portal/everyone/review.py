"""What the officers' pages show, made of rows: cases in every state, entries, four officers."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from ca import clock
from tests.portal.accounts.people import make_staff, sign_in
from tests.portal.review.people import officers
from tests.whitelist.relying_parties import make_bank
from tests.whitelist.review import cases
from whitelist.cases import messages
from whitelist.models import Case, CaseMessage, ConformanceReport
from whitelist.review import reviewing, suspensions

if TYPE_CHECKING:
    from tests.portal.everyone.world import World

SHOWN = ("case, in review", "case, decided")


def build(world: "World") -> None:
    """Add officers, with something in every list of theirs."""
    realm, ministry, registrar = world.realm, officers("ministry"), officers("registrar")
    for role, people in (("ministry", ministry), ("registrar", registrar)):
        for officer in people:
            world.browsers[officer.name] = sign_in(make_staff(realm, officer.name, role))
    organisation = world.rows["applicant"] = cases.make_organisation(realm)
    entry = cases.registered(organisation, ministry, registrar)
    done = entry.cases.get()
    messages.send(done, CaseMessage.Side.OFFICERS, "確かめました。", "matsu")
    stopped = make_bank(realm, "stopped-bank", organisation=organisation)
    suspensions.suspend(stopped, by=registrar[0], reason="鍵が漏れたため")
    suspensions.propose(stopped, "lift", by=registrar[0], reason="鍵を替えたため")
    change = cases.submitted(organisation, cases.answers(service={"name_ja": "しながわ新口座"}), entry=entry)
    cases.checked(reviewing.take_up(change, by=registrar[0]), registrar[0])
    proposed = cases.submitted(organisation, cases.answers("17-1-1"))
    made = cases.propose(reviewing.take_up(proposed, by=registrar[0]), "return", registrar[0])
    certifying = cases.submitted(organisation)
    reviewing.take_up(certifying, by=ministry[0])
    report = ConformanceReport.objects.create(
        organisation=organisation, workspace=realm, at=clock.now(realm), passed=11, failed=1,
        report={"tests": [{"name": "replay", "outcome": "failed"}]}, signature="e30.e30.e30",
    )  # fmt: skip
    certifying.versions.update(conformance=report)
    bank = world.rows["owner"].organisation
    letters = cases.answers("17-1-1", service={"client_id": "with-letters"})
    own = world.rows["own entry"] = cases.registered(bank, registrar, registrar, letters)
    suspensions.suspend(own, by=registrar[0], reason="鍵が漏れたため")
    world.names |= {
        "case, letters": own.cases.get().reference,
        "case, in review": change.reference, "case, decided": done.reference, "case, proposed": proposed.reference,
        "case, certifying": certifying.reference, "proposal": made.reference, "reviewed": entry.client_id,
        "stopped": stopped.client_id,
    }  # fmt: skip


def grow(world: "World") -> None:
    """Add a row to every list of theirs."""
    realm, organisation, (first, second) = world.realm, world.rows["applicant"], officers("registrar")
    cases.submitted(organisation)
    cases.submitted(organisation, cases.answers("17-1-1"))
    waiting = cases.submitted(organisation, cases.answers("17-1-1"))
    cases.propose(reviewing.take_up(waiting, by=first), "refuse", first)
    cases.through(cases.submitted(organisation, cases.answers("17-1-1")), "return", (first, second))
    late = make_bank(realm, f"late-{secrets.token_hex(4)}", organisation=organisation)
    suspensions.suspend(late, by=first, reason="理由")
    suspensions.propose(late, "remove", by=first, reason="理由")
    late.ministerial_certifications.update(valid_until=clock.today(realm) + timedelta(days=20))
    for case in Case.objects.filter(reference__in=[world.names[one] for one in SHOWN]):
        messages.send(case, CaseMessage.Side.APPLICANT, secrets.token_hex(4), "hana@bank.example")
