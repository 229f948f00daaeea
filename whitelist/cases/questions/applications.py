"""Where requests come from, and how they reach the phone."""

from whitelist.cases.fields import Field, Kind, never
from whitelist.cases.pages import Page, Section, kind
from whitelist.register import Text

_NO_HOST = Text(
    "オリジンは、https://例.jp のように、ホスト名まで（パスや末尾の / なし）で入力してください。",
    "An origin is the scheme and the host, as https://example.jp, without a path or a slash at its end.",
)

_ANDROID, _IOS, _BROWSER = "android", "ios", "browser"
APPLICATIONS = Section(
    "applications",
    Text("アプリとブラウザ", "Applications"),
    (
        Page(
            "applications",
            Text("依頼を出すアプリとブラウザ", "Apps and browsers that ask"),
            (
                Field(
                    "kind",
                    Kind.CHOICE,
                    Text("種類", "Kind"),
                    choices=(
                        (_BROWSER, Text("ブラウザ", "Browser")),
                        (_ANDROID, Text("Androidアプリ", "Android app")),
                        (_IOS, Text("iOSアプリ", "iOS app")),
                    ),
                ),
                Field(
                    "origin",
                    Kind.URL,
                    Text("オリジン", "Origin"),
                    Text("例： https://bank.example", "Example: https://bank.example"),
                    required=kind(_BROWSER),
                    asked=kind(_BROWSER),
                    most=255,
                    form=r"https://[a-z0-9.-]+(:[0-9]{1,5})?",
                    form_told=_NO_HOST,
                ),
                Field(
                    "package",
                    Kind.LINE,
                    Text("パッケージ名", "Package name"),
                    Text("例： jp.example.bank", "Example: jp.example.bank"),
                    required=kind(_ANDROID),
                    asked=kind(_ANDROID),
                    most=200,
                    form=r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+",
                    form_told=Text(
                        "パッケージ名は、jp.example.bank のような形で入力してください。",
                        "A package name looks like jp.example.bank.",
                    ),
                ),
                Field(
                    "certificate_sha256",
                    Kind.LIST,
                    Text("署名証明書のSHA-256", "SHA-256 of the signing certificate"),
                    Text(
                        "1行に1つ、16進64桁（: で区切っても構いません）",
                        "One a line, 64 hex digits, with or without colons",
                    ),
                    required=kind(_ANDROID),
                    asked=kind(_ANDROID),
                    most=95,
                    form=r"([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}",
                    form_told=Text(
                        "署名証明書のSHA-256は、16進で64桁です。",
                        "The SHA-256 of the signing certificate has 64 hex digits.",
                    ),
                ),
                Field(
                    "bundle_id",
                    Kind.LINE,
                    Text("バンドルID", "Bundle ID"),
                    Text("例： jp.example.bank", "Example: jp.example.bank"),
                    required=kind(_IOS),
                    asked=kind(_IOS),
                    most=155,
                    form=r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
                    form_told=Text(
                        "バンドルIDは、jp.example.bank のような形で入力してください。",
                        "A bundle ID looks like jp.example.bank.",
                    ),
                ),
                Field(
                    "team_id",
                    Kind.LINE,
                    Text("チームID", "Team ID"),
                    Text("英大文字と数字10桁", "Ten capital letters and digits"),
                    required=kind(_IOS),
                    asked=kind(_IOS),
                    most=10,
                    form=r"[A-Z0-9]{10}",
                    form_told=Text(
                        "チームIDは、英大文字と数字の10桁です。", "A team ID has ten capital letters and digits."
                    ),
                ),
                Field(
                    "callback_urls",
                    Kind.LIST,
                    Text("戻り先のアドレス", "Callback addresses"),
                    Text(
                        "利用者が戻るアドレスを1行に1つ。一字一句このとおりのものだけが使えます。",
                        "Where citizens return to, one a line; to the letter.",
                    ),
                    most=2000,
                    form=r"https://[^#]+",
                    form_told=Text(
                        "戻り先のアドレスは、https:// で始まり、# を含まないものを入力してください。",
                        "A callback address begins with https:// and has no #.",
                    ),
                ),
            ),
            lead=Text(
                "スマートフォンは、ここにあるものからの依頼だけを受け付けます。",
                "Phones take requests from these alone.",
            ),
            blocks=True,
        ),
    ),
)

HANDOFF = Section(
    "handoff",
    Text("受け渡しの方法", "Ways of hand-off"),
    (
        Page(
            "handoff",
            Text("受け渡しの方法", "Ways of hand-off"),
            (
                Field(
                    "ways",
                    Kind.CHOICES,
                    Text("使う方法", "Ways"),
                    choices=(
                        ("link", Text("ブラウザから（リンク）", "From a browser (link)")),
                        ("app", Text("アプリから", "From an app")),
                        ("qr", Text("別の画面のQRコードから", "From a QR code on another screen")),
                    ),
                ),
                Field(
                    "jwks_url",
                    Kind.URL,
                    Text("公開鍵のアドレス（JWKS）", "Address of the public keys (JWKS)"),
                    Text(
                        "アドレスで公開しているときだけ。鍵は、あとから登録もできます。",
                        "Only where they are published. Keys can be registered later, too.",
                    ),
                    required=never,
                    most=255,
                ),
            ),
        ),
    ),
)
