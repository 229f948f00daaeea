"""What the accounts of the staff refuse (`portal.accounts.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
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
}  # fmt: skip
