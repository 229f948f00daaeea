"""What both APIs refuse before a view looks at anything. Each code has its row in `portal.problems.requests`."""


class ApiError(Exception):
    """A refusal whose `code` leads to its row; `data` are the problem's extension members."""

    code = "api_error"

    def __init__(self, detail: str = "", **data: object) -> None:
        super().__init__(detail)
        self.data = data


class KeyUsed(ApiError):
    """The Idempotency-Key stands for another request."""

    code = "idempotency_key_used"


class KeyInUse(ApiError):
    """The request of this Idempotency-Key is being answered, or its answer never was."""

    code = "idempotency_key_in_progress"


class TooManyRequests(ApiError):
    """The credential has asked for as much as it may in this window. `retry_after` is in seconds."""

    code = "too_many_requests"
