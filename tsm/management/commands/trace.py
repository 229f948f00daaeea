"""Conversations with phones, decoded, for operators. Needs no key."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from tsm import trace
from tsm.models import Conversation, Enrolment, SecureElement
from tsm.trace import TracedLeg


class Command(BaseCommand):
    """Print what crossed the wire, leg by leg, and what the work waits for."""

    help = "Print the conversations of a phone, element, enrolment or session, with decoded commands and no secret."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "what",
            nargs="?",
            help="reference of a phone, an enrolment or a session, or an element's number in hex; "
            "without it, the newest conversations in a line each",
        )
        parser.add_argument("--whole", action="store_true", help="one line for each command, not for runs of like ones")
        parser.add_argument("--last", type=int, default=20, help="how many conversations, newest last (20)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find and print."""
        found = Conversation.objects.select_related("element__phone__realm").order_by("-pk")
        if options["what"]:
            found = found.filter(_named(options["what"])).distinct()
        chosen = list(reversed(found[: options["last"]]))
        if not chosen:
            raise CommandError(f"no conversation of {options['what']!r}" if options["what"] else "no conversation yet")
        for conversation in chosen:
            self._conversation(conversation)
            for leg in trace.legs(conversation, whole=options["whole"]) if options["what"] else ():
                self._leg(leg)
        if options["what"]:
            for element in SecureElement.objects.filter(pk__in={one.element_id for one in chosen}):
                self._standing(element)

    def _conversation(self, one: Conversation) -> None:
        phone = one.element.phone
        closed = f"closed {one.closed_at:%Y-%m-%d %H:%M:%S}" if one.closed_at else "open"
        self.stdout.write(
            f"{one.reference}  {phone.realm.slug}  {phone.name} {phone.reference}  element {one.element.identifier}  "
            f"opened {one.opened_at:%Y-%m-%d %H:%M:%S} UTC, {closed}; "
            f"exchanges {one.exchanges}, failures {one.failures}"
        )

    def _leg(self, traced: TracedLeg) -> None:
        leg = traced.leg
        took = f", {traced.took} ms" if traced.took is not None else ""
        order = f" for {leg.order.function}" if leg.order is not None else ""
        outcome = f": {leg.outcome}" if leg.outcome else ""
        trimmed = f"; commands and answers trimmed {leg.trimmed_at:%Y-%m-%d}" if leg.trimmed_at else ""
        self.stdout.write(f"  leg {leg.pk} {leg.kind}{order} {leg.state}{took}{outcome}{trimmed}")
        for line in traced.lines:
            if leg.trimmed_at:
                self.stdout.write(f"    {line.section:20} {line.says}".rstrip())
                continue
            count = f" × {line.count}" if line.count > 1 else ""
            shield = " SM" if line.protected else ""
            answer = f"{line.status_word} {line.meaning}" if line.status_word else "no answer"
            self.stdout.write(
                f"    {line.section:20} {line.header} {line.name}{count}{shield}  {line.says}  "
                f"[{line.sent} > {line.received} bytes]  {answer}"
            )

    def _standing(self, element: SecureElement) -> None:
        what, since = trace.waiting(element)
        enrolment = Enrolment.objects.filter(element=element).last()
        state = f"enrolment {enrolment.reference} {enrolment.state}" if enrolment is not None else "no enrolment"
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since is not None else ""
        for step in enrolment.steps.order_by("pk") if enrolment is not None else ():
            figures = ", ".join(f"{name} {value}" for name, value in step.detail.items())
            self.stdout.write(f"  {step.at:%Y-%m-%d %H:%M:%S} {step.step}  {figures}".rstrip())
        self.stdout.write(f"{element.identifier}: {state}; waits for {what.replace('_', ' ')}{at}")


def _named(what: str) -> Q:
    try:
        reference = uuid.UUID(what)
    except ValueError:
        element = SecureElement.of_number(what)
        if element is None:
            raise CommandError(
                f"{what!r} is neither a reference nor the number of an element in the registry"
            ) from None
        return Q(element=element)
    return Q(reference=reference) | Q(element__phone__reference=reference) | Q(element__enrolments__reference=reference)
