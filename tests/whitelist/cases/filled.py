"""Cases for every room's tests: an organisation, and a draft in which everything is answered."""

import io
from datetime import timedelta
from typing import Any

from ca import clock
from ca.models import Realm
from tests.portal.handoff import pdfs
from whitelist.cases import attachments, drafts, sections
from whitelist.models import Case, Organisation

WRITER = "aoi@bank.example"
NUMBER = "7000012050002"  # the National Tax Agency's
PDF = pdfs.plain(1)


def make_organisation(realm: Realm, name: str = "あおぞら銀行", **fields: Any) -> Organisation:
    """Return an organisation that has told its corporate number."""
    values = {"name_en": "Aozora Bank", "corporate_number": NUMBER} | fields
    return Organisation.objects.create(realm=realm, name_ja=name, created_at=clock.now(realm), **values)


def png(side: int = 8) -> bytes:
    """Return a whole PNG."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (side, side), "navy").save(out, "PNG")
    return out.getvalue()


def changes(case: Case, document: str = "") -> dict[str, dict[str, Any]]:
    """Return right answers to everything but the applications, {section: {path: answer}}."""
    today = clock.today(case.organisation.realm)
    contact = {"name": "企画部　青葉", "email": "aoi@bank.example", "telephone": "03-0000-0000"}
    security = sections.find("security")
    assert security is not None
    items = [one.name for one in sections.fields(security)]
    return {
        "organisation": {
            "name_ja": case.organisation.name_ja,
            "name_en": "Aozora Bank",
            "corporate_number": NUMBER,
            "kind": "service_provider",
            "address": "東京都千代田区霞が関3-1-1",
            "representative": "代表取締役　青葉　太郎",
            "website": "https://bank.example/",
        },
        "basis": {"item": "17-1-6", "explanation": "主務大臣の認定を受けています。"},
        "certification": {
            "number": "2026-6-12",
            "granted_on": (today - timedelta(days=30)).isoformat(),
            "valid_until": (today + timedelta(days=1000)).isoformat(),
            "conditions": "",
            "document": document,
        },
        "service": {
            "name_ja": "あおぞらアプリ",
            "name_en": "Aozora App",
            "website": "https://bank.example/app",
            "description": "口座の開設と照会ができます。",
            "client_id": "aozora-app",
        },
        "purposes": {
            "asks": ["user_authentication", "signature", "attributes"],
            "user_authentication.text_ja": "口座へのサインインで本人を確かめます。",
            "user_authentication.text_en": "To confirm who signs in to the account.",
            "user_authentication.why": "なりすましを防ぐため。",
            "signature.text_ja": "口座開設の申込書に署名します。",
            "signature.text_en": "To sign the application for an account.",
            "signature.why": "犯罪収益移転防止法の本人確認のため。",
            "attributes": ["name", "address"],
            "attributes_why": "口座の名義と届け先に使い、解約から7年で消します。",
        },
        "handoff": {"ways": ["link", "qr"]},
        "security": {name: "yes" if name.endswith("answer") else "2026年の検査の報告書" for name in items},
        "contacts": {f"{who}.{name}": value for who in ("business", "technical", "emergency") for name, value in
                     contact.items()},
        "survey": {"wishes": "検証環境を早く使いたいです。"},
    }  # fmt: skip


def fill(case: Case, by: str = WRITER) -> Case:
    """Answer everything."""
    document = attachments.put(case, "認定書.pdf", PDF, by)
    for section, answers in changes(case, str(document.reference)).items():
        drafts.save(case, section, 0, answers, by)
    block = drafts.add_application(case, "browser", by)
    application = {"origin": "https://bank.example", "callback_urls": ["https://bank.example/return"]}
    drafts.save(case, "applications", 1, {f"{block}.{name}": value for name, value in application.items()}, by)
    return case
