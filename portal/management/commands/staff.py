"""Staff accounts, for whoever operates the machine: add, list, disable, reset, change roles, unlock."""

import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from ca.models import Realm
from portal import hosts
from portal.accounts import staff
from portal.accounts.errors import AccountError
from portal.accounts.models import Account
from portal.accounts.signing_in import plain_name
from portal.notices import outbox
from portal.providers import organisations
from portal.providers.errors import LastOwner, ProviderError


class Command(BaseCommand):
    """Manage staff accounts. None of these needs a secret."""

    help = "Add, list, disable, reset staff accounts, change their roles, unlock them; each is journaled."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the acts and their options."""
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="make an account; prints a code, good once, to enrol with")
        add.add_argument("name")
        add.add_argument("--role", required=True, choices=Account.Role.values)
        add.add_argument("--realm", default=settings.DEFAULT_REALM, help="slug (default: %(default)s)")
        add.add_argument(
            "--mail", default="", metavar="ADDRESS", help="where the person is told of changes in signing in"
        )
        address = acts.add_parser("mail", help="set where a person of the staff is told of changes in signing in")
        address.add_argument("name")
        address.add_argument("address")
        listed = acts.add_parser("list", help="print the accounts")
        listed.add_argument("--realm", help="slug: of that realm only")
        for act, told in (
            ("reset", "take password, authenticator and sessions away; prints a new code to enrol with"),
            ("disable", "shut an account at once"),
            ("sign-out", "end every session of an account, at once; the account stays as it is"),
            ("unlock", "let an account try again that was locked for too many tries"),
        ):
            acts.add_parser(act, help=told).add_argument("name")
        acts.add_parser("sign-out-everybody", help="end every session of every account, at once")
        acts.choices["disable"].add_argument(
            "--successor",
            default="",
            metavar="ADDRESS",
            help="a member who becomes owner where the account is the last",
        )
        role = acts.add_parser("role", help="give an account another role")
        role.add_argument("name")
        role.add_argument("role", choices=Account.Role.values)
        for parsed in acts.choices.values():
            parsed.add_argument("--by", default="", help="who decides, for the journal (default: this machine's user)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the act and print what came of it."""
        by = options["by"] or _user()
        try:
            getattr(self, f"_{options['act'].replace('-', '_')}")(options, by)
        except LastOwner as error:
            raise CommandError(_ownerless(error, options["name"])) from error
        except (AccountError, ProviderError) as error:
            raise CommandError(f"{error.code}: {error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _add(self, options: dict[str, Any], by: str) -> None:
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        address = options["mail"]
        if not address and settings.PRODUCTION and outbox.mails():
            raise CommandError("--mail ADDRESS: in production whoever signs in is told of changes in how they do")
        code = staff.invite(options["name"], role=options["role"], realm=realm, by=by, address=address)
        self._tell(options["name"], code)

    def _mail(self, options: dict[str, Any], by: str) -> None:
        staff.change_address(options["name"], options["address"], by=by)
        self.stdout.write(f"{options['name']} is told at {options['address']} from now on")

    def _reset(self, options: dict[str, Any], by: str) -> None:
        self._tell(options["name"], staff.reset(options["name"], by=by))

    def _tell(self, name: str, code: str) -> None:
        minutes = settings.STAFF_INVITATION_SECONDS // 60
        provider = Account.objects.filter(user__username=plain_name(name), role=Account.Role.PROVIDER).exists()
        site = hosts.home(hosts.Area.PROVIDERS if provider else hosts.Area.STAFF)
        self.stdout.write(
            f"{name} opens   {site}{reverse('accounts:enrol')}\n"
            f"and types in  {code}\n"
            f"The code is good once, for {minutes:g} minutes. Hand it over by another way than the address."
        )

    def _disable(self, options: dict[str, Any], by: str) -> None:
        organisations.disable(options["name"], successor=options["successor"], by=by)
        self.stdout.write(f"{options['name']} is disabled; `staff reset` opens the account again")

    def _unlock(self, options: dict[str, Any], by: str) -> None:
        staff.unlock(options["name"], by=by)
        self.stdout.write(f"{options['name']} may try again")

    def _sign_out(self, options: dict[str, Any], by: str) -> None:
        self.stdout.write(f"{staff.end_sessions(options['name'], by=by)} sessions of {options['name']} ended")

    def _sign_out_everybody(self, options: dict[str, Any], by: str) -> None:
        self.stdout.write(f"{staff.end_sessions('', by=by)} sessions ended")

    def _role(self, options: dict[str, Any], by: str) -> None:
        staff.change_role(options["name"], options["role"], by=by)
        self.stdout.write(f"{options['name']} is {options['role']} now, and signs in anew")

    def _list(self, options: dict[str, Any], by: str) -> None:
        accounts = Account.objects.select_related("user", "realm").order_by("realm__slug", "user__username")
        if options["realm"]:
            accounts = accounts.filter(realm__slug=options["realm"])
        for account in accounts:
            self.stdout.write(f"{account.realm.slug:<16}{account.name:<24}{account.role:<12}{account.state}")


def _ownerless(error: LastOwner, name: str) -> str:
    organisation = error.data["organisation"]
    others = ", ".join(error.data["members"])
    left = f"with --successor, one of: {others}" if others else "but there is no other member who can sign in"
    return (
        f"{error.code}: {organisation.name_ja} ({organisation.reference}) would be without an owner. "
        f"Let {name} hand it over, or name who follows {left}. "
        f"To shut {name} out meanwhile: `staff reset`, which prints a code to enrol anew."
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command"
