"""How a key stands, as its people see it."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ca import clock
from whitelist.models import Credential, RelyingParty

# So long before its end a key without a successor is said to end soon.
SOON = timedelta(days=30)
KINDS: dict[str, Promise] = {
    Credential.Kind.PRIVATE_KEY_JWT: gettext_lazy("署名つきの表明（private_key_jwt）"),
    Credential.Kind.TLS_CLIENT_AUTH: gettext_lazy("TLSのクライアント証明書（tls_client_auth）"),
}


@dataclass(frozen=True)
class Standing:
    """A key with what is said of it; `tone` is the class of its tag."""

    row: Credential
    text: Promise
    tone: str
    kind: Promise
    goes_on: bool
    # It may have a successor: it goes on, and has none.
    may_be_replaced: bool


def of(row: Credential) -> Standing:
    """Return how a key stands now, by its realm's clock."""
    now = clock.now(row.relying_party.realm)
    goes_on = row.disabled_at is None and row.not_after > now
    text, tone = gettext_lazy("有効"), "tag--success"
    if row.disabled_at is not None:
        text, tone = gettext_lazy("無効にしました"), "tag--error"
    elif row.not_after <= now:
        text, tone = gettext_lazy("期限切れ"), "tag--quiet"
    elif row.not_before > now:
        text, tone = gettext_lazy("まだ使えません"), "tag--quiet"
    elif row.replaced_by_id is not None:
        text, tone = gettext_lazy("新しい鍵に替わりました"), "tag--warning"
    elif row.not_after <= now + SOON:
        text, tone = gettext_lazy("まもなく期限"), "tag--warning"
    return Standing(row, text, tone, KINDS[row.kind], goes_on, goes_on and row.replaced_by_id is None)


def listing(party: RelyingParty) -> list[Standing]:
    """Return the keys of a service: those that go on first, the newest of each first."""
    rows = sorted(party.credentials.all(), key=lambda row: -row.pk)
    for row in rows:
        row.relying_party = party  # its realm has been read
    return sorted((of(row) for row in rows), key=lambda one: not one.goes_on)
