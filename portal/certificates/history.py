"""The history: every use of the holder's certificates, and every change of them, newest first.

Uses are hand-offs that one of the holder's certificates answered, and those that ended otherwise on this phone's
screen. Changes are the journal's. Both are read from one cursor on, page by page, a fixed number of queries each.
"""

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ca.causes import Cause
from ca.history import CHANGES
from ca.models import Certificate, JournalEntry
from ca.profiles import Medium, Purpose
from portal.certificates.errors import UseUnknown
from portal.certificates.models import Objection
from portal.handoff.models import HandOff
from portal.handoff.states import State
from tsm.models import Enrolment
from whitelist.register import Text

PAGE = 20
_CERTIFICATE_KINDS = ("certificate.issued", *CHANGES)
_LOCK_KINDS = ("screen_lock.set_up", "screen_lock.turned_off")
# Of what happened at one moment, changes stand above uses.
_USE, _CHANGE = 0, 1


@dataclass(frozen=True)
class Service:
    """Who asked, as the register names it."""

    client_id: str
    name: Text


@dataclass(frozen=True)
class Use:
    """One use, or a request that came to no use. `outcome` is a `portal.handoff.states.State`."""

    id: uuid.UUID
    at: datetime
    service: Service
    purpose: str
    # What the register says that the service asks for; a document's name beside it.
    what: Text
    document_name: str
    outcome: str
    # What answered; None when nothing did.
    certificate: Certificate | None
    objection: Objection | None

    @property
    def kind(self) -> str:
        return "use"

    @property
    def title(self) -> str:
        signing = self.purpose == Purpose.SIGNATURE
        match self.outcome:
            case State.ANSWERED:
                return _("電子署名をしました") if signing else _("本人確認をしました")
            case State.DECLINED:
                return _("電子署名の依頼を断りました") if signing else _("本人確認の依頼を断りました")
            case State.REFUSED:
                return _("登録簿により止められました")
            case State.WRONG_NUMBER:
                return _("番号が合わなかったため、止められました")
            case State.WRONG_BROWSER:
                return _("別のブラウザに戻ったため、サービスには渡されませんでした")
        return _("回答がないまま、期限が切れました")

    @property
    def tone(self) -> str:
        return "success" if self.outcome == State.ANSWERED else "quiet"

    @property
    def service_name(self) -> str:
        return self.service.name.in_language(get_language())

    @property
    def what_for(self) -> str:
        return self.what.in_language(get_language())

    @property
    def certificate_name(self) -> str:
        return certificate_name(self.certificate.purpose, self.certificate.medium) if self.certificate else ""


@dataclass(frozen=True)
class Change:
    """One change of a certificate or of the screen lock. `code` is the journal's kind."""

    at: datetime
    code: str
    purpose: str
    medium: str
    serial_number: str
    cause: str

    @property
    def kind(self) -> str:
        return "change"

    @property
    def title(self) -> str:
        return {
            "certificate.issued": _("発行されました"),
            "certificate.activated": _("有効になりました"),
            "certificate.held": _("一時保留になりました"),
            "certificate.released": _("一時保留が解除されました"),
            "certificate.revoked": _("失効しました"),
            "screen_lock.set_up": _("画面ロックで確認できるようにしました"),
            "screen_lock.turned_off": _("画面ロックでの確認をやめました"),
        }[self.code]

    @property
    def certificate_name(self) -> str:
        return certificate_name(self.purpose, self.medium) if self.serial_number else ""

    @property
    def cause_sentence(self) -> str:
        return cause_sentence(self.cause)


Line = Use | Change


@dataclass(frozen=True)
class Page:
    """Some lines, and the cursor of what is older; empty when nothing is."""

    lines: list[Line]
    older: str


def page(enrolment: Enrolment, cursor: str = "", *, size: int = PAGE) -> Page:
    """Return the lines of the enrolment's holder from the cursor on. Raises `ValueError` for what is no cursor."""
    after = _read(cursor) if cursor else None
    # One more than is shown tells whether there is more.
    uses = list(_after(uses_of(enrolment), "ended_at", "pk", _USE, after)[: size + 1])
    changes = list(_after(_changes_of(enrolment), "at", "sequence", _CHANGE, after)[: size + 1])
    objections = {one.hand_off_id: one for one in Objection.objects.filter(hand_off__in=uses)} if uses else {}
    found: list[tuple[tuple[datetime, int], str, Line]] = [
        *(((row.ended_at, _USE), str(row.pk), _use(row, objections.get(row.pk))) for row in uses if row.ended_at),
        *(((row.at, _CHANGE), str(row.sequence), _change(row)) for row in changes),
    ]
    # Sorting keeps the order of equals, which the database made.
    found.sort(key=lambda entry: entry[0], reverse=True)
    shown = found[:size]
    older = ""
    if len(found) > size:
        (at, rank), identity, _line = shown[-1]
        older = _written(at, rank, identity)
    return Page([line for _key, _identity, line in shown], older)


def everything(enrolment: Enrolment, *, most: int | None = None) -> Iterator[Line]:
    """Return all lines, or the newest `most`, for an export."""
    cursor, left = "", most
    while left is None or left > 0:
        found = page(enrolment, cursor, size=200)
        yield from found.lines if left is None else found.lines[:left]
        left = left if left is None else left - len(found.lines)
        cursor = found.older
        if not cursor:
            return


def use(enrolment: Enrolment, reference: uuid.UUID) -> tuple[HandOff, Use]:
    """Return one use of the holder's. Raises `UseUnknown`, also for another holder's."""
    row = uses_of(enrolment).filter(pk=reference).first()
    if row is None:
        raise UseUnknown("no such use of this holder's certificates")
    return row, _use(row, Objection.objects.filter(hand_off=row).first())


def uses_of(enrolment: Enrolment) -> QuerySet[HandOff]:
    """Return the hand-offs of the holder that are over: answered by any certificate of his, or shown on this phone.

    What this phone's screen showed before the holder applied for it may be another's.
    """
    # Ids and not a subquery: then both sides of the "or" go by an index, and nobody else's uses are looked at.
    certificates = list(
        Certificate.objects.filter(realm=enrolment.realm, holder=enrolment.holder).values_list("pk", flat=True)
    )
    on_screen = Q(shown_on=enrolment.phone, created_at__gte=enrolment.created_at, answered_with__isnull=True)
    return (
        HandOff.objects.filter(Q(answered_with__in=certificates) | on_screen, ended_at__isnull=False)
        .select_related("relying_party", "realm", "answered_with")
        .prefetch_related("relying_party__purposes")
        .order_by("-ended_at", "-pk")
    )


def certificates_of(enrolment: Enrolment) -> list[Certificate]:
    """Return all phone certificates of the enrolment's holder, newest first."""
    rows = Certificate.objects.filter(realm=enrolment.realm, holder=enrolment.holder, medium=Medium.PHONE)
    return list(rows.order_by("-pk"))


def certificate_name(purpose: str, medium: str) -> str:
    """Return what a citizen calls a certificate of that purpose and medium."""
    signature = purpose == Purpose.SIGNATURE
    if medium == Medium.CARD:
        return _("カードの署名用電子証明書") if signature else _("カードの利用者証明用電子証明書")
    return _("スマホ用署名用電子証明書") if signature else _("スマホ用利用者証明用電子証明書")


def cause_sentence(cause: str) -> str:
    """Return why a certificate isn't valid, in the citizen's words; empty for none."""
    told = {
        Cause.HOLDER_REQUEST: _("ご本人の申請による"),
        Cause.KEY_COMPROMISE: _("秘密鍵が漏れたおそれのため"),
        Cause.AUTHORITY_KEY_COMPROMISE: _("認証局の鍵が漏れたおそれのため"),
        Cause.ATTRIBUTES_CHANGED: _("氏名や住所などが変わったため"),
        Cause.RECORD_ERROR: _("記録に誤りがあったため"),
        Cause.DEATH: _("お亡くなりになったため"),
        Cause.PHONE_USE_ENDED: _("スマートフォンの利用を終えたため"),
        Cause.CARD_CERTIFICATE_REVOKED: _("カードの電子証明書が失効したため（連動）"),
        Cause.SUPERSEDED: _("新しい電子証明書が発行されたため"),
        Cause.NOT_DELIVERED: _("発行を取りやめたため"),
        Cause.LOSS: _("紛失などの届出があったため"),
        Cause.AWAITING_ACTIVATION: _("パスワードの設定を待っているため"),
        Cause.EXPIRY: _("有効期間が終わったため"),
    }
    return told.get(cause, "")  # type: ignore[call-overload]


def _changes_of(enrolment: Enrolment) -> QuerySet[JournalEntry]:
    # Authorities count their serial numbers each for itself: the purpose tells whose it is.
    wanted = Q(subject=str(enrolment.reference), kind__in=_LOCK_KINDS)
    for one in certificates_of(enrolment):
        wanted |= Q(subject=one.serial_number, kind__in=_CERTIFICATE_KINDS, data__purpose=one.purpose)
    return JournalEntry.objects.filter(wanted, realm=enrolment.realm).order_by("-at", "-sequence")


def _use(row: HandOff, objection: Objection | None) -> Use:
    party = row.relying_party
    texts = {one.purpose: Text(one.text_ja, one.text_en) for one in party.purposes.all()}
    return Use(
        id=row.pk,
        at=row.ended_at or row.created_at,
        service=Service(party.client_id, Text(party.name_ja, party.name_en)),
        purpose=row.purpose,
        what=texts.get(row.purpose, Text("", "")),
        document_name=row.document_name,
        outcome=row.state,
        certificate=row.answered_with,
        objection=objection,
    )


def _change(row: JournalEntry) -> Change:
    certificate = row.kind in _CERTIFICATE_KINDS
    return Change(
        at=row.at,
        code=row.kind,
        purpose=row.data.get("purpose", ""),
        medium=row.data.get("medium", ""),
        serial_number=row.subject if certificate else "",
        cause=row.data.get("cause", ""),
    )


def _after(rows: QuerySet, at: str, key: str, rank: int, after: tuple[datetime, int, str] | None) -> QuerySet:
    """Cut the rows off at the cursor: those that come after it in the order of moment, rank and key, all descending."""
    if after is None:
        return rows
    moment, its_rank, identity = after
    older = Q(**{f"{at}__lt": moment})
    if rank < its_rank:
        older |= Q(**{at: moment})
    elif rank == its_rank:
        older |= Q(**{at: moment, f"{key}__lt": identity})
    return rows.filter(older)


def _written(at: datetime, rank: int, identity: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {rank} {identity}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, int, str]:
    try:
        at, rank, identity = base64.urlsafe_b64decode(cursor).decode().split(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or int(rank) not in (_USE, _CHANGE):
            raise ValueError("no such place")
        # The database counts in UTC, where a moment near either end of time may be none.
        moment = moment.astimezone(UTC)
        return moment, int(rank), str(uuid.UUID(identity)) if int(rank) == _USE else str(int(identity))
    except (ValueError, OverflowError) as error:
        raise ValueError("no cursor of ours") from error
