"""What providers' pages refuse. Each code has its row in `portal.problems`."""

from typing import Any


class ProviderError(Exception):
    """Any refusal; `data` holds what the sentence needs."""

    code = "provider_error"

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.data = data


class NameUnfit(ProviderError):
    """An organisation's name is empty, too long, or holds characters that nobody sees."""

    code = "organisation_name_unfit"


class LastOwner(ProviderError):
    """The organisation would be without an owner."""

    code = "organisation_last_owner"


class MemberGone(ProviderError):
    """Who was to be changed isn't a member any more, or not as what the page showed."""

    code = "member_gone"


class AlreadyMember(ProviderError):
    """The account belongs to the organisation already."""

    code = "already_member"


class InvitationWrong(ProviderError):
    """The code is unknown, used, withdrawn, past its days, or for another address."""

    code = "invitation_wrong"


class TooMany(ProviderError):
    """So many were made within a day that no more are."""

    code = "provider_too_many"


class WorkspacesClosed(ProviderError):
    """This site makes no workspaces."""

    code = "workspaces_closed"


class WorkspaceNotReady(ProviderError):
    """The workspace is still being made."""

    code = "workspace_not_ready"


class CallbackUnfit(ProviderError):
    """A callback address isn't https, or http on this machine; or there are none, or too many."""

    code = "callback_unfit"
