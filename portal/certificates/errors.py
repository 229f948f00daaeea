"""What can go wrong with an objection: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class ObjectionError(Exception):
    """Base of all: `code` is for programs, `detail` for engineers, `data` goes with the problem."""

    code: ClassVar[str] = "objection_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.data = data


class UseUnknown(ObjectionError):
    """This is no use of the holder's certificates."""

    code = "use_unknown"


class ObjectionExists(ObjectionError):
    """The holder has objected to this use already."""

    code = "objection_exists"


class ObjectionTextUnfit(ObjectionError):
    """The text, or the answer, is empty where it mustn't be, or too long; `longest` says how long it may be."""

    code = "objection_text_unfit"


class ObjectionOver(ObjectionError):
    """The objection was answered already."""

    code = "objection_over"
