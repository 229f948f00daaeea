"""What the officers' screens don't find. Each code has its row in `portal.problems`."""


class ReviewError(Exception):
    """Any of these."""

    code = "review_error"


class CaseUnknown(ReviewError):
    """There is no such case in the officer's realm, or it was never submitted."""

    code = "review_case_unknown"


class EntryUnknown(ReviewError):
    """There is no such entry in the officer's realm."""

    code = "review_entry_unknown"


class LetterUnknown(ReviewError):
    """There is no such decision, or none that a letter tells of."""

    code = "review_letter_unknown"
