"""What the accounts of the staff refuse (`portal.accounts.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "sign_in_refused": Problem(
        403, "Not signed in", "Name, password and code don't belong together; which is wrong isn't told.",
        "Try again with a code that wasn't used yet.",
        "名前、パスワード、確認コードのどれかが違います。確認コードは30秒で変わり、一度しか使えません。"
        "次のコードが出てからお試しください。",
        "The name, the password or the code is wrong. A code is good once, and for 30 seconds: "
        "wait for the next one before you try again.",
    ),
    "sign_in_locked": Problem(
        429, "Too many tries", "Too many tries under this name, or from this address.", "Wait; or `staff unlock`.",
        "続けて間違えたため、しばらく受け付けません。時間をおいて、もう一度お試しください。",
        "There were too many wrong tries. Please wait a while and try again.",
    ),
    "code_wrong": Problem(
        403, "The code is wrong", "The authenticator's code is wrong, over or used.", "Wait for the next code.",
        "確認コードが違うか、時間が過ぎたか、もう使われています。アプリに次のコードが出てから入力してください。",
        "The code is wrong, its 30 seconds are over, or it was used already. "
        "Please wait for the app to show the next one.",
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
    "password_now_wrong": Problem(
        403, "Not the password of now", "Whoever changes the password must know the one that holds.", "Try again.",
        "いまのパスワードが違います。もう一度入力してください。", "That isn't your present password. Please try again.",
    ),
    "account_unknown": Problem(
        404, "No such account", "There is no account of that name.", "See `staff list`.",
        "この名前のアカウントはありません。", "There is no account of that name.",
    ),
    "account_exists": Problem(
        409, "The name is taken", "There is an account of that name already.", "Choose another name, or `staff reset`.",
        "この名前のアカウントは、すでにあります。", "There is already an account of that name.",
    ),
    "passkey_refused": Problem(
        403, "The passkey's answer doesn't hold", "Unknown here, another origin, or without verifying its user.",
        "Try again, or sign in by password and code.",
        "パスキーで確認できませんでした。もう一度お試しいただくか、別の方法でサインインしてください。",
        "The passkey could not be confirmed. Please try again, or sign in another way.",
    ),
    "passkey_challenge_over": Problem(
        409, "Answered too late", "The challenge is older than five minutes, or was answered before.", "Ask again.",
        "時間が過ぎたか、一度使われた確認です。もう一度お試しください。",
        "That took too long, or was answered before. Please try again.",
    ),
    "passkey_last": Problem(
        409, "The last way to sign in", "The account has neither another passkey nor a password.", "Add another first.",
        "このパスキーを外すと、サインインできなくなります。先に、別のパスキーを追加してください。",
        "Without this passkey you could not sign in any more. Please add another one first.",
    ),
    "registration_over": Problem(
        409, "No registration under way", "This browser began none, or it is more than an hour ago.", "Begin anew.",
        "登録の途中ではないか、時間が過ぎています。メールアドレスの入力からやり直してください。",
        "No registration is under way here, or too much time has passed. Please begin again with your mail address.",
    ),
    "registration_closed": Problem(
        409, "No registration here", "The site sends no mail (EMAIL_HOST), or its realm isn't made yet.",
        "Set EMAIL_HOST; hold the ceremony.",
        "いまは、登録や招待を受け付けていません。このサイトの運営者にお問い合わせください。",
        "Nobody can be registered or invited at present. Please ask whoever operates this site.",
    ),
}  # fmt: skip
