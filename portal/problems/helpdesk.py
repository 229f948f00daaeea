"""What the help desk refuses (`portal.helpdesk.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
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
}  # fmt: skip
