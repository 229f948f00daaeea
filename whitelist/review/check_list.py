"""The check list: what each authority looks at, as data, and which of it a case needs.

Every item belongs to sections of the case; one is asked only where a section of it changed, and an answer holds as long
as none of them changes. The real lists aren't public: these follow from article 17(1), the briefing of 2022-06 and the
sections that a case has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from ca import clock, journal
from whitelist import texts
from whitelist.cases.officers import Officer
from whitelist.models import CheckAnswer, Review
from whitelist.register import Text
from whitelist.review import courses, turns
from whitelist.review.courses import MINISTRY, REGISTRAR
from whitelist.review.errors import ProposalIncomplete

Answer = CheckAnswer.Answer
LONGEST = 2000
# What doesn't stand against an approval.
FINE = (Answer.MET, Answer.NOT_APPLICABLE)


@dataclass(frozen=True)
class Item:
    """One thing to look at: for whom, because of which sections, and in which words."""

    code: str
    authority: str
    sections: frozenset[str]
    ask: Text
    how: Text


def _item(code: str, authority: str, sections: str, ja: str, en: str, how_ja: str, how_en: str) -> Item:
    return Item(code, authority, frozenset(sections.split()), Text(ja, en), Text(how_ja, how_en))


ITEMS: tuple[Item, ...] = (
    _item(
        "identity", MINISTRY, "organisation", "申請者が実在し、法人番号と一致する",
        "The applicant exists and matches its corporate number",
        "国税庁法人番号公表サイトの記載と照らし合わせる。", "Compare with the National Tax Agency's publication site.",
    ),
    _item(
        "basis", MINISTRY, "basis organisation", "法第17条第1項の該当する号に当てはまる",
        "The item of article 17(1) applies",
        "根拠の説明と、事業の内容を読む。", "Read the explanation and what the business is.",
    ),
    _item(
        "standard", MINISTRY, "certification basis", "主務大臣認定の基準を満たす",
        "The standard for ministerial certification is met",
        "認定の書類、設備と業務の規程を確かめる。", "Look at the certification's documents, facilities and rules.",
    ),
    _item(
        "security", MINISTRY, "security", "失効情報と証明書を安全に扱う体制がある",
        "Revocation information and certificates are handled safely",
        "自己点検の答えと証拠を読み、足りないものを書く。", "Read the self-assessment and its evidence.",
    ),
    _item(
        "purposes", MINISTRY, "purposes", "利用の目的が法の認める確認に限られている",
        "The purposes stay within the verification that the Act allows",
        "目的ごとの理由を読む。発行の番号を別の目的に使わないこと。",
        "Read why each purpose is needed. Serial numbers serve nothing else.",
    ),
    _item(
        "register_identity", REGISTRAR, "organisation", "申請者の名称、所在地、代表者が確かめられた",
        "Name, address and representative were checked",
        "法人番号の公表情報か登記で確かめる。", "By the corporate number's public data or the commercial register.",
    ),
    _item(
        "register_basis", REGISTRAR, "basis certification", "根拠（認定、または号）が書面で確かめられた",
        "The basis (certification, or item) is shown by a document",
        "認定なら番号と期間。号なら設置法や指定の書面。",
        "A certification: number and period. An item: the act or the designation.",
    ),
    _item(
        "name", REGISTRAR, "service", "サービスの名前とロゴが、ほかのサービスや行政と紛れない",
        "Name and logo can't be taken for another service's or the government's",
        "似た名前の知らせを見て、登録簿と比べる。", "Look at the look-alike flags and compare with the register.",
    ),
    _item(
        "texts", REGISTRAR, "purposes service", "利用者が読む文が、日英とも正しく分かりやすい",
        "What citizens read is right and plain, in both languages",
        "見本を開き、目的と求める項目が合うかを見る。", "Open the preview; do purpose and attributes fit together?",
    ),
    _item(
        "attributes", REGISTRAR, "purposes", "求める項目が目的に要るものだけである",
        "Only attributes that the purpose needs are asked for",
        "項目ごとの理由を読む。", "Read why each is needed.",
    ),
    _item(
        "applications", REGISTRAR, "applications", "アプリと戻り先のアドレスが申請者のものである",
        "Apps and callback addresses are the applicant's",
        "点検の結果（証明書、アプリとの結び付き）を見る。", "Look at the probe results (TLS, asset links).",
    ),
    _item(
        "handoff", REGISTRAR, "handoff", "依頼の方法と鍵のアドレスが仕様どおりに動く",
        "Ways of hand-off and the key set address work by the specification",
        "適合試験の報告と、鍵の点検を見る。", "Look at the conformance report and the key set's probe.",
    ),
    _item(
        "register_security", REGISTRAR, "security", "安全管理の自己点検に、未対応のまま残るものがない",
        "Nothing in the security self-assessment is left open",
        "「いいえ」の項目に、期限のある対応があるかを見る。", "Is there a dated plan for each “no”?",
    ),
    _item(
        "contacts", REGISTRAR, "contacts", "緊急の連絡先につながる",
        "The emergency contact answers",
        "電話をかけ、日時と相手を書く。", "Call it; write down when, and who answered.",
    ),
)  # fmt: skip


def asked(review: Review) -> list[Item]:
    """Return what the review's authority has to look at: items of which a section is new or changed."""
    before = courses.entered(review.case)
    touched = courses.changed(before.answers if before else None, review.version.answers)
    return [item for item in ITEMS if item.authority == review.authority and item.sections & touched]


def standing(review: Review) -> Mapping[str, CheckAnswer]:
    """Return the answer that stands for each item, given in this turn or in an earlier one of which nothing changed."""
    found: dict[str, CheckAnswer] = {}
    rows = CheckAnswer.objects.filter(review__case_id=review.case_id, review__authority=review.authority)
    sections = {item.code: item.sections for item in ITEMS}
    touched: dict[int, frozenset[str]] = {review.version_id: frozenset()}
    for row in rows.select_related("review__version").order_by("pk"):
        version = row.review.version
        if version.pk not in touched:
            touched[version.pk] = courses.changed(version.answers, review.version.answers)
        if not sections.get(row.item, frozenset()) & touched[version.pk]:
            found[row.item] = row
    return found


def left(review: Review) -> list[str]:
    """Return the codes of the items that stand against an approval: without an answer, or not met."""
    answers = standing(review)
    return [item.code for item in asked(review) if item.code not in answers or answers[item.code].answer not in FINE]


def check(review: Review, found: Mapping[str, tuple[str, str]], *, by: Officer) -> int:
    """Note {item: (answer, evidence)}; return how many are new or other than what stands.

    Raises ProposalIncomplete with the items that have an answer without evidence, or something else than an answer.
    """
    items = {item.code for item in asked(review)}
    evidence = {code: texts.kept(told)[:LONGEST] for code, (_, told) in found.items()}
    wrong = {
        code: "evidence_missing" if answer in Answer.values and code in items else "unknown"
        for code, (answer, _) in found.items()
        if code not in items or answer not in Answer.values or not evidence[code]
    }
    if wrong:
        raise ProposalIncomplete("answers without evidence, or no answers", fields=wrong)
    with transaction.atomic():
        journal.take(review.case.organisation.realm)
        turns.require_open(review, by)
        before = standing(review)
        now = clock.now(review.case.organisation.realm)
        new = [
            CheckAnswer(review=review, item=code, answer=answer, evidence=evidence[code], by=by.name, at=now)
            for code, (answer, _) in found.items()
            if code not in before or (before[code].answer, before[code].evidence) != (answer, evidence[code])
        ]
        CheckAnswer.objects.bulk_create(new)
        if new:
            told = {row.item: str(row.answer) for row in new}
            turns.record(review, "review.checked", by, items=told)
    return len(new)
