"""What the certification authorities refuse (`ca.errors`)."""

from portal.problems.row import TRY_LATER_EN, TRY_LATER_JA, Problem

ROWS: dict[str, Problem] = {
    "status_unknown": Problem(
        503, "The status could not be found out", "The records can't be asked just now.", "Try again.",
        TRY_LATER_JA, TRY_LATER_EN,
    ),
    "card_certificate_not_valid": Problem(
        409, "The card's certificate isn't valid", "What the phone certificate stands on has fallen meanwhile.",
        "Renew the card's certificates.",
        "カードの電子証明書が有効ではなくなったため、発行できません。市区町村の窓口で手続きをしてください。",
        "The card's certificate is no longer valid. Please go to your municipal office.",
    ),
    "phone_certificate_exists": Problem(
        409, "The holder has another phone's certificate", "One pair a person.", "Apply again: it's a device change.",
        "ほかのスマートフォンの電子証明書が有効です。", "Another phone's certificates are valid.",
    ),
    "illegal_transition": Problem(
        409, "Not from this status", "The certificate's status doesn't allow it.", "Look at its status.",
        "電子証明書の状態が変わったため、処理できませんでした。画面を読み込み直してください。",
        "The certificate's status has changed. Please reload the page.",
    ),
}  # fmt: skip
