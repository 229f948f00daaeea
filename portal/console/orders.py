"""Operators' orders to elements in use: what may be ordered, with whose name and for which reason in the journal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ca import journal
from portal.accounts.models import Account
from portal.console.errors import OrderReasonMissing, OrderUnknown
from tsm import services
from tsm.models import Enrolment

SOURCE = "operator"


@dataclass(frozen=True)
class Order:
    """One thing that can be ordered."""

    title: Promise
    hint: Promise
    place: Callable[[Enrolment], object]


# No resuming: a hold is released by two people, or by an officer's decision (`portal.helpdesk.holds`, `ca.causes`).
ORDERS: Mapping[str, Order] = {
    "suspend": Order(
        gettext_lazy("利用を停止する"),
        gettext_lazy("2枚をすぐに一時保留にし、次の接触でアプレットをロックします。"),
        lambda one: services.suspend(one, source=SOURCE),
    ),
    "terminate": Order(
        gettext_lazy("利用を終わらせる"),
        gettext_lazy("2枚をすぐに失効させ、次の接触で削除します。元に戻せません。"),
        lambda one: services.terminate(one, source=SOURCE),
    ),
    "rotate_issuer_keys": Order(
        gettext_lazy("発行者領域の鍵を更新する"),
        gettext_lazy("次の接触で、発行者セキュリティドメインの鍵を新しくします。"),
        lambda one: services.rotate(one, "issuer", source=SOURCE),
    ),
    "rotate_domain_keys": Order(
        gettext_lazy("サービス提供者領域の鍵を更新する"),
        gettext_lazy("次の接触で、サービス提供者のセキュリティドメインの鍵を新しくします。"),
        lambda one: services.rotate(one, "provider", source=SOURCE),
    ),
}


def place(enrolment: Enrolment, function: str, *, by: Account, reason: str) -> None:
    """Place an order. Raises OrderUnknown, OrderReasonMissing, and what `tsm.services` does."""
    order, reason = ORDERS.get(function), reason.strip()[:200]
    if order is None:
        raise OrderUnknown("choose what to order")
    if not reason:
        raise OrderReasonMissing("an order is given for a reason")
    with transaction.atomic():
        journal.take(enrolment.realm)
        journal.record(
            enrolment.realm,
            "operator.ordered",
            str(enrolment.reference),
            staff=by.name,
            function=function,
            reason=reason,
        )
        order.place(enrolment)
