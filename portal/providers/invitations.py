"""Invitations: a place in an organisation for whoever reads a mail. The code in it is typed in, and good once."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction

from ca import clock, journal
from portal import hosts
from portal.accounts import attempts, codes
from portal.accounts.errors import RegistrationClosed
from portal.accounts.models import Account
from portal.accounts.registration import checked
from portal.notices import mail, outbox
from portal.notices.errors import MailNotSent
from portal.providers.errors import AlreadyMember, InvitationWrong, TooMany
from portal.providers.models import Invitation, Membership
from portal.providers.organisations import DAY, ROLES
from whitelist.models import Organisation

LENGTH = 30  # 150 bits: its digest may stand alone


def invite(organisation: Organisation, address: str, role: str, *, by: Account) -> Invitation:
    """Send somebody a code; an earlier one to the same address is worth nothing any more.

    Raises AddressMalformed, AlreadyMember, TooMany, RegistrationClosed, MailNotSent.
    """
    if not outbox.mails():
        raise RegistrationClosed("this site sends no mail")
    role, address, now = Membership.Role(role), checked(address), clock.machine()
    if role not in ROLES:
        raise ValueError("ownership is handed over")
    code = codes.new(LENGTH)
    with transaction.atomic():
        journal.take(organisation.realm)
        if Membership.objects.filter(organisation=organisation, account__user__username=address).exists():
            raise AlreadyMember("a member already")
        if Invitation.objects.filter(organisation=organisation, made_at__gt=now - DAY).count() >= (
            settings.PROVIDER_INVITATIONS
        ):
            raise TooMany("so many invitations in a day")
        Invitation.objects.filter(organisation=organisation, address=address, ended_at=None).update(ended_at=now)
        made = Invitation.objects.create(
            organisation=organisation,
            address=address,
            role=role,
            digest=_digest(code),
            invited_by=by.name,
            made_at=now,
            expires_at=now + timedelta(days=settings.PROVIDER_INVITATION_DAYS),
        )
        journal.record(
            organisation.realm, "member.invited", str(organisation.reference), by=by.name, address=address, role=role
        )
    subject, body = _text(organisation, codes.written(code))
    try:
        # Sent from here and not from the outbox: no table and no broker ever holds the code.
        get_connection().send_messages([mail.plain(address, subject, body, str(made.reference))])
    except OSError as error:  # smtplib's errors are of this kind, too
        Invitation.objects.filter(pk=made.pk).update(ended_at=clock.machine())
        raise MailNotSent("the invitation could not be sent") from error
    return made


def open_of(organisation: Organisation) -> list[Invitation]:
    """Return the organisation's invitations that may still be accepted."""
    return list(Invitation.objects.filter(organisation=organisation, ended_at=None, expires_at__gt=clock.machine()))


def waiting_for(account: Account) -> list[Invitation]:
    """Return the invitations to the mail address that the account has confirmed; staff's names are no addresses."""
    if account.role != Account.Role.PROVIDER:
        return []
    rows = Invitation.objects.filter(
        address=account.name, ended_at=None, expires_at__gt=clock.machine(), organisation__realm=account.realm
    )
    return list(rows.select_related("organisation"))


def by_code(account: Account, code: str) -> Invitation:
    """Return the invitation of a code that was typed in. Raises InvitationWrong, SignInLocked."""
    attempts.take(f"invitation:{account.name}", limit=settings.STAFF_TRIES)
    found = Invitation.objects.filter(digest=_digest(codes.plain(code))).first()
    if found is None or not _fits(found, account):
        raise InvitationWrong("unknown, or for another address")
    attempts.forget(f"invitation:{account.name}")
    return found


def accept(invitation: Invitation, account: Account) -> Membership:
    """Make the account a member: by one invitation, once. Raises InvitationWrong, AlreadyMember."""
    organisation, now = invitation.organisation, clock.machine()
    if not _fits(invitation, account):
        raise InvitationWrong("for another address")
    with transaction.atomic():
        journal.take(organisation.realm)
        claimed = Invitation.objects.filter(pk=invitation.pk, ended_at=None, expires_at__gt=now)
        if not claimed.update(ended_at=now):
            raise InvitationWrong("used, withdrawn, or past its days")
        if Membership.objects.filter(account=account, organisation=organisation).exists():
            raise AlreadyMember("a member already")
        member = Membership.objects.create(account=account, organisation=organisation, role=invitation.role, since=now)
        journal.record(
            organisation.realm, "member.joined", str(organisation.reference), by=account.name,
            role=invitation.role, invited_by=invitation.invited_by,
        )  # fmt: skip
    return member


def withdraw(invitation: Invitation, *, by: Account) -> None:
    """Make an invitation worth nothing."""
    realm = invitation.organisation.realm
    with transaction.atomic():
        journal.take(realm)
        if Invitation.objects.filter(pk=invitation.pk, ended_at=None).update(ended_at=clock.machine()):
            journal.record(
                realm, "member.invitation_withdrawn", str(invitation.organisation.reference), by=by.name,
                address=invitation.address,
            )  # fmt: skip


def _fits(invitation: Invitation, account: Account) -> bool:
    """Tell whether the account may accept: a provider's by its own address, staff's by the code alone."""
    if invitation.organisation.realm_id != account.realm_id:
        return False
    return account.role != Account.Role.PROVIDER or account.name == invitation.address


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _text(organisation: Organisation, code: str) -> tuple[str, str]:
    page = f"{hosts.home(hosts.Area.PROVIDERS)}/providers/invitation"
    days = f"{settings.PROVIDER_INVITATION_DAYS:g}"
    # The name is the organisation's own word: in a mail of ours it stands as a quotation, and in one line.
    return "【スマホ用電子証明書】組織への招待 / You are invited", (
        f"「{organisation.name_ja}」のメンバーとして招待されました。\n\n"
        f"招待コード： {code}\n\n"
        f"次のページを開いて、{days}日以内に入力してください： {page}\n"
        "アカウントがないときは、先にこのメールアドレスで登録してください。\n"
        "心当たりがないときは、何もしないでください。\n\n"
        f"{'-' * 40}\n\n"
        f"You are invited to become a member of “{organisation.name_en or organisation.name_ja}”.\n\n"
        f"Invitation code: {code}\n\n"
        f"Open this page and enter it within {days} days: {page}\n"
        "If you have no account, register with this mail address first.\n"
        "If you don't know what this is about, do nothing.\n"
    )
