"""Accounts as officers: the authority by role, the organisations by membership."""

from portal.accounts.models import Account
from portal.providers import membership
from whitelist.cases.officers import Officer
from whitelist.models import Case

AUTHORITIES = {
    Account.Role.MINISTRY: Case.Authority.MINISTRY,
    Account.Role.REGISTRAR: Case.Authority.REGISTRAR,
}


def of(account: Account) -> Officer:
    """Return the officer that an account is. Raises KeyError for an account of another role."""
    organisations = frozenset(one.organisation_id for one in membership.of(account))
    return Officer(account.name, AUTHORITIES[Account.Role(account.role)], organisations)
