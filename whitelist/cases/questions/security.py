"""The security self-assessment: each item is answered, with evidence."""

from collections.abc import Mapping
from typing import Any

from whitelist.cases.fields import Answers, Field, Kind
from whitelist.cases.pages import Page, Section, of
from whitelist.register import Text

_YES_NO = (
    ("yes", Text("できている", "Yes")),
    ("no", Text("できていない", "No")),
    ("not_applicable", Text("当てはまらない", "Doesn't apply")),
)


def _item(name: str, question: Text) -> tuple[Field, Field]:
    return (
        Field(f"items.{name}.answer", Kind.CHOICE, question, choices=_YES_NO),
        Field(
            f"items.{name}.evidence",
            Kind.LINES,
            Text(f"根拠（{question.ja.rstrip('。')}）", f"Evidence ({question.en.rstrip('.')})"),
            Text(
                "設定、文書の名前、検査の日付など。「できていない」なら、いつまでにどうするか。",
                "A setting, a document, the date of a test; where the answer is no: what will be done until when.",
            ),
            required=lambda answers, block: _answered(answers, name) in ("yes", "no"),
            most=1000,
        ),
    )


def _answered(answers: Answers, name: str) -> Any:
    items = of(answers, "security").get("items")
    found = items.get(name) if isinstance(items, Mapping) else None
    return found.get("answer") if isinstance(found, Mapping) else None


SECURITY = Section(
    "security",
    Text("セキュリティの自己点検", "Security self-assessment"),
    (
        Page(
            "security-connections",
            Text("通信と鍵", "Connections and keys"),
            (
                *_item(
                    "tls",
                    Text(
                        "通信はすべてTLS 1.2以上で守られている。", "Every connection is protected by TLS 1.2 or later."
                    ),
                ),
                *_item(
                    "client_keys",
                    Text(
                        "接続用の秘密鍵は、取り出せない場所か、限られた人だけが扱える場所にある。",
                        "Private keys of the connection can't be taken out, or few people can reach them.",
                    ),
                ),
                *_item(
                    "rotation",
                    Text("鍵を替える手順があり、試してある。", "There is a tried procedure to replace keys."),
                ),
            ),
        ),
        Page(
            "security-verification",
            Text("検証", "Verification"),
            (
                *_item(
                    "status",
                    Text(
                        "署名のたびに、失効していないことを確かめている。",
                        "Each signature is checked against revocation.",
                    ),
                ),
                *_item(
                    "nonce",
                    Text(
                        "依頼ごとに、使い回せない値を使っている。", "Each request has a value that can't be used twice."
                    ),
                ),
                *_item(
                    "serial",
                    Text(
                        "発行の番号を、法律が許す目的だけに使っている。",
                        "Serial numbers are used for what the Act allows, and nothing else.",
                    ),
                ),
            ),
        ),
        Page(
            "security-data",
            Text("情報の取扱い", "Data"),
            (
                *_item(
                    "minimal",
                    Text(
                        "受け取った情報は、必要なものだけを、必要な間だけ残している。",
                        "Only what is needed is kept, and only as long.",
                    ),
                ),
                *_item(
                    "access",
                    Text(
                        "受け取った情報を見られる人を限り、記録している。",
                        "Few can see what was received, and each look is recorded.",
                    ),
                ),
                *_item(
                    "logs",
                    Text(
                        "ログに、証明書の中身や氏名を書いていない。",
                        "Logs hold neither contents of certificates nor names.",
                    ),
                ),
            ),
        ),
        Page(
            "security-operation",
            Text("運用", "Operation"),
            (
                *_item(
                    "patching",
                    Text(
                        "脆弱性の情報を集め、期限を決めて直している。",
                        "Vulnerabilities are watched for, and mended within a term.",
                    ),
                ),
                *_item("testing", Text("外部の人による検査を受けている。", "Outsiders test the service.")),
                *_item(
                    "incident",
                    Text(
                        "事故のときに、24時間以内に知らせる手順がある。",
                        "There is a procedure that reports an incident within 24 hours.",
                    ),
                ),
            ),
        ),
    ),
)
