"""What can go wrong at the readers and at the bridge: one sentence each, for the terminal and for the page."""

from dataclasses import dataclass
from typing import Any

from tsm.transports.base import TransportError


class ReaderNotChosen(TransportError):
    """There is not exactly one reader, and nobody said which."""

    code = "reader_not_chosen"


class CardRemoved(TransportError):
    """The card, or its reader, went away in the middle of a session."""

    code = "card_removed"


class CardChanged(TransportError):
    """Another card lies there than the one that the user allowed."""

    code = "card_changed"


class CardWrong(TransportError):
    """What lies on the reader has no JPKI application of a My Number Card."""

    code = "card_wrong"


class ElementWrong(TransportError):
    """What is in the element's reader isn't the element that this agent was registered with."""

    code = "element_wrong"


class NotConfirmed(TransportError):
    """The user said no at the agent, or nothing."""

    code = "not_confirmed"


class OriginRefused(TransportError):
    """A page of a site that the agent doesn't know, or a program that names none."""

    code = "origin_refused"


class CommandRefused(TransportError):
    """A command that no page may send."""

    code = "command_refused"


class RequestMalformed(TransportError):
    """Not a list of commands."""

    code = "invalid_request"


class PasswordBlocked(TransportError):
    """The card said that the password is blocked; told at the terminal, the page has the card's own answer."""

    code = "password_blocked"


@dataclass(frozen=True)
class Trouble:
    """How one code is answered: the HTTP status, and a sentence that says what is wrong and what to do."""

    status: int
    ja: str
    en: str


TROUBLES = {
    "pcsc_unavailable": Trouble(
        503,
        "カードリーダーを使う仕組み（PC/SC）が動いていません。pcscdとpyscardを用意して、もう一度お試しください。",
        "Card readers don't work on this machine: install and start pcscd, and install pyscard (extra 'pcsc').",
    ),
    "reader_not_found": Trouble(
        503,
        "カードリーダーが見つかりません。つなぎ直してください。",
        "The reader isn't there: plug it in, or name another one.",
    ),
    "reader_not_chosen": Trouble(
        503,
        "どのカードリーダーを使うか決まっていません。",
        "Say which reader: --card-reader NAME for the card, --element-reader NAME for the element.",
    ),
    "reader_busy": Trouble(
        409,
        "ほかのプログラムがカードを使っています。終わってから、もう一度お試しください。",
        "Another program uses the card: end it, and try again.",
    ),
    "card_not_present": Trouble(
        409, "カードが置かれていません。置いてから、もう一度お試しください。", "There is no card: put it on the reader."
    ),
    "card_removed": Trouble(
        409,
        "途中でカードかリーダーが外れました。置き直して、はじめからお試しください。",
        "The card or the reader was taken away in the middle: put it back and start over. Nothing was kept.",
    ),
    "card_changed": Trouble(
        409,
        "許可したときとは別のカードです。もう一度許可してください。",
        "This is another card than the one that was allowed: try again, and the agent asks anew.",
    ),
    "card_wrong": Trouble(
        409,
        "マイナンバーカードではありません。マイナンバーカードを置いてください。",
        "This is no My Number Card: put the right card on the reader.",
    ),
    "element_wrong": Trouble(
        409,
        "登録したセキュアエレメントではありません。",
        "This isn't the element that was registered: put that one in the element's reader.",
    ),
    "not_confirmed": Trouble(
        403,
        "このPCのエージェントで許可されませんでした。",
        "It was not allowed at the agent: try again, and answer its question with y.",
    ),
    "origin_refused": Trouble(
        403,
        "このサイトはカードを使えません。",
        "This site may not reach the card: start the agent with --origin for it.",
    ),
    "command_refused": Trouble(
        403, "この操作はページからはできません。", "No page may send this command: nothing was sent to the card."
    ),
    "invalid_request": Trouble(400, "要求に誤りがあります。", "The request isn't a list of hexadecimal commands."),
    "password_blocked": Trouble(
        409,
        "パスワードがロックされています。市区町村の窓口で初期化してください。",
        "The password is blocked: the town hall unblocks a card's, the phone's page a phone's.",
    ),
    "transport_failed": Trouble(
        502,
        "カードとの通信に失敗しました。置き直して、もう一度お試しください。",
        "The card did not answer: put it on the reader anew, and try again.",
    ),
}


def of(error: TransportError) -> Trouble:
    """Return how an error is told."""
    return TROUBLES.get(error.code, TROUBLES["transport_failed"])


def sentence(error: TransportError) -> str:
    """Return the sentence for the terminal: what is wrong, what to do, and what the reader said."""
    return f"{of(error).en} ({error.code}: {error})"


def problem(error: TransportError) -> dict[str, Any]:
    """Return the problem (RFC 9457) for the page, in the form that the site's own have."""
    told = of(error)
    return {
        "type": "about:blank",
        "title": error.code,
        "status": told.status,
        "detail": str(error),
        "code": error.code,
        "citizen": {"ja": told.ja, "en": told.en},
    }
