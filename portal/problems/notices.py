"""What notices refuse (`portal.notices.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
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
}  # fmt: skip
