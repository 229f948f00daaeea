"""The catalogue of problems (RFC 9457): cause, remedy, the citizen's sentence.

One table: an exception's `code` leads to its row. A code without a row is a defect, and a test finds it.
"""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language


@dataclass(frozen=True)
class Problem:
    """One row of the catalogue. `ja` and `en` are for the citizen, the rest for engineers."""

    status: int
    title: str
    cause: str
    remedy: str
    ja: str
    en: str


def _internal(title: str) -> Problem:
    return Problem(
        500,
        title,
        "Something inside the system isn't as it should be.",
        "Nothing was half done. Try again; if it stays, tell the operator the code and the time.",
        "システムの都合で処理できませんでした。時間をおいて、もう一度お試しください。",
        "The system could not do this. Please try again later.",
    )


_TRY_LATER_JA = "いまは確かめることができませんでした。時間をおいて、もう一度お試しください。"
_TRY_LATER_EN = "This could not be checked just now. Please try again later."

CATALOGUE: dict[str, Problem] = {
    # --- requests
    "invalid_request": Problem(
        400, "The request is not well-formed", "A member is missing, too long or wrong; `errors` names it.",
        "Correct the members named in `errors`.",
        "入力に誤りがあります。内容を直して、もう一度お試しください。",
        "Something in the input is wrong. Please correct it.",
    ),
    "not_authenticated": Problem(
        401, "Nobody that is known asks", "No valid token or session came with the request.",
        "Send the phone's token, or open the phone's pages and choose a phone.",
        "スマートフォンが選ばれていません。はじめの画面から選んでください。",
        "No phone is chosen. Please choose one on the first page.",
    ),
    "permission_denied": Problem(
        403, "Not allowed", "The request lacks a right, or its CSRF token.", "Load the page again and repeat.",
        "この操作はできません。画面を読み込み直してください。", "This isn't allowed. Please reload the page.",
    ),
    "not_found": Problem(
        404, "There is nothing here", "The address names nothing that you may see.", "Check the address.",
        "見つかりませんでした。", "Not found.",
    ),
    "document_unavailable": Problem(
        503, "The document can't be made now", "The server lacks what makes PDF files: Pango, or a Japanese font.",
        "Ask the operator to run scripts/system-packages.sh documents; the data itself can be had as JSON.",
        "いまPDFを作れません。時間をおいて、もう一度お試しください。",
        "The PDF can't be made just now. Please try again later.",
    ),
    "method_not_allowed": Problem(
        405, "Not with this method", "The address doesn't take this method.", "See the API's description.",
        "この操作はできません。", "This isn't possible.",
    ),
    "unsupported_media_type": Problem(
        415, "Not in this format", "The body isn't of a type that the address takes.", "Send application/json.",
        "この操作はできません。", "This isn't possible.",
    ),
    # --- enrolment
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
        409, "The phone is taken", "It has certificates, or an application under way.",
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
    # --- hand-off and register
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
    "logo_unacceptable": Problem(
        400, "The logo can't be taken", "It is no small PNG, or an SVG of more than shapes; the detail says what.",
        "Send a PNG of at most 512 pixels a side, or an SVG of shapes and colours alone, of at most 32 kB.",
        "このロゴは登録できません。小さなPNGか、図形だけのSVGにしてください。",
        "This logo can't be registered. Please use a small PNG, or an SVG of shapes alone.",
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
        _TRY_LATER_JA, _TRY_LATER_EN,
    ),
    # --- screen lock, my certificates
    "screen_lock_unsupported": Problem(
        409, "This model's screen lock won't do", "Its biometrics are not Class 3 (briefing of 2022-06).",
        "Use the authentication PIN.",
        "この機種の画面ロックは、暗証番号の代わりに使えません。これまでどおり、暗証番号を入力してください。",
        "This model's screen lock can't stand for the PIN. Please go on entering the PIN.",
    ),
    "screen_lock_kind_refused": Problem(
        409, "Not this kind of screen lock", "Before Android 11 biometrics alone may stand for the PIN; `kinds` lists.",
        "Set up one of `kinds`.",
        "この機種で使えるのは、指紋や顔（生体認証）だけです。生体認証を選んで、もう一度お試しください。",
        "On this model only a fingerprint or face will do. Please choose biometrics and try again.",
    ),
    "screen_lock_missing": Problem(
        409, "No screen lock is set up", "It was turned off, set up elsewhere, or the phone has another pair by now.",
        "Enter the PIN; set the screen lock up again.",
        "画面ロックでの確認は設定されていません。暗証番号を入力してください。",
        "The screen lock isn't set up. Please enter the PIN.",
    ),
    "screen_lock_stale": Problem(
        409, "The PIN is another one by now", "It was unblocked after the screen lock was set up.",
        "Enter the new PIN; set the screen lock up again.",
        "暗証番号が初期化されたため、画面ロックでは確認できません。新しい暗証番号を入力し、画面ロックは設定し直してください。",
        "The PIN was reset, so the screen lock no longer works. Enter the new PIN, then set the screen lock up again.",
    ),
    "screen_lock_refused": Problem(
        403, "The authenticator's answer doesn't hold",
        "Wrong challenge, origin, RP id, signature or counter, or no user verification; see `detail`.",
        "Ask for a new challenge and try again; the origin must be PUBLIC_URL.",
        "画面ロックの答えを確かめられませんでした。もう一度試すか、暗証番号を入力してください。",
        "The screen lock's answer could not be verified. Please try again, or enter the PIN.",
    ),
    "screen_lock_pin_due": Problem(
        409, "The PIN is due", "It was not typed for SCREEN_LOCK_PIN_HOURS (primary authentication).",
        "Enter the PIN once.",
        "しばらく暗証番号を入力していないため、今回は暗証番号を入力してください。次からは、また画面ロックで確認できます。",
        "The PIN has not been entered for a while. Please enter it this time; afterwards the screen lock works again.",
    ),
    "challenge_over": Problem(
        409, "The challenge is over", "It was answered before, or is older than five minutes.", "Ask for a new one.",
        "確認の時間が過ぎました。もう一度お試しください。", "Time is up. Please try again.",
    ),
    "proof_refused": Problem(
        403, "Not proved", "The signature isn't by this phone's authentication key over the text that was given.",
        "Sign exactly the text, with the key whose certificate is in this phone.",
        "ご本人であることを確かめられませんでした。もう一度お試しください。",
        "It could not be verified that you are the holder. Please try again.",
    ),
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
    "token_request_invalid": Problem(
        400, "Not a token request", "RFC 6749 4.4 with a client assertion (RFC 7523 2.2) is expected.",
        "Send grant_type, client_assertion_type and client_assertion.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_unknown": Problem(
        401, "No such client or key", "The key isn't this relying party's, or it is outside its time.",
        "Check iss, sub and kid.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_assertion_invalid": Problem(
        401, "The client assertion doesn't hold", "Signature, audience, time or form.", "See the detail.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_assertion_replayed": Problem(
        401, "Used before", "A client assertion's jti is good once.", "Make a new assertion.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "token_invalid": Problem(
        401, "The token is no good", "Unknown, expired, or its credential isn't good any more.", "Get a new token.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "realm_unknown": Problem(
        404, "No such realm", "There is no realm of that name.", "Check the name.",
        "見つかりませんでした。", "Not found.",
    ),
    "status_unknown": Problem(
        503, "The status could not be found out", "The records can't be asked just now.", "Try again.",
        _TRY_LATER_JA, _TRY_LATER_EN,
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
    "reader_busy": Problem(
        409, "The chip is in use", "Another session with the same card or element is under way.", "Try again.",
        "ICチップは、ほかの処理で使われています。少し待って、もう一度お試しください。",
        "The chip is busy with something else. Please wait a moment and try again.",
    ),
    # --- notices
    "mail_not_available": Problem(
        409, "This site sends no mail", "EMAIL_HOST is not set.", "Set EMAIL_HOST, or leave notices to letters.",
        "いまはメールでのお知らせを行っていません。お知らせは郵便で届きます。",
        "No notices are sent by mail at present. They come by letter.",
    ),
    "mail_not_sent": Problem(
        503, "The code could not be sent", "The mail server is away, or doesn't take the address.", "Try again.",
        "確認コードを送れませんでした。アドレスを確かめて、少し待ってからもう一度お試しください。",
        "The code could not be sent. Please check the address, wait a little and try again.",
    ),
    "mail_address_malformed": Problem(
        400, "No mail address", "It isn't of the form local@domain, in ASCII.", "Correct it.",
        "メールアドレスの形が正しくありません。例のように、@ をはさんで入力してください。",
        "This is no mail address. Please enter it with an @, as in the example.",
    ),
    "contact_codes_too_many": Problem(
        429, "Too many codes", "One was sent just now, or several in the last hour.", "Wait, then ask again.",
        "確認コードを続けて送ることはできません。少し待って、もう一度お試しください。",
        "Codes can't be sent one after the other. Please wait a little and try again.",
    ),
    "contact_code_wrong": Problem(
        403, "Not the code that was sent", "`tries_left` says how often one may still try.", "Enter the mail's code.",
        "確認コードが違います。", "This isn't the code that was sent.",
    ),
    "contact_code_over": Problem(
        409, "The code is worth nothing any more", "It was used, has expired, or was tried too often.",
        "Have a new one sent.",
        "この確認コードは、もう使えません。新しいコードを送ってください。",
        "This code can't be used any more. Please have a new one sent.",
    ),
    # --- Mynaportal
    "mynaportal_not_registered": Problem(
        503, "Mynaportal may not ask", "It isn't on the register, or is suspended there.",
        "manage.py register_mynaportal, or see the register.",
        "いまは電子署名を求められません。入力した内容は下書きに残っています。時間をおいて、もう一度お試しください。",
        "A signature can't be asked for just now. Your draft is kept. Please try again later.",
    ),
    "signature_certificate_missing": Problem(
        409, "No valid signature certificate", "The holder's was revoked, is on hold or has expired.",
        "Issue a new one.",
        "有効な署名用電子証明書がありません。スマートフォンで発行し直してから、お試しください。",
        "You have no valid signature certificate. Please have one issued on your phone first.",
    ),
    "application_not_open": Problem(
        409, "Not a draft", "It was filed, or is being signed in another window.", "Load the page again.",
        "この申請は、もう直せません。申請の状況で確かめてください。",
        "This application can't be changed any more. Please see your applications.",
    ),
    # --- accounts and help desk
    "sign_in_refused": Problem(
        403, "Not signed in", "Name, password and code don't belong together; which is wrong isn't told.",
        "Try again with a code that wasn't used yet.",
        "名前、パスワード、確認コードのどれかが違います。確認コードは一度しか使えないので、次のコードが出てからお試しください。",
        "The name, the password or the code is wrong. A code is good once: wait for the next one before you try again.",
    ),
    "sign_in_locked": Problem(
        429, "Too many tries", "Too many tries under this name, or from this address.", "Wait; or `staff unlock`.",
        "続けて間違えたため、しばらく受け付けません。時間をおいて、もう一度お試しください。",
        "There were too many wrong tries. Please wait a while and try again.",
    ),
    "code_wrong": Problem(
        403, "The code is wrong", "The authenticator's code is wrong or was used before.", "Wait for the next code.",
        "確認コードが違うか、もう使われています。アプリに次のコードが出てから入力してください。",
        "The code is wrong or was used already. Please wait for the app to show the next one.",
    ),
    "enrolment_code_wrong": Problem(
        403, "The enrolment code is no good", "Unknown, used, or past its hour.", "`staff reset` gives a new one.",
        "登録コードが違うか、期限が切れています。管理者に新しいコードを出してもらってください。",
        "The enrolment code is wrong or has run out. Please ask your administrator for a new one.",
    ),
    "password_unfit": Problem(
        400, "The password is too easy", "Too short, too common, or too like the name.", "Choose another one.",
        "このパスワードは使えません。表示された条件に合うものにしてください。",
        "This password can't be used. Please choose one that meets the conditions.",
    ),
    "account_unknown": Problem(
        404, "No such account", "There is no account of that name.", "See `staff list`.",
        "この名前のアカウントはありません。", "There is no account of that name.",
    ),
    "account_exists": Problem(
        409, "The name is taken", "There is an account of that name already.", "Choose another name, or `staff reset`.",
        "この名前のアカウントは、すでにあります。", "There is already an account of that name.",
    ),
    "search_too_vague": Problem(
        400, "Too little was said", "Two items at least, and a name or a birth date among them.", "Ask for one more.",
        "2つ以上を入力してください。氏名か生年月日のどちらかは必要です。",
        "Please enter two items or more. A name or a birth date must be among them.",
    ),
    "search_too_wide": Problem(
        400, "Too many fit", "More people fit than may be shown.", "Ask for one more item.",
        "当てはまる人が多すぎます。もう1つ聞いて、入力してください。",
        "Too many people fit. Please ask for one more item and enter it.",
    ),
    "reason_missing": Problem(
        400, "No reason", "A holder's page, or an act, needs a reason.", "Give the reason.",
        "理由を入力してください。理由がなければ、先へ進めません。",
        "Please give the reason. Without one it can't go on.",
    ),
    "call_unknown": Problem(
        404, "No such call", "It isn't this agent's, or it is over.", "Find the holder again.",
        "この対応は終わったか、あなたのものではありません。必要なら、もう一度探して開いてください。",
        "This call is over, or isn't yours. If you need it, find the person again and open the page anew.",
    ),
    "identity_not_checked": Problem(
        403, "The caller isn't known", "Too few right answers, or a wrong one.", "Ask by the script.",
        "本人確認が足りません。書いてあるとおりに聞き、結果を記録してください。",
        "The caller's identity isn't certain. Please ask by the script and record the result.",
    ),
    "nothing_to_hold": Problem(
        409, "Nothing to hold", "The holder has no phone certificate that is valid.", "See the present state.",
        "一時保留にできる電子証明書がありません。いまの状態を確かめてください。",
        "There is no certificate to put on hold. Please look at the present state.",
    ),
    "release_not_possible": Problem(
        409, "Nothing to release", "Nothing is on hold, or by a hold that isn't the help desk's to end.",
        "See the present state.",
        "ヘルプデスクが解除できる一時保留がありません。いまの状態を確かめてください。",
        "There is no hold that the help desk can release. Please look at the present state.",
    ),
    "release_under_way": Problem(
        409, "Proposed already", "A release is proposed and waits for a decision.", "Wait for the decision.",
        "解除は、もう申し出てあります。ほかの人の承認を待ってください。",
        "The release is proposed already. Please wait for somebody else to approve it.",
    ),
    "release_unknown": Problem(
        404, "No such proposal", "It doesn't exist in this realm.", "See the list.",
        "この申し出は見つかりませんでした。", "This proposal was not found.",
    ),
    "release_by_the_same": Problem(
        403, "It takes two people", "Who proposes a release doesn't decide it.", "Have somebody else decide.",
        "申し出た人は、自分では決められません。ほかの人に頼んでください。",
        "Who proposes a release can't decide it. Please ask somebody else.",
    ),
    "release_over": Problem(
        409, "The proposal is over", "It was decided meanwhile, or has lapsed.", "Propose anew if needed.",
        "この申し出は、もう決まったか、時間が過ぎています。",
        "This proposal has been decided already, or its time is up.",
    ),
    "objection_unknown": Problem(
        404, "No such objection", "It doesn't exist in this realm.", "See the list.",
        "このお申し出は見つかりませんでした。", "This objection was not found.",
    ),
    "order_unknown": Problem(
        400, "Nothing was chosen", "No order was chosen.", "Choose one.",
        "指示を1つ選んでください。", "Please choose an order.",
    ),
    "order_reason_missing": Problem(
        400, "No reason", "An order needs a reason.", "Give the reason.",
        "指示の理由を入力してください。", "Please give the reason for the order.",
    ),
    "server_error": _internal("Something went wrong inside"),
}  # fmt: skip


def sentence(code: str) -> str:
    """Return the row's sentence for people, in the language of the page."""
    problem = CATALOGUE[code]
    return problem.ja if get_language() == "ja" else problem.en


def page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one row of the catalogue: what a problem's `type` leads to."""
    if code not in CATALOGUE:
        raise Http404("no such problem")
    return render(request, "problem.html", {"code": code, "problem": CATALOGUE[code]})
