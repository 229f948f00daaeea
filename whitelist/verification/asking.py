"""Who asks, for whom, and for what: decided before anything is looked up."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from whitelist import delegations
from whitelist.access import Check
from whitelist.errors import VerificationInvalid, VerificationRefused
from whitelist.models import Credential, Delegation, RelyingParty, VerificationLog

CheckPurpose = VerificationLog.CheckPurpose


@dataclass(frozen=True)
class Asker:
    """One request by one credential: `party` is for whom it is made. Nothing is permitted by having one."""

    credential: Credential
    party: RelyingParty
    check_purpose: CheckPurpose
    request: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def realm(self) -> Realm:
        """Return the realm whose certificates can be asked about: no question crosses."""
        return self.credential.relying_party.realm

    @property
    def acts_for_another(self) -> bool:
        """Return whether a platform operator asks for a provider."""
        return self.party.pk != self.credential.relying_party_id

    @property
    def now(self) -> datetime:
        """Return the realm's time."""
        return clock.now(self.realm)

    @property
    def delegation(self) -> Delegation | None:
        """Return the delegation under which it is asked, None for one's own question."""
        return delegations.newest(self.credential.relying_party, self.party) if self.acts_for_another else None


def asker(credential: Credential, *, check_purpose: CheckPurpose, on_behalf_of: str = "") -> Asker:
    """Return who asks; raise `DelegationMissing` for a name in which the credential never acted."""
    return Asker(credential, delegations.acting_for(credential, on_behalf_of), check_purpose)


def require(who: Asker, kind: Check, purpose: Purpose) -> None:
    """Raise `VerificationRefused`, with the reason, unless the register lets `who` ask this at this moment."""
    decision = delegations.check_of(who.party, kind, purpose, credential=who.credential, now=who.now)
    if not decision.allowed:
        raise VerificationRefused("the register says no", reason=str(decision.reason))


def require_few(questions: Sequence[object], member: str) -> None:
    """Raise `VerificationInvalid` for none, or for more than VERIFICATION_MOST at once."""
    if not 0 < len(questions) <= settings.VERIFICATION_MOST:
        raise VerificationInvalid(f"{member} must be one to {settings.VERIFICATION_MOST}", member=member)
