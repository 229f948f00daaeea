"""Cases for tests, as the applicant's side leaves them: an organisation, answers, submitted versions."""

import copy
import secrets
from datetime import timedelta
from typing import Any

from ca import clock
from ca.models import JournalEntry, Realm
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.models import Case, CaseVersion, Organisation, Proposal, RelyingParty, Review
from whitelist.published import records
from whitelist.review import check_list, courses, deciding, pace, reviewing

CALLBACK = "https://shinagawa.example/return"


def make_organisation(realm: Realm, name: str = "品川信用金庫") -> Organisation:
    return Organisation.objects.create(realm=realm, name_ja=name, name_en="Shinagawa Bank", created_at=clock.now(realm))


def answers(item: str = "17-1-6", **changes: Any) -> dict[str, Any]:
    """Return the answers of all sections; `changes` replace fields: {section: {field: value}}."""
    given: dict[str, Any] = {
        "organisation": {
            "name_ja": "品川信用金庫", "name_en": "Shinagawa Bank", "corporate_number": "8700110005901",
            "address": "東京都品川区1-2-3", "representative": "品川　一郎", "website": "https://shinagawa.example/",
            "kind": "service_provider",
        },
        "basis": {"item": item, "operator_client_id": "", "explanation": "預金の口座を開くため"},
        "certification": {"number": "認-7", "granted_on": "2026-01-05", "valid_until": "2030-01-04", "conditions": ""},
        "service": {
            "name_ja": "しながわ口座", "name_en": "Shinagawa Account", "website": "https://shinagawa.example/account",
            "description": "口座の開設", "logo": "", "client_id": "shinagawa-account",
        },
        "purposes": {
            "user_authentication": {"text_ja": "ログインのため", "text_en": "To sign in", "why": "本人だけが使うため"},
            "signature": {"text_ja": "口座開設の申込みのため", "text_en": "To open an account", "why": "申込みの確認"},
            "attributes": ["name", "address"], "attributes_why": "犯収法の確認",
        },
        "applications": [
            {"id": "0a000001", "kind": "browser", "origin": "https://shinagawa.example", "callback_urls": [CALLBACK]},
            {
                "id": "0a000002", "kind": "android", "package": "example.shinagawa", "certificate_sha256": ["ab" * 32],
                "callback_urls": ["https://shinagawa.example/app"],
            },
        ],
        "handoff": {"ways": ["link", "app"], "jwks_url": "https://shinagawa.example/jwks.json"},
        "security": {"items": {"patching": {"answer": "yes", "evidence": "規程 第3条"}}},
        "contacts": {"emergency": {"name": "当直", "email": "duty@shinagawa.example", "telephone": "03-0000-0000"}},
        "survey": {},
    }  # fmt: skip
    for section, fields in changes.items():
        given[section] = {**given[section], **fields} if isinstance(fields, dict) else fields
    return copy.deepcopy(given)


def submitted(
    organisation: Organisation, given: dict[str, Any] | None = None, *, entry: RelyingParty | None = None
) -> Case:
    """Return a case as it is when it has just been submitted."""
    now = clock.now(organisation.realm)
    case = Case.objects.create(
        organisation=organisation, relying_party=entry, changes_entry=entry is not None, opened_by="hana@bank.example",
        opened_at=now, moved_at=now,
    )  # fmt: skip
    return submit(case, given or answers())


def submit(case: Case, given: dict[str, Any]) -> Case:
    """Submit these answers as the case's next version."""
    states.move(case, "submit", by="hana@bank.example")
    CaseVersion.objects.create(
        case=case, number=case.versions.count() + 1, answers=given, submitted_by="hana@bank.example",
        submitted_at=case.moved_at,
    )  # fmt: skip
    pace.begin(case)
    return case


def fresh(case: Case) -> Case:
    return Case.objects.select_related("organisation__realm", "relying_party__realm").get(pk=case.pk)


def checked(review: Review, by: Officer) -> Review:
    """Answer the whole check list."""
    found = {item.code: ("met", "書面で確かめた") for item in check_list.asked(review)}
    check_list.check(review, found, by=by)
    return review


CERTIFICATION = {"number": "認-7", "granted_on": "2026-01-05", "valid_until": "2030-01-04", "conditions": "年1回の報告"}


def propose(review: Review, kind: str, by: Officer, **more: Any) -> Proposal:
    """Propose something complete on the version in hand, with its check list answered."""
    complete: dict[str, dict[str, Any]] = {
        "certify": {"terms": CERTIFICATION},
        "register": {},
        "return": {"remarks": [{"section": "service", "field": "name_ja", "text": "ほかのサービスと紛れます。"}]},
        "refuse": {"reasons": "目的が法の認める確認ではありません。"},
    }
    if kind in ("certify", "register"):
        checked(review, by)
    version = more.pop("version", review.version.number)
    return reviewing.propose(review, kind, by=by, version=version, **(complete[kind] | more))


def through(case: Case, kind: str, officers: tuple[Officer, Officer], **more: Any) -> Proposal:
    """Take a submitted case through one authority: the first officer proposes, the second approves."""
    first, second = officers
    review = reviewing.take_up(case, by=first)
    made = propose(review, kind, first, **more)
    deciding.approve(made, by=second, version=review.version.number)
    return made


def registered(
    organisation: Organisation,
    ministry: tuple[Officer, Officer],
    registrar: tuple[Officer, Officer],
    given: dict[str, Any] | None = None,
    **more: Any,
) -> RelyingParty:
    """Return an entry that came by a case through both authorities (or the one that its basis has)."""
    case = submitted(organisation, given)
    if courses.turn(case) == Case.Authority.MINISTRY:
        through(case, "certify", ministry)
    through(case, "register", registrar, **more)
    found = fresh(case).relying_party
    assert found is not None
    return found


def pass_days(realm: Realm, days: float) -> None:
    """Move the realm's clock on."""
    realm.clock_offset += timedelta(days=days)
    realm.save(update_fields=["clock_offset"])


def kinds(subject: object) -> list[str]:
    """Return the kinds of the journal's entries about a subject, oldest first, but for what the register publishes."""
    entries = JournalEntry.objects.filter(subject=str(subject)).exclude(kind__in=[records.KIND, records.VEIL])
    return list(entries.order_by("sequence").values_list("kind", flat=True))


def unused(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(3)}"
