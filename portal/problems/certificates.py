"""What my certificates' pages refuse (`portal.certificates.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "use_unknown": Problem(
        404, "No such use", "It isn't in this holder's history.", "Look at the history.",
        "この記録は見つかりませんでした。", "This record was not found.",
    ),
    "objection_exists": Problem(
        409, "Objected to already", "A use can be objected to once.", "Wait for the answer.",
        "この記録へのお申し出は、すでに受け付けています。", "You have already reported this use.",
    ),
    "objection_text_unfit": Problem(
        400, "The text won't do", "It is longer than `longest` characters, or an answer is empty.", "Correct it.",
        "文が長すぎるか、空です。直して、もう一度お試しください。",
        "The text is too long, or empty. Please correct it.",
    ),
    "objection_over": Problem(
        409, "Answered already", "Another of the staff was first.", "Load it again.",
        "このお申し出には、すでに回答があります。画面を読み込み直してください。",
        "This report has been answered already. Please reload the page.",
    ),
}  # fmt: skip
