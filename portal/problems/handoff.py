"""What the hand-off refuses (`portal.handoff.errors`)."""

from portal.problems.row import TRY_LATER_EN, TRY_LATER_JA, Problem

ROWS: dict[str, Problem] = {
    "handoff_request_invalid": Problem(
        400, "The hand-off's request is not well-formed", "`member` names what is wrong.", "Correct that member.",
        "サービスからの依頼に誤りがあります。", "The service's request is wrong.",
    ),
    "document_unacceptable": Problem(
        400, "This document can't be shown", "It is missing, too long, or holds characters a reader wouldn't see.",
        "Send plain text, or a PDF that does nothing and isn't locked; the detail says what is in the way.",
        "署名する文書を表示できません。", "The document can't be shown.",
    ),
    "handoff_unknown": Problem(
        404, "No such hand-off", "It doesn't exist, or isn't yours.", "Check its id or link.",
        "この依頼は見つかりませんでした。", "This request was not found.",
    ),
    "handoff_over": Problem(
        409, "The hand-off is over", "It was answered, declined or refused; `state` says which.", "Make a new one.",
        "この依頼は、もう終わっています。", "This request is already over.",
    ),
    "handoff_expired": Problem(
        410, "The hand-off has expired", "Nobody answered in time.", "Make a new one.",
        "時間が過ぎました。サービスの画面からやり直してください。", "Time is up. Please start again at the service.",
    ),
    "handoff_refused": Problem(
        403, "The register says no", "`reason` says why.", "See the register, or the case for registration.",
        "このサービスは、スマホ用電子証明書を使えません。", "This service may not use your phone's certificates.",
    ),
    "handoff_not_shown": Problem(
        409, "Not shown yet", "The answer came before the request was shown.", "Open the link on the phone first.",
        "依頼の画面を開いてからやり直してください。", "Please open the request first.",
    ),
    "handoff_other_service": Problem(
        403, "Another service", "What was opened or answered names another service than the one that asks.",
        "Show the code or the link of the request that was made.",
        "依頼したサービスと名前が一致しないため、止めました。サービスの画面から、もう一度始めてください。",
        "It names another service than the one that asks, so it was stopped. Please start again at the service.",
    ),
    "handoff_wrong_browser": Problem(
        403, "Another browser", "The hand-off belongs to the browser that opened it first.",
        "Go on in that browser, or make a new one.",
        "別のブラウザで始めた依頼です。はじめに開いたブラウザに戻るか、もう一度始めてください。",
        "This was begun in another browser. Please go back to that one, or start again.",
    ),
    "handoff_code_not_fresh": Problem(
        410, "The code on the screen is too old", "A code is good for thirty seconds, and only as we made it.",
        "Read the code that the screen shows now.",
        "このコードは使えなくなりました。画面の新しいコードを読み取ってください。",
        "This code is no longer good. Please read the one that the screen shows now.",
    ),
    "handoff_code_taken": Problem(
        409, "The code was read before", "A hand-off belongs to the first phone that read its code.", "Make a new one.",
        "このコードは読み取り済みです。サービスの画面から、もう一度始めてください。",
        "This code was read before. Please start again at the service.",
    ),
    "handoff_not_over": Problem(
        409, "Not over yet", "There is no way back before an answer, a no, or the end of its time.",
        "Answer it first.",
        "まだ終わっていません。先に、この依頼に答えてください。", "It isn't over yet. Please answer it first.",
        retry=True,
    ),
    "handoff_returned": Problem(
        409, "The outcome was handed over", "It goes to the service once.", "Ask the service.",
        "結果はサービスに渡りました。サービスの画面で確かめてください。",
        "The service has the outcome. Please look there.",
    ),
    "handoff_code_invalid": Problem(
        400, "The code is no good", "Not this hand-off's, redeemed before, too late, or without its verifier.",
        "Take the code that came with this citizen's browser, once, within two minutes.",
        "手続の結果を受け取れませんでした。サービスの画面から、もう一度始めてください。",
        "The outcome could not be received. Please start again at the service.",
    ),
    "answer_not_prepared": Problem(
        409, "Nothing was ready to be signed", "The signature came without, or for another certificate than, prepare.",
        "POST the certificate to …/prepare, sign its message, then answer.",
        "署名の準備ができていませんでした。もう一度お試しください。",
        "Nothing was ready to be signed. Please try again.",
    ),
    "answer_malformed": Problem(
        400, "The answer can't be read", "Certificate or signature isn't Base64.", "Send both as Base64.",
        "スマートフォンの答えを読み取れませんでした。", "The phone's answer could not be read.",
    ),
    "answer_refused": Problem(
        403, "The phone's signature doesn't hold", "`reasons` lists what ca.status found.",
        "Depends on the reason.",
        "電子証明書か署名が有効でないため、受け付けられませんでした。",
        "The certificate or the signature isn't valid, so it was not accepted.",
    ),
    "answer_undecided": Problem(
        503, "Could not be found out", "The status of the certificate is unknown just now.", "Try again.",
        TRY_LATER_JA, TRY_LATER_EN,
    ),
}  # fmt: skip
