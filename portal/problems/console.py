"""What the operators' console refuses (`portal.console.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "order_unknown": Problem(
        400, "Nothing was chosen", "No order was chosen.", "Choose one.",
        "指示を1つ選んでください。", "Please choose an order.",
    ),
    "order_reason_missing": Problem(
        400, "No reason", "An order needs a reason.", "Give the reason.",
        "指示の理由を入力してください。", "Please give the reason for the order.",
    ),
}  # fmt: skip
