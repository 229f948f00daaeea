"""Who applies, by which right, and with which certification of the ministers."""

from whitelist.cases.fields import Field, Kind, never
from whitelist.cases.pages import OPERATOR, Page, Section, needs_certification, under_operator
from whitelist.register import Text

ORGANISATION = Section(
    "organisation",
    Text("事業者", "Organisation"),
    (
        Page(
            "organisation",
            Text("事業者の名称と法人番号", "Name and corporate number"),
            (
                Field(
                    "name_ja",
                    Kind.LINE,
                    Text("名称", "Name in Japanese"),
                    Text("登記や条例のとおりに", "As registered"),
                    autocomplete="organization",
                ),
                Field("name_en", Kind.LINE, Text("名称（英語）", "Name in English")),
                Field(
                    "corporate_number",
                    Kind.CORPORATE_NUMBER,
                    Text("法人番号", "Corporate number"),
                    Text(
                        "13桁の数字。国税庁の法人番号公表サイトで確かめられます。",
                        "13 digits, as the National Tax Agency publishes them.",
                    ),
                    most=13,
                ),
                Field(
                    "kind",
                    Kind.CHOICE,
                    Text("事業者の種類", "Kind of organisation"),
                    choices=(
                        ("service_provider", Text("サービス提供者", "Service provider")),
                        ("platform_operator", Text("プラットフォーム事業者", "Platform operator")),
                    ),
                ),
            ),
        ),
        Page(
            "organisation-address",
            Text("所在地と代表者", "Address and representative"),
            (
                Field(
                    "address",
                    Kind.LINE,
                    Text("所在地", "Address"),
                    Text("都道府県から入力", "From the prefecture on"),
                    most=200,
                ),
                Field(
                    "representative",
                    Kind.LINE,
                    Text("代表者の役職と氏名", "Representative"),
                    Text("例： 代表取締役　青葉　太郎", "Example: Taro Aoba, President"),
                ),
                Field(
                    "website",
                    Kind.URL,
                    Text("ウェブサイト", "Website"),
                    Text("https:// から", "From https:// on"),
                    most=200,
                ),
            ),
        ),
    ),
)

BASIS = Section(
    "basis",
    Text("法的な根拠", "Legal basis"),
    (
        Page(
            "basis",
            Text("署名や証明を検証する根拠", "By what the certificates are verified"),
            (
                Field(
                    "item",
                    Kind.CHOICE,
                    Text("根拠", "Legal basis"),
                    Text(
                        "公的個人認証法第17条第1項のどの号に当たるか", "Which item of article 17(1) of the Act applies"
                    ),
                    choices=(
                        ("17-1-1", Text("第1号　行政機関等", "Item 1: administrative organs")),
                        ("17-1-2", Text("第2号　裁判所", "Item 2: courts")),
                        (
                            "17-1-3",
                            Text(
                                "第3号　行政庁の指定・登録・認定・承認を受けた者",
                                "Item 3: bodies designated, registered or approved by an authority",
                            ),
                        ),
                        ("17-1-4", Text("第4号　認定認証事業者", "Item 4: accredited certification services")),
                        (
                            "17-1-5",
                            Text(
                                "第5号　特定認証業務を行う者（主務大臣認定）",
                                "Item 5: specified certification services (ministerial certification)",
                            ),
                        ),
                        (
                            "17-1-6",
                            Text("第6号　主務大臣が認定する者", "Item 6: bodies certified by the competent ministers"),
                        ),
                        (OPERATOR, Text("プラットフォーム事業者に任せる", "Under a platform operator")),
                    ),
                ),
                Field(
                    "operator_client_id",
                    Kind.LINE,
                    Text("プラットフォーム事業者の識別名", "Platform operator's client ID"),
                    Text("登録簿にある識別名。任せるときだけ。", "As in the register; only under an operator."),
                    required=under_operator,
                    asked=under_operator,
                    most=64,
                    form=r"[0-9A-Za-z][0-9A-Za-z._-]{2,63}",
                    form_told=Text(
                        "識別名は、登録簿にあるとおりに入力してください。",
                        "Please enter the client ID as it is in the register.",
                    ),
                ),
                Field(
                    "explanation",
                    Kind.LINES,
                    Text("根拠の説明", "Why it applies"),
                    Text("根拠となる法令や、指定・登録の番号と日付", "The law, or number and date of the designation"),
                    most=1000,
                ),
            ),
        ),
    ),
)

CERTIFICATION = Section(
    "certification",
    Text("主務大臣認定", "Ministerial certification"),
    (
        Page(
            "certification",
            Text("主務大臣認定", "Ministerial certification"),
            (
                Field("number", Kind.LINE, Text("認定番号", "Number"), most=64),
                Field("granted_on", Kind.DATE, Text("認定の日", "Granted on")),
                Field("valid_until", Kind.DATE, Text("有効期間の最後の日", "Last day of validity")),
                Field(
                    "conditions",
                    Kind.LINES,
                    Text("認定の条件", "Conditions"),
                    Text("条件がなければ空のままで", "Leave it empty when there are none"),
                    required=never,
                    most=1000,
                ),
                Field(
                    "document",
                    Kind.FILE,
                    Text("認定書の写し", "Copy of the certification"),
                    Text("PDF、PNG、JPEG", "PDF, PNG or JPEG"),
                    most=36,
                ),
            ),
            lead=Text(
                "第5号と第6号の根拠には、主務大臣の認定が必要です。",
                "Items 5 and 6 need the competent ministers' certification.",
            ),
            asked=needs_certification,
        ),
    ),
)
