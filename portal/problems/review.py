"""What the review of service providers refuses (`whitelist.review.errors`, `portal.review.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "review_not_their_turn": Problem(
        403, "Not this authority's", "The case, or the act, is the other authority's.", "See whose turn it is.",
        "これは、いまあなたの機関がすることではありません。だれの番かをお確かめください。",
        "This isn't your authority's to do now. Please see whose turn it is.",
    ),
    "review_officer_involved": Problem(
        403, "A conflict of interest", "The officer belongs to the organisation that it is about.",
        "Have an officer without a part in it do it.",
        "あなたは、この申請者の組織に属しています。ほかの審査官に任せてください。",
        "You belong to the applicant's organisation. Please leave it to another officer.",
    ),
    "review_by_the_same": Problem(
        403, "It takes two people", "Nobody decides on, or confirms, what they proposed or did.",
        "Have another officer of the authority decide.",
        "自分がしたこと、提案したことを、自分では決められません。同じ機関のほかの人に頼んでください。",
        "Nobody decides on what they did or proposed. Please ask somebody else of your authority.",
    ),
    "review_incomplete": Problem(
        400, "Something is missing", "A field is empty or wrong; `fields` says which.", "Fill it in.",
        "足りないものか、直すところがあります。印のついた欄をお確かめください。",
        "Something is missing or has to be put right. Please look at the fields with a mark.",
    ),
    "review_check_list_open": Problem(
        409, "The check list isn't done", "Items without an answer, or not met; `items` says which.",
        "Answer them, or return the case.",
        "確認事項に、答えのないものか、満たしていないものがあります。すべて確かめるか、差し戻してください。",
        "The check list has items without an answer, or not met. Please check them all, or return the case.",
    ),
    "review_proposal_under_way": Problem(
        409, "Proposed already", "A proposal waits for a decision.", "Decide it first.",
        "もう提案が出ています。先に、それを決めてください。",
        "There is a proposal already. Please decide that one first.",
    ),
    "review_proposal_over": Problem(
        409, "The proposal is over", "It was decided or taken back, or a newer version was submitted.",
        "Load the page anew.",
        "この提案は、もう決まったか、古い版についてのものです。画面を読み込み直してください。",
        "This proposal has been decided, or is about an older version. Please load the page anew.",
    ),
    "review_suspension_over": Problem(
        409, "The suspension is over", "It was confirmed, lifted or lapsed meanwhile.", "Load the page anew.",
        "この停止は、もう確認されたか、終わっています。画面を読み込み直してください。",
        "This suspension has been confirmed already, or is over. Please load the page anew.",
    ),
    "review_suspension_repeated": Problem(
        409, "Not twice by one", "The officer's last suspension of the entry was confirmed by nobody.",
        "Have another officer suspend it.",
        "前の停止は、だれも確認しないまま解けました。同じ人が続けて停止することはできません。ほかの審査官に頼んでください。",
        "Nobody confirmed your last suspension. You can't suspend it again; please ask another officer.",
    ),
    "review_case_unknown": Problem(
        404, "No such case", "It doesn't exist in this realm, or wasn't submitted.", "See the list.",
        "この案件は見つかりませんでした。", "This case was not found.",
    ),
    "review_entry_unknown": Problem(
        404, "No such entry", "It doesn't exist in this realm's register.", "See the list.",
        "この登録は見つかりませんでした。", "This entry was not found.",
    ),
    "review_letter_unknown": Problem(
        404, "No such letter", "There is no decision of that reference, or none with a letter.", "See the case.",
        "この通知書は見つかりませんでした。", "This letter was not found.",
    ),
}  # fmt: skip
