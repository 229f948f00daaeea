"""What the service managers refuse: enrolments, conversations, chips (`tsm.errors`, `tsm.transports`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "phone_unknown": Problem(
        404, "No such phone", "The phone isn't known here.", "Choose a phone first.",
        "このスマートフォンは登録されていません。", "This phone is not known here.",
    ),
    "phone_not_supported": Problem(
        409, "The phone can't hold certificates", "The model misses a requirement of the list; `reason` says which.",
        "Use a phone of the published list.",
        "このスマートフォンには電子証明書を発行できません。対応している機種をお使いください。",
        "Certificates can't be issued to this phone. Please use a supported model.",
    ),
    "phone_in_use": Problem(
        409, "The phone is taken", "It has certificates, or an application under way; "
        "`enrolment` names it where it is this very application, whose answer was lost.",
        "Finish that application, or end the use of the phone first.",
        "このスマートフォンには、使用中の電子証明書か、途中の申請があります。",
        "This phone already has certificates, or an application under way.",
    ),
    "application_text_wrong": Problem(
        400, "Not this phone's application", "What was signed isn't the text that GET …/application gives.",
        "Get the text again and sign exactly it.",
        "申請の内容がこのスマートフォンのものと違います。はじめからやり直してください。",
        "The application isn't this phone's. Please start again.",
    ),
    "application_refused": Problem(
        403, "The application's signature doesn't hold", "`reasons` lists what ca.status found.",
        "Depends on the reason; the citizen's sentence says it.",
        "申請の署名を確かめられませんでした。", "The signature of the application could not be accepted.",
    ),
    "card_authentication_certificate_missing": Problem(
        403, "No authentication certificate on the card", "A phone certificate stands on the card's.",
        "Renew the card's certificates at the municipal office.",
        "カードに有効な利用者証明用電子証明書がありません。市区町村の窓口で手続きをしてください。",
        "Your card has no valid user authentication certificate. Please go to your municipal office.",
    ),
    "enrolment_unknown": Problem(
        404, "No such enrolment", "This phone has no enrolment of that reference.", "Look at the phone's home page.",
        "この申請は見つかりませんでした。", "This application was not found.",
    ),
    "wrong_state": Problem(
        409, "Not now", "The enrolment isn't in the state where this belongs; `state` says where it is.",
        "Get the enrolment and go on from its state.",
        "いまの状態では、この操作はできません。画面を読み込み直してください。",
        "This can't be done in the present state. Please reload the page.",
    ),
    "activation_refused": Problem(
        403, "The phone didn't prove its keys", "A signature isn't over the activation text, or not by the new key.",
        "Sign `activation.text` with both keys of the element.",
        "スマートフォンの鍵を確かめられませんでした。パスワードの設定をもう一度お試しください。",
        "The phone's keys could not be verified. Please set the passwords again.",
    ),
    "end_refused": Problem(
        403, "Not signed by this phone", "The text or the signature isn't this phone's.",
        "Get the text again and sign it with the phone's signature key.",
        "届出の署名を確かめられませんでした。もう一度お試しください。",
        "The signature of the request could not be verified. Please try again.",
    ),
    "resume_refused": Problem(
        403, "Not signed by this phone", "What was signed isn't the text, or not by the phone's signature key.",
        "Sign exactly the text that GET …/resume gives, with the phone's signature key.",
        "一時保留の解除の署名を確かめられませんでした。", "The signature to release the hold could not be accepted.",
    ),
    "unblock_refused": Problem(
        403, "Not signed by its holder", "What was signed isn't the text, or not by the key that may ask for it.",
        "Sign exactly the text that GET …/unblock/… gives: with the card for the signature password, with the phone's "
        "signature key for the authentication PIN.",
        "初期化の申請の署名を確かめられませんでした。署名用パスワードは、本人の有効なマイナンバーカードで初期化してください。",
        "The signature of the request could not be accepted. To reset the signature password, use your own valid card.",
    ),
    "conversation_unknown": Problem(
        404, "No such session", "The conversation is over, or isn't this phone's.", "Wait for the next push.",
        "この通信は終わっています。", "This conversation is over.",
    ),
    "handshake_missing": Problem(
        409, "A handshake comes first", "This phone has never shaken hands with the TSM.",
        "POST …/handshake, then ask again.",
        "通信を始められませんでした。もう一度お試しください。", "The connection could not be begun. Please try again.",
    ),
    "report_malformed": Problem(
        400, "The report can't be read", "An R-APDU isn't hexadecimal, or the report isn't SERAM's.", "See SERAM 2.0.",
        "スマートフォンとの通信に誤りがありました。", "Something went wrong between phone and server.",
    ),
    "reader_busy": Problem(
        409, "The chip is in use", "Another session with the same card or element is under way.", "Try again.",
        "ICチップは、ほかの処理で使われています。少し待って、もう一度お試しください。",
        "The chip is busy with something else. Please wait a moment and try again.",
        retry=True,
    ),
}  # fmt: skip
