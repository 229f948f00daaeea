"""What the sandbox's API refuses. Each code has its row in `sandbox.problems`."""


class SandboxError(Exception):
    """A refusal whose `code` leads to its row; `data` are the problem's extension members."""

    code = "sandbox_error"

    def __init__(self, detail: str = "", **data: object) -> None:
        super().__init__(detail)
        self.data = data


class NotAWorkspace(SandboxError):
    """The token is good, but its service isn't registered in a workspace."""

    code = "not_a_workspace"


# --- citizens, cards, phones --------------------------------------------------------------------------------
class CitizenUnfit(SandboxError):
    """What was wished for can't stand in a certificate, or in a card: `field` says what."""

    code = "citizen_unfit"


class PersonaFixed(SandboxError):
    """The ten personas are the same in every workspace; what is issued to them may change, they don't."""

    code = "persona_fixed"


class CardUnderWay(SandboxError):
    """The card before isn't certified yet, or there is none yet."""

    code = "card_under_way"


class FactoryBusy(SandboxError):
    """The factory didn't answer in time; what was ordered may still come."""

    code = "factory_busy"


class ModelUnknown(SandboxError):
    """There is no such model, or it can't be varied so."""

    code = "model_unknown"


class PhoneGone(SandboxError):
    """The phone was thrown away."""

    code = "phone_gone"


# --- what a citizen does by hand ----------------------------------------------------------------------------
class ChipRefused(SandboxError):
    """The card, or the phone's element, answered with an error: `step` and `status_word` say where and which."""

    code = "chip_refused"


class ChipPasswordWrong(SandboxError):
    """The chip compared, and it wasn't that password: `tries_left` says how often it may still be tried."""

    code = "chip_password_wrong"


class ChipPasswordBlocked(SandboxError):
    """Too many wrong ones: the password is blocked."""

    code = "chip_password_blocked"


class ChipCertificateMissing(SandboxError):
    """The chip has no certificate for this purpose: a child's card, or a phone to which nothing was issued."""

    code = "chip_certificate_missing"


# --- certificates -------------------------------------------------------------------------------------------
class CauseUnfit(SandboxError):
    """No certificate of this kind is held or revoked for that cause."""

    code = "cause_unfit"


class NoneExpired(SandboxError):
    """The workspace was made before workspaces had expired certificates."""

    code = "none_expired"


class KeyNotHeld(SandboxError):
    """The private key of this certificate is in no chip, and no specimen's: it is gone, or never was here."""

    code = "key_not_held"


# --- enrolments ---------------------------------------------------------------------------------------------
class EnrolmentFinished(SandboxError):
    """The enrolment isn't under way, or it is a person who does the citizen's part."""

    code = "enrolment_finished"


class WebhookUnknown(SandboxError):
    """The workspace has no webhook of that id."""

    code = "webhook_unknown"


class DeliveryUnknown(SandboxError):
    """The workspace has no delivery of that id."""

    code = "delivery_unknown"


class WebhookAddressUnfit(SandboxError):
    """Nothing is sent to such an address; `reason` says why."""

    code = "webhook_address_unfit"


class TooManyWebhooks(SandboxError):
    """The workspace has as many webhooks as one may have: `most`."""

    code = "too_many_webhooks"


class WebhookDisabled(SandboxError):
    """Nothing is sent to a webhook that is disabled; `ending` says why it is."""

    code = "webhook_disabled"


class ClockOutOfRange(SandboxError):
    """The clock doesn't go there: `earliest` and `latest` say how far it goes."""

    code = "clock_out_of_range"


class ClockBusy(SandboxError):
    """The clock was moved by somebody else at the same moment."""

    code = "clock_busy"


class RotationUnknown(SandboxError):
    """The workspace has no rotation of that id."""

    code = "rotation_unknown"


class RotationUnderWay(SandboxError):
    """A rotation of the same keys isn't done yet."""

    code = "rotation_under_way"


class TooManyRotations(SandboxError):
    """The workspace rotated as often as one may in a day: `most`."""

    code = "too_many_rotations"
