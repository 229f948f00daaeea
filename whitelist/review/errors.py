"""What the review refuses. Each code has its row in `portal.problems`."""

from whitelist.errors import WhitelistError


class NotTheirTurn(WhitelistError):
    """The case is with the other authority, or the act is."""

    code = "review_not_their_turn"


class OfficerInvolved(WhitelistError):
    """The officer belongs to the organisation that it is about."""

    code = "review_officer_involved"


class ByTheSame(WhitelistError):
    """Nobody decides on, or confirms, what they proposed or did themselves."""

    code = "review_by_the_same"


class ProposalIncomplete(WhitelistError):
    """Something is missing or wrong in what an officer wrote; `fields` are its names, each with a code of what is."""

    code = "review_incomplete"


class CheckListOpen(WhitelistError):
    """Items of the check list have no answer, or one that stands against it; `items` are their codes."""

    code = "review_check_list_open"


class ProposalUnderWay(WhitelistError):
    """There is a proposal already that waits for a decision."""

    code = "review_proposal_under_way"


class ProposalOver(WhitelistError):
    """The proposal was decided meanwhile, or it is about a version that isn't the newest any more."""

    code = "review_proposal_over"


class SuspensionOver(WhitelistError):
    """The suspension was confirmed, lifted or ended meanwhile."""

    code = "review_suspension_over"


class SuspensionRepeated(WhitelistError):
    """Nobody suspends alone again what no second officer confirmed the first time."""

    code = "review_suspension_repeated"
