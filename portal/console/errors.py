"""What the console refuses. Each code has its row in `portal.problems`."""


class ConsoleError(Exception):
    """Any refusal."""

    code = "console_error"


class OrderUnknown(ConsoleError):
    """Nothing that can be ordered was chosen."""

    code = "order_unknown"


class OrderReasonMissing(ConsoleError):
    """An order without a reason."""

    code = "order_reason_missing"
