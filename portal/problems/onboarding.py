"""What a registration case refuses (`whitelist.cases.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "case_not_editable": Problem(
        409, "Not a draft any more", "It was submitted, withdrawn or decided.", "Look at the case's state.",
        "この申請は、もう書き換えられません。提出されたか、取り下げられています。いまの状態をお確かめください。",
        "This case can't be changed any more: it was submitted or withdrawn. Please look at where it stands.",
    ),
    "case_field_unknown": Problem(
        400, "No such field", "No such section or field, or a value of another kind.", "Load the page anew.",
        "画面が古いため、保存できませんでした。画面を読み込み直して、もう一度入力してください。",
        "The page is out of date, and this could not be saved. Please load the page anew and enter it once more.",
    ),
    "case_answer_too_long": Problem(
        400, "Too long", "An answer is longer than a draft keeps.", "Shorten it, or attach it as a file.",
        "入力が長すぎるため、保存できませんでした。短くするか、ファイルにして添付してください。",
        "This is too long to be saved. Please shorten it, or attach it as a file.",
    ),
    "case_applications_full": Problem(
        409, "No room for another", "A case has at most twenty applications.", "Take one out first.",
        "アプリとブラウザは、20件までです。使わないものを外してください。",
        "There may be twenty apps and browsers. Please take out those that aren't used.",
    ),
    "case_incomplete": Problem(
        409, "Something is missing", "A field is empty or wrong; the check page says which.", "Complete it.",
        "入力が足りないか、正しくないところがあります。一覧から直してください。",
        "Something is missing or isn't right. Please mend it from the list.",
    ),
    "case_changed": Problem(
        409, "It has changed", "Somebody wrote in the draft after it was checked.", "Check it once more.",
        "確認しているあいだに、ほかの人が内容を変えました。もう一度、内容をお確かめください。",
        "Somebody has changed the answers while you were checking them. Please check them once more.",
    ),
    "case_open_already": Problem(
        409, "A change is under way", "An entry has one change at a time.", "Go on with that one, or withdraw it.",
        "この登録の変更は、もう始まっています。その申請を続けるか、取り下げてください。",
        "A change of this entry is under way already. Please go on with it, or withdraw it.",
    ),
    "case_entry_not_changeable": Problem(
        409, "The entry can't be changed", "It isn't in the register.", "Open a case for a new entry.",
        "この登録は、変更できません。新しい申請を始めてください。",
        "This entry can't be changed. Please begin a new case.",
    ),
    "attachment_unacceptable": Problem(
        400, "The file isn't taken", "Its kind, its size or the number of files; the detail says which.",
        "Send a PDF, PNG, JPEG or SVG within the bounds.",
        "このファイルは添付できません。壊れていないPDF、PNG、JPEGで、決められた大きさまでのものにしてください。",
        "This file can't be attached. Please use a whole PDF, PNG or JPEG that isn't too large.",
    ),
    "scanner_away": Problem(
        503, "Files can't be looked through now", "What looks through files (CASE_ATTACHMENT_SCAN) doesn't answer.",
        "Try again in a few minutes; operators: see CLAMD_ADDRESS.",
        "いまはファイルを検査できないため、受け取れません。少し待ってから、もう一度お試しください。",
        "Files can't be checked at the moment, so none is taken. Please try again in a few minutes.",
    ),
    "attachment_dangerous": Problem(
        400, "Something was found in the file", "Whoever looks through files refused it.", "Send a file without it.",
        "このファイルには、ひとりでに動くものが入っているため、受け取れません。印刷し直したPDFなどにしてください。",
        "This file holds something that acts by itself and isn't taken. Please print it to a new PDF, for example.",
    ),
    "case_message_unfit": Problem(
        400, "No message", "It is empty, or too long.", "Write 1 to 4000 characters.",
        "メッセージは、1文字から4000文字までで入力してください。",
        "A message has 1 to 4000 characters.",
    ),
}  # fmt: skip
