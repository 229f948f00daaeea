"""What citizens will see of the service, and what they will be asked for."""

from whitelist.cases.fields import Field, Kind, never
from whitelist.cases.pages import ATTRIBUTES, SIGNATURE, USER_AUTHENTICATION, Page, Section, asks
from whitelist.published import words
from whitelist.register import Text

SERVICE = Section(
    "service",
    Text("サービス", "Service"),
    (
        Page(
            "service",
            Text("サービスの名前", "The service's name"),
            (
                Field(
                    "name_ja",
                    Kind.LINE,
                    Text("サービス名", "Name in Japanese"),
                    Text("利用者のスマートフォンに、このまま表示されます。", "Citizens' phones show it as it is."),
                ),
                Field("name_en", Kind.LINE, Text("サービス名（英語）", "Name in English")),
                Field("website", Kind.URL, Text("サービスのウェブサイト", "The service's website"), most=200),
                Field("description", Kind.LINES, Text("サービスの説明", "What the service does"), most=1000),
                Field(
                    "client_id",
                    Kind.LINE,
                    Text("希望する識別名", "Client ID you would like"),
                    Text(
                        "英数字と . _ -、3文字から64文字。空のままなら、登録のときに決まります。",
                        "Letters, digits, . _ -, 3 to 64 characters. Empty: it is chosen at registration.",
                    ),
                    required=never,
                    most=64,
                    form=r"[0-9A-Za-z][0-9A-Za-z._-]{2,63}",
                    form_told=Text(
                        "識別名は、英数字で始まる3文字から64文字（英数字と . _ -）で入力してください。",
                        "A client ID begins with a letter or digit and has 3 to 64 of letters, digits, . _ -.",
                    ),
                ),
            ),
            preview=True,
        ),
        Page(
            "logo",
            Text("ロゴ", "Logo"),
            (
                Field(
                    "logo",
                    Kind.FILE,
                    Text("ロゴ", "Logo"),
                    Text(
                        "512ピクセルまでのPNGか、図形だけのSVG。32kBまで。",
                        "A PNG of at most 512 pixels, or an SVG of shapes alone; up to 32 kB.",
                    ),
                    required=never,
                    most=36,
                ),
            ),
            preview=True,
        ),
    ),
)


def _purpose(what: str, title: Text, example: Text) -> Page:
    return Page(
        what.replace("_", "-"),
        title,
        (
            Field(f"{what}.text_ja", Kind.LINE, Text("目的（日本語）", "Purpose in Japanese"), example, most=200),
            Field(
                f"{what}.text_en",
                Kind.LINE,
                Text("目的（英語）", "Purpose in English"),
                Text("英語を選んだ人に表示されます。", "Shown to those who read English."),
                most=200,
            ),
            Field(
                f"{what}.why",
                Kind.LINES,
                Text("必要な理由", "Why it is needed"),
                Text("審査する人だけが読みます。", "Read by the officers alone."),
                most=1000,
            ),
        ),
        asked=asks(what),
        preview=True,
    )


PURPOSES = Section(
    "purposes",
    Text("利用の目的", "Purposes"),
    (
        Page(
            "purposes",
            Text("利用者に求めること", "What citizens are asked for"),
            (
                Field(
                    "asks",
                    Kind.CHOICES,
                    Text("求めること", "What is asked"),
                    choices=(
                        (
                            USER_AUTHENTICATION,
                            Text("本人確認（利用者証明用電子証明書）", "Sign-in (user authentication certificate)"),
                        ),
                        (SIGNATURE, Text("電子署名（署名用電子証明書）", "Signature (signature certificate)")),
                        (ATTRIBUTES, Text("氏名・住所などの情報", "Name, address and the like")),
                    ),
                ),
            ),
        ),
        _purpose(
            USER_AUTHENTICATION,
            Text("本人確認の目的", "Purpose of the sign-in"),
            Text(
                "例： 口座へのサインインで本人を確かめます。",
                "Example, in Japanese: 口座へのサインインで本人を確かめます。",
            ),
        ),
        _purpose(
            SIGNATURE,
            Text("電子署名の目的", "Purpose of the signature"),
            Text("例： 口座開設の申込書に署名します。", "Example, in Japanese: 口座開設の申込書に署名します。"),
        ),
        Page(
            "attributes",
            Text("受け取る情報", "What is received"),
            (
                Field(
                    "attributes",
                    Kind.CHOICES,
                    Text("受け取る情報", "What is received"),
                    choices=tuple(words.ATTRIBUTES.items()),
                ),
                Field(
                    "attributes_why",
                    Kind.LINES,
                    Text("必要な理由", "Why it is needed"),
                    Text(
                        "項目ごとに、何に使い、いつ消すか。登録簿で公開されます。",
                        "For each: what it is used for, and when it is erased. The register publishes it.",
                    ),
                    most=1000,
                ),
            ),
            asked=asks(ATTRIBUTES),
        ),
    ),
)
