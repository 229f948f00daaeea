"""An organisation's cases in every state, with files, messages, remarks and versions."""

from typing import TYPE_CHECKING

from tests.whitelist.cases.filled import changes, fill, png
from tests.whitelist.relying_parties import make_bank
from whitelist import logos
from whitelist.cases import attachments, drafts, messages, states, submitting
from whitelist.models import Case, CaseMessage, CaseRemark

if TYPE_CHECKING:
    from tests.portal.everyone.world import World

OFFICER = "kuroda"


def build(world: "World") -> None:
    """Make the cases of the world's provider."""
    owner = world.rows["owner"]
    organisation, by = owner.organisation, owner.account.name
    made: dict[str, Case] = {"case, empty": drafts.open(organisation, by)}
    for name in ("case, whole", "case, returned", "case, submitted", "case, disputed"):
        made[name] = fill(drafts.open(organisation, by), by)
        wish = {"client_id": name.replace(", ", "-")}
        drafts.save(made[name], "service", 1, wish, by)
    returned = made["case, returned"]
    version = submitting.submit(returned, by)
    states.move(returned, "take_up", by=OFFICER)
    states.move(returned, "return", by=OFFICER)
    for section, field in (("service", "name_ja"), ("service", "")):
        CaseRemark.objects.create(
            case=returned, version=version, section=section, field=field, text="正式な名前にしてください。", by=OFFICER,
            at=returned.moved_at,
        )  # fmt: skip
    submitting.submit(made["case, submitted"], by)
    disputed = made["case, disputed"]
    make_bank(world.realm, "imitated", name_ja="サービスカード", name_en="Service Card")
    drafts.save(disputed, "service", 2, {"name_ja": "サ一ビス力一ド"}, by)
    drafts.save(disputed, "service", 1, {"name_ja": "あおぞらカード"}, "midori@bank.example")
    entry = make_bank(world.realm, "own-entry", organisation=organisation)
    logos.put(entry, png())
    made["case, change"] = change = drafts.open_change(entry, by)
    drafts.save(change, "organisation", 0, changes(change)["organisation"] | {"name_en": "Another name"}, by)
    for name, case in made.items():
        world.names[name] = case.reference
    world.rows["cases"] = made


def grow(world: "World", number: int) -> None:
    """Add so many rows to every list about cases."""
    owner, made = world.rows["owner"], world.rows["cases"]
    by = owner.account.name
    for one in range(number):
        drafts.open(owner.organisation, by)
        make_bank(world.realm, f"own-{made['case, whole'].messages.count()}", organisation=owner.organisation)
        attachments.put(made["case, whole"], "別の書類.png", png(), by)
        drafts.add_application(made["case, whole"], "android", by)
        messages.send(made["case, whole"], CaseMessage.Side.OFFICERS, f"お尋ね {one}", OFFICER)
        messages.send(made["case, whole"], CaseMessage.Side.APPLICANT, f"お答え {one}", by)
