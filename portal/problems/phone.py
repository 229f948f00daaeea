"""What the pages of the phone refuse (`portal.phone.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "sign_in_over": Problem(
        409, "Another text, or too late", "What was signed isn't what this browser was given, or it is too old.",
        "Get the text again, and send its signature at once.",
        "時間が過ぎたため、本人確認をやり直します。もう一度カードを読み取ってください。",
        "Too much time has passed. Please read the card again.",
    ),
    "card_sign_in_refused": Problem(
        403, "The card's signature doesn't hold", "`reasons` lists what ca.status found.",
        "Depends on the reason; the citizen's sentence says it.",
        "カードの利用者証明用電子証明書を確かめられませんでした。コールセンターへ連絡してください。",
        "Your card's user authentication certificate could not be accepted. Please call the help desk.",
    ),
}  # fmt: skip
