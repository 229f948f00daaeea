"""What the public pages say of an entry, in both languages: its basis in plain words, its parts, its history."""

from collections.abc import Iterable, Mapping
from typing import Any

from ca.profiles import Purpose
from whitelist.models import RegisterRecord, RelyingParty
from whitelist.register import Text

Basis, State, Event = RelyingParty.Basis, RelyingParty.State, RegisterRecord.Event

# Article 17(1) of the Act, and who it speaks of (jpki-facts 5.1).
BASIS: Mapping[str, Text] = {
    Basis.ITEM_1: Text(
        "国の機関、自治体などの行政機関です。法律により、だれの認定もなしに署名を検証できます。",
        "It is a public body, such as a ministry or a municipality. By law it verifies signatures without a "
        "certification by anybody.",
    ),
    Basis.ITEM_2: Text("裁判所です。", "It is a court."),
    Basis.ITEM_3: Text(
        "行政庁から法律にもとづく指定・登録・認定・承認を受けた者です。",
        "It is a body that an administrative agency has designated, registered, certified or approved by law.",
    ),
    Basis.ITEM_4: Text(
        "電子署名法の認定を受けた認証事業者です。",
        "It is a certification business accredited under the Electronic Signatures Act.",
    ),
    Basis.ITEM_5: Text(
        "特定認証業務を行い、主務大臣の認定を受けた者です。",
        "It runs a specified certification business, and is certified by the competent ministers.",
    ),
    Basis.ITEM_6: Text(
        "政令の基準に合うと主務大臣が認定した民間の事業者です。",
        "It is a private business that the competent ministers have certified to meet the standards of the "
        "Cabinet Order.",
    ),
    Basis.OPERATOR: Text(
        "検証のすべてを、認定を受けたプラットフォーム事業者に任せている事業者です。その事業者の登録と認定が有効なあいだだけ、求められます。",
        "It leaves all verification to a certified platform operator, and may ask only while that operator's "
        "registration and certification hold.",
    ),
}
STATES: Mapping[str, Text] = {
    State.REGISTERED: Text("登録済み", "Registered"),
    State.SUSPENDED: Text("停止中", "Suspended"),
    State.EXPIRED: Text("期限切れ", "Expired"),
    State.REMOVED: Text("削除済み", "Removed"),
}
# What a state means for whoever is asked by the service.
MEANING: Mapping[str, Text] = {
    State.SUSPENDED: Text(
        "登録が停止されています。このサービスからの依頼は、スマートフォンの画面で断られます。",
        "The registration is suspended. A phone refuses what this service asks.",
    ),
    State.EXPIRED: Text(
        "登録の期限が過ぎています。このサービスからの依頼は、スマートフォンの画面で断られます。",
        "The registration has expired. A phone refuses what this service asks.",
    ),
    State.REMOVED: Text(
        "登録簿から削除されています。このサービスからの依頼は、スマートフォンの画面で断られます。",
        "The entry was removed from the register. A phone refuses what this service asks.",
    ),
}
EVENTS: Mapping[str, Text] = {
    Event.REGISTERED: Text("登録されました", "Registered"),
    Event.CHANGED: Text("内容が変わりました", "Changed"),
    Event.SUSPENDED: Text("登録が停止されました", "Suspended"),
    Event.LIFTED: Text("停止が解かれました", "Suspension lifted"),
    Event.EXPIRED: Text("期限が切れました", "Expired"),
    Event.REMOVED: Text("削除されました", "Removed"),
}
# What a service may receive of a citizen, by the names that a case has for them.
ATTRIBUTES: Mapping[str, Text] = {
    "name": Text("氏名", "Name"),
    "address": Text("住所", "Address"),
    "birth_date": Text("生年月日", "Date of birth"),
    "sex": Text("性別", "Sex"),
}
PARTS: Mapping[str, Text] = {
    "name": Text("名前", "Name"),
    "kind": Text("種別", "Kind"),
    "basis": Text("根拠", "Legal basis"),
    "operator": Text("プラットフォーム事業者", "Platform operator"),
    "website": Text("ウェブサイト", "Website"),
    "logo_sha256": Text("ロゴ", "Logo"),
    "valid_until": Text("登録の期限", "Registered until"),
    "purposes": Text("目的", "Purposes"),
    "attributes": Text("受け取る情報", "What is received"),
    "applications": Text("依頼元のアプリとアドレス", "Applications and addresses"),
    "ministerial_certifications": Text("主務大臣認定", "Ministerial certification"),
}
PURPOSES: Mapping[str, Text] = {
    Purpose.SIGNATURE: Text("電子署名", "Signature"),
    Purpose.USER_AUTHENTICATION: Text("本人確認", "Authentication"),
}
KINDS: Mapping[str, Text] = {
    RelyingParty.Kind.SERVICE_PROVIDER: Text("サービス提供者", "Service provider"),
    RelyingParty.Kind.PLATFORM_OPERATOR: Text("プラットフォーム事業者", "Platform operator"),
}
NOTHING = Text("なし", "None")


def basis_name(basis: str) -> Text:
    """Return how the Act counts a basis."""
    if basis == Basis.OPERATOR:
        return Text("プラットフォーム事業者の下での利用", "Under a platform operator")
    item = basis.rsplit("-", 1)[1]
    return Text(f"公的個人認証法第17条第1項第{item}号", f"Article 17(1) item {item} of the JPKI Act")


def attribute_names(received: Iterable[str], language: str | None) -> str:
    """Return which attributes a service receives, in a row."""
    names = [ATTRIBUTES[one].in_language(language) for one in received if one in ATTRIBUTES]
    return Text("、".join(names), ", ".join(names)).in_language(language)


def lines(part: str, value: Any, language: str | None) -> list[str]:
    """Return what a part of a published entry (`contents.shape`) says, line by line."""
    told = _LINES.get(part, lambda value, _: [str(value)])(value, language) if value else []
    return told or [NOTHING.in_language(language)]


def _certification(one: Any, language: str | None) -> str:
    withdrawn = Text("（取消し）", " (withdrawn)").in_language(language) if one["withdrawn_at"] else ""
    return f"{one['number']}: {one['granted_on']} – {one['valid_until']}{withdrawn}"


_LINES: Mapping[str, Any] = {
    "name": lambda value, language: [f"{value['ja']} / {value['en']}"],
    "kind": lambda value, language: [KINDS[value].in_language(language)],
    "basis": lambda value, language: [basis_name(value).in_language(language)],
    "logo_sha256": lambda value, language: [f"{value[:16]}…"],
    "purposes": lambda value, language: [
        f"{PURPOSES[purpose].in_language(language)}: {text['ja']} / {text['en']}" for purpose, text in value.items()
    ],
    "attributes": lambda value, language: [attribute_names(value["received"], language), value["why"]],
    "applications": lambda value, language: [
        f"{one['kind']} {one['origin']} ({', '.join(one['callback_urls'])})" for one in value
    ],
    "ministerial_certifications": lambda value, language: [_certification(one, language) for one in value],
}
