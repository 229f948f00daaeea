"""What screen lock refuses (`portal.screen_lock.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
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
}  # fmt: skip
