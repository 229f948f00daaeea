"""What the help desk refuses. Each code has its row in `portal.problems`."""

from typing import Any


class HelpdeskError(Exception):
    """Any refusal; `data` holds what the sentence needs."""

    code = "helpdesk_error"

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.data = data


class SearchTooVague(HelpdeskError):
    """Fewer than two items, or neither a birth date nor a name among them."""

    code = "search_too_vague"


class SearchTooWide(HelpdeskError):
    """More people fit than may be shown."""

    code = "search_too_wide"


class ReasonMissing(HelpdeskError):
    """A page, or an act, without a reason."""

    code = "reason_missing"


class CallUnknown(HelpdeskError):
    """There is no such call of this agent's, or it is over."""

    code = "call_unknown"


class IdentityNotChecked(HelpdeskError):
    """The caller hasn't been asked enough, or answered wrong."""

    code = "identity_not_checked"


class NothingToHold(HelpdeskError):
    """The holder has no phone certificate that is valid."""

    code = "nothing_to_hold"


class ReleaseNotPossible(HelpdeskError):
    """Nothing is on hold, or not by a hold that the help desk may end."""

    code = "release_not_possible"


class ReleaseUnderWay(HelpdeskError):
    """A release is proposed already."""

    code = "release_under_way"


class ReleaseUnknown(HelpdeskError):
    """There is no such proposal in this realm."""

    code = "release_unknown"


class ReleaseByTheSame(HelpdeskError):
    """Who proposes a release doesn't approve it."""

    code = "release_by_the_same"


class ReleaseOver(HelpdeskError):
    """The proposal was decided meanwhile, or has lapsed."""

    code = "release_over"


class ObjectionUnknown(HelpdeskError):
    """There is no such objection in this realm."""

    code = "objection_unknown"
