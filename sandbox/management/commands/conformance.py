"""Try a service of this site with the conformance suite; ends non-zero unless it is conformant.

    manage.py conformance mirai-bank http://localhost:8002/bank/ --sign http://localhost:8002/bank/contract

Workers do it (`make run` has them). A phone is enrolled for a citizen of the service's realm where none could answer.
"""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef

from ca import clock
from ca.errors import CaError
from ca.models import Realm
from sandbox import citizens, issuing, phones
from sandbox.conformance import catalogue, judging, runs
from sandbox.conformance.errors import NoPhone
from sandbox.errors import SandboxError
from sandbox.models import ConformanceRun, VirtualPhone
from tsm.errors import TsmError
from tsm.models import Enrolment
from whitelist.models import RelyingParty

MODEL = "sakura-8"
# Of a whole run against a service that answers; a case that hangs has limits of its own.
PATIENCE = 30 * 60.0
EVERY = 0.5


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("start_url", help="where a citizen begins to sign in")
        parser.add_argument("--sign", default="", metavar="URL", help="where one who is signed in begins to sign")
        parser.add_argument("--cases", default="", help="only these, with commas between them")
        parser.add_argument("--report", default="", metavar="FILE", help="write the signed report there")

    def handle(self, *args: Any, **given: Any) -> None:
        entry = RelyingParty.objects.select_related("realm").filter(client_id=given["client_id"]).first()
        if entry is None:
            raise CommandError(f"no service {given['client_id']}")
        cases = [name for name in given["cases"].split(",") if name]
        urls = {"start_url": given["start_url"], "signature_url": given["sign"]}
        try:
            try:
                run = runs.begin(entry, cases=cases, **urls)
            except NoPhone:
                self._enrol(entry.realm)
                run = runs.begin(entry, cases=cases, **urls)
        except SandboxError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self._watch(run)
        score = judging.score(run.tries.all())
        if given["report"]:
            with open(given["report"], "w") as file:
                file.write(run.jws)
        self.stdout.write(f"{score['passed']} of {score['of']} passed ({score['percent']} %)")
        if not score["conformant"]:
            sys.exit(1)

    def _watch(self, run: ConformanceRun) -> None:
        """Print each case as it is done, until the report is signed."""
        told: set[str] = set()
        until = time.monotonic() + PATIENCE
        while True:
            run.refresh_from_db()
            for row in run.tries.filter(state="done"):
                if row.case not in told:
                    told.add(row.case)
                    case = catalogue.find(row.case)
                    self.stdout.write(f"{row.outcome:<15} {row.case:<34} {case.title.en if case else ''} {_why(row)}")
            if run.state not in (runs.State.OPEN, runs.State.FINISHED):
                return
            if time.monotonic() > until:
                raise CommandError("the run doesn't come to its end: are the workers running?")
            time.sleep(EVERY)

    def _enrol(self, realm: Realm) -> None:
        """Give a citizen of the realm a phone with certificates, by the workers that are there for it."""
        phone = phones.order(realm, MODEL)
        if phone is None:
            raise CommandError("no phone from the factory: are the workers running?")
        made = _applied(VirtualPhone.objects.select_related("phone__realm").get(phone=phone))
        until = clock.machine().timestamp() + 120
        while not Enrolment.objects.filter(pk=made.pk, state=Enrolment.State.ACTIVE).exists():
            if clock.machine().timestamp() > until:
                raise CommandError("the enrolment doesn't come to its end: are the workers running?")
            time.sleep(EVERY)


def _applied(row: VirtualPhone) -> Enrolment:
    """Apply for one of the realm's citizens who may, rather one who has no other phone, which would lose its pair."""
    refused = "no citizen"
    has_phone = Exists(Enrolment.objects.filter(holder=OuterRef("holder"), state=Enrolment.State.ACTIVE))
    for citizen in citizens.of(row.phone.realm).annotate(has_phone=has_phone).order_by("has_phone", "pk"):
        try:
            return issuing.enrol(row, citizen)
        except (SandboxError, TsmError, CaError) as error:
            refused = f"{error.code}: {error}"
    raise CommandError(f"nobody of the realm could apply for a phone's certificates; the last because of {refused}")


def _why(row: Any) -> str:
    return "" if row.why == judging.Why.AS_IT_SHOULD else f"({row.why})"
