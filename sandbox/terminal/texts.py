"""What the terminal says, Japanese and English side by side."""

TEXTS: dict[str, tuple[str, str]] = {
    "terminal": ("読み取り端末", "Reader terminal"),
    "to_main": ("本文へ移る", "Skip to content"),
    "test_note": (
        "これは試験用の見本です。試験用のカードとスマートフォンだけをお使いください。",
        "This is a sample for testing. Use test cards and test phones only.",
    ),
    "ask": ("本人確認", "Prove that it is you"),
    "who_asks": ("依頼元", "Asked by"),
    "put": ("スマホかマイナンバーカードを、読み取り機に置く", "Put your phone or your My Number Card on the reader"),
    "put_note": ("終わるまで、動かさないでください。", "Leave it there until it is done."),
    "there_phone": ("スマートフォンが置かれています。", "A phone lies there."),
    "there_card": ("カードが置かれています。", "A card lies there."),
    "there_nothing": ("まだ何も置かれていません。", "Nothing lies there yet."),
    "pin": ("利用者証明用の暗証番号（数字4桁）", "User authentication PIN (4 digits)"),
    "pin_note": (
        "この端末だけで使い、依頼元にも、ほかのどこにも送りません。",
        "It is used in this terminal alone, and sent neither to the service nor anywhere else.",
    ),
    "tries": ("あと{tries}回、入力できます。", "{tries} tries are left."),
    "last_try": (
        "あと1回です。間違えるとロックされます。分からないときは、ここでやめてください。",
        "One try is left. A wrong PIN blocks it: if you aren't sure, stop here.",
    ),
    "read": ("読み取る", "Read it"),
    "again": ("もう一度確かめる", "Check again"),
    "stop": ("やめて戻る", "Stop and go back"),
    "back": ("依頼元へ戻る", "Back to the service"),
    # --- what went wrong; each says what to do
    "problem_pin_malformed": ("暗証番号は、数字4桁で入力してください。", "The PIN has 4 digits."),
    "problem_pin_wrong": (
        "暗証番号が違います。あと{tries}回、間違えるとロックされます。",
        "That isn't the PIN. {tries} more wrong tries block it.",
    ),
    "problem_pin_blocked": (
        "暗証番号がロックされているか、まだ設定されていません。カードは市区町村の窓口で、スマートフォンはアプリで、設定し直せます。",
        "The PIN is blocked, or not set yet. A card's is set anew at the municipality's counter, a phone's in its app.",
    ),
    "problem_nothing_there": (
        "読み取り機に、何も置かれていません。置いてから、もう一度お試しください。",
        "Nothing lies on the reader. Put it there and try again.",
    ),
    "problem_taken_away": (
        "読み取りの途中で離れました。置き直して、もう一度お試しください。",
        "It was moved while it was being read. Put it back and try again.",
    ),
    "problem_not_a_card_of_ours": (
        "マイナンバーカードでも、電子証明書の入ったスマートフォンでもありません。",
        "This is neither a My Number Card nor a phone with certificates in it.",
    ),
    "problem_card_refused": (
        "カードまたはスマートフォンが応じませんでした。電子証明書が入っているかを確かめてください。",
        "The card or phone didn't do it. Please see whether there is a certificate in it.",
    ),
    "problem_reader_busy": (
        "読み取り機を、ほかのプログラムが使っています。少し待って、もう一度お試しください。",
        "Another program is using the reader. Wait a moment and try again.",
    ),
    "problem_reader_unknown": (
        "読み取り機が見つかりません。係の者にお知らせください。",
        "The reader can't be found. Please call the staff.",
    ),
    "problem_reader_unavailable": (
        "読み取り機を使う準備ができていません（pcscd、pyscard）。係の者にお知らせください。",
        "This machine isn't ready to use card readers (pcscd, pyscard). Please call the staff.",
    ),
    "problem_service_unknown": (
        "この端末を使えるサービスではありません。暗証番号を入力しないでください。",
        "This service may not use this terminal. Do not enter a PIN.",
    ),
    "problem_ask_malformed": (
        "依頼の内容が正しくありません。サービスの画面から、やり直してください。",
        "What was asked is not well-formed. Please start over from the service's page.",
    ),
    "problem_visit_over": (
        "時間が過ぎたか、もう終わっています。サービスの画面から、やり直してください。",
        "Time ran out, or this is done already. Please start over from the service's page.",
    ),
    "problem_nothing_here": ("ページが見つかりません。", "There is no such page."),
    "stopped": ("進めません", "We can't go on"),
}


def say(key: str, language: str, **facts: object) -> str:
    """Return a text in a language ("ja" or "en") with the facts in it."""
    return TEXTS[key][language == "en"].format(**facts)
