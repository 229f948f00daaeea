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
