"""Whom to ask, and the survey at the end of the briefing of 2022-06."""

from whitelist.cases.fields import Field, Kind, never
from whitelist.cases.pages import Page, Section
from whitelist.register import Text


def _contact(who: str, title: Text, lead: Text) -> Page:
    return Page(
        f"contact-{who}",
        title,
        (
            Field(f"{who}.name", Kind.LINE, Text("部署と氏名", "Department and name")),
            Field(f"{who}.email", Kind.EMAIL, Text("メールアドレス", "E-mail address"), most=254),
            Field(f"{who}.telephone", Kind.TELEPHONE, Text("電話番号", "Telephone number"), most=20),
        ),
        lead=lead,
    )


CONTACTS = Section(
    "contacts",
    Text("連絡先", "Contacts"),
    (
        _contact(
            "business",
            Text("業務の連絡先", "Business contact"),
            Text("審査や登録についてお尋ねする相手です。", "Whom to ask about the case."),
        ),
        _contact(
            "technical",
            Text("技術の連絡先", "Technical contact"),
            Text("接続についてお尋ねする相手です。", "Whom to ask about the connection."),
        ),
        _contact(
            "emergency",
            Text("緊急の連絡先", "Emergency contact"),
            Text("事故のときに、昼も夜も連絡のつく相手です。", "Who can be reached day and night."),
        ),
    ),
)

SURVEY = Section(
    "survey",
    Text("準備の調査", "Readiness survey"),
    (
        Page(
            "survey",
            Text("準備の調査", "Readiness survey"),
            (
                Field("begin", Kind.DATE, Text("使い始めたい日", "When you would like to begin"), required=never),
                Field("volume", Kind.LINE, Text("1日の利用の見込み", "Uses expected a day"), required=never),
                Field(
                    "use",
                    Kind.CHOICES,
                    Text("使い方の見込み", "Planned use"),
                    required=never,
                    choices=(
                        ("online", Text("オンライン（アプリ・ブラウザ連携）", "Online (apps and browsers)")),
                        ("qr", Text("QRコード", "QR code")),
                        (
                            "linked",
                            Text(
                                "カードとスマホの証明書を紐付けて管理する",
                                "Card and phone certificates managed together",
                            ),
                        ),
                    ),
                ),
                Field(
                    "work",
                    Kind.LINES,
                    Text("改修の進み具合", "How far your changes are"),
                    Text("導線や画面、検証方法、紐付け管理", "Screens, verification, linkage"),
                    required=never,
                    most=2000,
                ),
                Field("test", Kind.LINE, Text("連携テストの希望時期", "When you would like to test"), required=never),
                Field("wishes", Kind.LINES, Text("ご要望・ご意見", "Wishes"), required=never, most=2000),
            ),
            lead=Text(
                "答えは審査に影響しません。どれも任意です。",
                "The answers don't matter for the review. None is required.",
            ),
        ),
    ),
)
