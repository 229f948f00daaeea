"""What a case refuses. Each code has its row in `portal.problems`."""

from whitelist.errors import WhitelistError


class CaseNotEditable(WhitelistError):
    """The case isn't a draft (any more): nothing of it is changed."""

    code = "case_not_editable"


class FieldUnknown(WhitelistError):
    """There is no such section or field, or the value isn't of the field's kind."""

    code = "case_field_unknown"


class AnswerTooLong(WhitelistError):
    """An answer is longer than a draft keeps; `section` and `field` say which."""

    code = "case_answer_too_long"


class TooManyApplications(WhitelistError):
    """A case has as many applications as it may have."""

    code = "case_applications_full"


class CaseIncomplete(WhitelistError):
    """Something is missing or wrong; `missing` is how many fields."""

    code = "case_incomplete"


class CaseChanged(WhitelistError):
    """The answers aren't those that were checked: somebody went on writing."""

    code = "case_changed"


class CaseOpenAlready(WhitelistError):
    """A change of this entry is under way; `reference` is its case."""

    code = "case_open_already"


class EntryNotChangeable(WhitelistError):
    """The entry is no more in the register, or is another organisation's."""

    code = "case_entry_not_changeable"


class AttachmentRefused(WhitelistError):
    """The file isn't of a kind that is taken, is too large, or there are too many; the detail says what."""

    code = "attachment_unacceptable"


class AttachmentDangerous(WhitelistError):
    """Whoever looks through files found something in it."""

    code = "attachment_dangerous"


class ScannerAway(WhitelistError):
    """What looks through files can't be asked now, so no file is taken."""

    code = "scanner_away"


class MessageUnfit(WhitelistError):
    """A message is empty or too long."""

    code = "case_message_unfit"
