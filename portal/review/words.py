"""The review's words for what is kept as a code, each with its tone where it has a colour. Colour is never alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from whitelist.models import Case, CheckAnswer, EndingNotice, EntryProposal, Proposal, RelyingParty, Suspension
from whitelist.register import Text


@dataclass(frozen=True)
class Word:
    """A word and its tone: a class of `tag`."""

    label: Promise
    tone: str = "quiet"


CASES: Mapping[str, Word] = {
    Case.State.DRAFT: Word(gettext_lazy("下書き")),
    Case.State.SUBMITTED: Word(gettext_lazy("審査待ち"), "key"),
    Case.State.IN_REVIEW: Word(gettext_lazy("審査中"), "key"),
    Case.State.RETURNED: Word(gettext_lazy("差し戻し中"), "warning"),
    Case.State.APPROVED: Word(gettext_lazy("承認"), "success"),
    Case.State.REFUSED: Word(gettext_lazy("不承認"), "error"),
    Case.State.WITHDRAWN: Word(gettext_lazy("取下げ")),
}
ENTRIES: Mapping[str, Word] = {
    RelyingParty.State.DRAFT: Word(gettext_lazy("登録前")),
    RelyingParty.State.REGISTERED: Word(gettext_lazy("登録済み"), "success"),
    RelyingParty.State.SUSPENDED: Word(gettext_lazy("停止中"), "error"),
    RelyingParty.State.EXPIRED: Word(gettext_lazy("期限切れ"), "warning"),
    RelyingParty.State.REMOVED: Word(gettext_lazy("登録抹消")),
}
AUTHORITIES: Mapping[str, Promise] = {
    Case.Authority.MINISTRY: gettext_lazy("主務省"),
    Case.Authority.REGISTRAR: gettext_lazy("J-LIS"),
}
DUE: Mapping[str, Word] = {
    "overdue": Word(gettext_lazy("期限超過"), "error"),
    "soon": Word(gettext_lazy("期限間近"), "warning"),
    "in_time": Word(gettext_lazy("期限内"), "success"),
}
KINDS: Mapping[str, Promise] = {
    Proposal.Kind.CERTIFY: gettext_lazy("主務大臣認定をする"),
    Proposal.Kind.REGISTER: gettext_lazy("登録簿に載せる"),
    Proposal.Kind.RETURN: gettext_lazy("差し戻す"),
    Proposal.Kind.REFUSE: gettext_lazy("承認しない"),
}
KIND_HINTS: Mapping[str, Promise] = {
    Proposal.Kind.CERTIFY: gettext_lazy("認定の番号、期間、条件を記録し、J-LISの審査へ進めます。"),
    Proposal.Kind.REGISTER: gettext_lazy(
        "登録して、利用を始められるようにします。変更の申請なら、登録の内容を入れ替えます。"
    ),
    Proposal.Kind.RETURN: gettext_lazy("直してほしいところを書いて、申請者に返します。期限の計算は止まります。"),
    Proposal.Kind.REFUSE: gettext_lazy("理由と、不服の申立て方を伝えて、申請を終わらせます。"),
}
# As the applicant reads it.
OUTCOMES: Mapping[str, Word] = {
    Proposal.Kind.CERTIFY: Word(gettext_lazy("主務大臣に認定されました"), "success"),
    Proposal.Kind.REGISTER: Word(gettext_lazy("登録されました"), "success"),
    Proposal.Kind.RETURN: Word(gettext_lazy("差し戻されました"), "warning"),
    Proposal.Kind.REFUSE: Word(gettext_lazy("承認されませんでした"), "error"),
}
ENTRY_KINDS: Mapping[str, Promise] = {
    EntryProposal.Kind.LIFT: gettext_lazy("停止を解く"),
    EntryProposal.Kind.REMOVE: gettext_lazy("登録を抹消する"),
}
PROPOSALS: Mapping[str, Word] = {
    Proposal.State.PROPOSED: Word(gettext_lazy("決定待ち"), "key"),
    Proposal.State.APPROVED: Word(gettext_lazy("決定"), "success"),
    Proposal.State.DECLINED: Word(gettext_lazy("認めず、審査に戻した"), "warning"),
    Proposal.State.RETRACTED: Word(gettext_lazy("提案者が取り下げた")),
}
SUSPENSIONS: Mapping[str, Word] = {
    Suspension.State.UNCONFIRMED: Word(gettext_lazy("停止中・確認待ち"), "error"),
    Suspension.State.CONFIRMED: Word(gettext_lazy("停止中・確認済み"), "error"),
    Suspension.State.LAPSED: Word(gettext_lazy("確認されず、解けた"), "warning"),
    Suspension.State.LIFTED: Word(gettext_lazy("解いた"), "success"),
    Suspension.State.ENDED: Word(gettext_lazy("登録が終わった")),
}
ANSWERS: Mapping[str, Word] = {
    CheckAnswer.Answer.MET: Word(gettext_lazy("満たす"), "success"),
    CheckAnswer.Answer.NOT_MET: Word(gettext_lazy("満たさない"), "error"),
    CheckAnswer.Answer.NOT_APPLICABLE: Word(gettext_lazy("当てはまらない")),
}
ENDINGS: Mapping[str, Promise] = {
    EndingNotice.Kind.CERTIFICATION: gettext_lazy("主務大臣認定"),
    EndingNotice.Kind.CREDENTIAL: gettext_lazy("接続に使う鍵"),
    EndingNotice.Kind.ENTRY: gettext_lazy("登録"),
}
# (field, what is wrong with it): what an officer reads about it.
WRONG: Mapping[tuple[str, str], Promise] = {
    ("remarks", "missing"): gettext_lazy("差し戻すには、直してほしいところを1つ以上書いてください。"),
    ("remarks", "unknown_section"): gettext_lazy("どの項目についてのことかを、一覧から選んでください。"),
    ("reasons", "missing"): gettext_lazy("承認しない理由を書いてください。申請者がそのまま読みます。"),
    ("reason", "missing"): gettext_lazy("理由を書いてください。"),
    ("number", "missing"): gettext_lazy("認定の番号を入力してください。"),
    ("number", "too_long"): gettext_lazy("認定の番号は64文字までです。"),
    ("granted_on", "no_day"): gettext_lazy("認定の日を選んでください。"),
    ("valid_until", "no_day"): gettext_lazy("有効期間の終わりの日を選んでください。"),
    ("valid_until", "past"): gettext_lazy("終わりの日は、今日と認定の日より後にしてください。"),
    ("", "evidence_missing"): gettext_lazy("何を見て確かめたかを書いてください。"),
    ("", "unknown"): gettext_lazy("答えを選んでください。"),
}
# What the journal says of a case or an entry.
HISTORY: Mapping[str, Promise] = {
    "case.submit": gettext_lazy("申請者が提出した"),
    "case.take_up": gettext_lazy("審査を始めた"),
    "case.pass_on": gettext_lazy("主務大臣認定を決定し、J-LISへ進めた"),
    "case.return": gettext_lazy("差戻しを決定した"),
    "case.approve": gettext_lazy("登録を決定した"),
    "case.refuse": gettext_lazy("不承認を決定した"),
    "case.withdraw": gettext_lazy("申請者が取り下げた"),
    "case.message": gettext_lazy("連絡を書いた"),
    "case.attached": gettext_lazy("ファイルを加えた"),
    "case.downloaded": gettext_lazy("ファイルを開いた"),
    "review.looked_at": gettext_lazy("案件を見た"),
    "review.checked": gettext_lazy("確認事項を記録した"),
    "review.proposed": gettext_lazy("提案した"),
    "review.retracted": gettext_lazy("提案を取り下げた"),
    "review.declined": gettext_lazy("提案を認めなかった"),
    "review.letter": gettext_lazy("通知書を開いた"),
    "register.register": gettext_lazy("登録した"),
    "register.change": gettext_lazy("登録の内容を入れ替えた"),
    "register.suspend": gettext_lazy("停止した"),
    "register.suspension_confirmed": gettext_lazy("停止を確認した"),
    "register.lift": gettext_lazy("停止を解いた"),
    "register.expire": gettext_lazy("期限が切れた"),
    "register.remove": gettext_lazy("登録を抹消した"),
    "register.lift_proposed": gettext_lazy("停止を解くことを提案した"),
    "register.lift_declined": gettext_lazy("停止を解く提案を認めなかった"),
    "register.lift_retracted": gettext_lazy("停止を解く提案を取り下げた"),
    "register.remove_proposed": gettext_lazy("抹消を提案した"),
    "register.remove_declined": gettext_lazy("抹消の提案を認めなかった"),
    "register.remove_retracted": gettext_lazy("抹消の提案を取り下げた"),
    "ending.noticed": gettext_lazy("期限を知らせた"),
}


def said(text: Text) -> str:
    """Return a text of the domain in the language of the page."""
    return text.in_language(get_language())


def wrong(fields: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field that something is wrong with."""
    return {name: str(WRONG.get((name, what)) or WRONG["", what]) for name, what in fields.items()}
