"""Citizens, cards and phones by API: made, looked at, changed, and never another workspace's."""

from typing import Any

import pytest

from ca.models import Certificate
from portal.providers.models import Workspace
from sandbox import citizens, furnishing, personas
from sandbox.models import Citizen, VirtualPhone
from tests.sandbox.ready import Api
from tests.sandbox.world.conftest import settle

pytestmark = pytest.mark.django_db(transaction=True)
ANA = {
    "name": "試験 杏奈", "romaji": "SHIKEN Anna", "sex": "2", "born_on": "1991-05-06",
    "address": "東京都草薙市桜台９－９", "prefecture": "Tokyo-to", "municipality": "Kusanagi-shi",
    "municipality_code": "13991", "signature_password": "ANNA2468", "authentication_pin": "2468",
}  # fmt: skip


@pytest.mark.usefixtures("at_once")
def test_an_own_citizen_is_as_wished_for_with_a_card_that_says_the_same(api: Api) -> None:
    made = api("post", "citizens", ANA, expect=201)
    assert {name: made[name] for name in ANA if name in made} == {
        name: value for name, value in (ANA | {"name": "試験\u3000杏奈"}).items() if name in made
    }
    assert made["card_passwords"] == {"signature": "ANNA2468", "user_authentication": "2468"}
    assert (made["persona"], made["version"], made["condition"]) == (False, 0, "good")
    assert api("get", f"cards/{made['card']}")["state"] == "ready"
    signature = Certificate.objects.get(holder__citizen__reference=made["id"], purpose="signature")
    assert "試験\u3000杏奈".encode() in bytes(signature.der)
    assert [one["id"] for one in api("get", "citizens")["items"]] == [made["id"]]
    assert b"ANNA2468" not in bytes(Citizen.objects.get(reference=made["id"]).sealed_secrets)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("condition", "status"), [("good", "valid"), ("revoked", "revoked"), ("on_hold", "on_hold"), ("child", None)]
)
def test_an_own_citizens_card_is_in_the_condition_that_was_wished_for(
    api: Api, condition: str, status: str | None
) -> None:
    made = api("post", "citizens", {"condition": condition}, expect=201)
    found = api("get", f"certificates?citizen={made['id']}&purpose=signature")["items"]
    assert [one["status"] for one in found] == ([status] if status else [])
    assert [one["status"] for one in api("get", f"certificates?citizen={made['code']}&medium=card")["items"]]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"municipality_code": "139"}, "municipality_code"),
        ({"prefecture": "東京都"}, "prefecture"),
        ({"signature_password": "abc123"}, "signature_password"),
        ({"authentication_pin": "12a4"}, "authentication_pin"),
        ({"born_on": "1850-01-01"}, "born_on"),
    ],
    ids=["code", "place", "password", "PIN", "before the eras"],
)
def test_whom_no_certificate_could_name_is_refused_by_field_and_not_made(
    api: Api, wish: dict[str, Any], field: str
) -> None:
    answer = api("post", "citizens", wish, expect=400)
    assert (answer["code"], answer["field"]) == ("citizen_unfit", field)
    assert not Citizen.objects.filter(realm=api.realm).exists()
    assert api("post", "citizens", {"nickname": "A"}, expect=400)["code"] == "invalid_request"


@pytest.mark.usefixtures("at_once")
def test_who_moves_loses_the_signature_certificate_and_a_persona_never_moves(api: Api) -> None:
    made = api("post", "citizens", {}, expect=201)
    moved = api("patch", f"citizens/{made['id']}", {"address": "東京都草薙市桜台１－１"})
    assert moved["address"] == "東京都草薙市桜台１－１"
    by_purpose = {one["purpose"]: one for one in api("get", f"certificates?citizen={made['id']}")["items"]}
    assert (by_purpose["signature"]["status"], by_purpose["signature"]["cause"]) == ("revoked", "attributes_changed")
    assert by_purpose["user_authentication"]["status"] == "valid"
    api("patch", f"citizens/{made['id']}", {"romaji": "TEST Taro"})
    settle(api.realm)
    assert api("patch", "citizens/hanako", {"sex": "1"}, expect=409)["code"] == "persona_fixed"


@pytest.mark.usefixtures("at_once")
def test_a_new_card_supersedes_the_one_before_and_may_have_other_passwords(api: Api) -> None:
    settle(api.realm)
    before = api("get", "citizens/hanako")["card"]
    card = api("post", "cards", {"citizen": "hanako", "authentication_pin": "1357"}, expect=201)
    assert (card["id"], card["edition"], card["state"]) == (before, 2, "ready")
    assert api("get", "citizens/hanako")["card_passwords"]["user_authentication"] == "1357"
    found = api("get", "certificates?citizen=hanako")["items"]
    assert (
        sorted((one["status"], one["cause"]) for one in found)
        == [("revoked", "superseded")] * 2 + [("valid", None)] * 2
    )


@pytest.mark.usefixtures("at_once")
def test_a_phone_is_what_was_ordered_changes_and_is_lost(api: Api) -> None:
    made = api("post", "phones", {"model": "sakura-8", "os_version": 10, "name": "古い電話"}, expect=201)
    assert (made["model"], made["os_version"], made["name"], made["screen_lock"]) == (
        "sakura-8", 10, "古い電話", "biometrics",
    )  # fmt: skip
    assert (made["supported"], made["citizen"], made["passwords"]) == (True, None, None)
    path = f"phones/{made['id']}"
    assert api("patch", path, {"biometrics": "weak", "reachable": False})["screen_lock"] == "none"
    too_old = api("patch", path, {"os_version": 8})
    assert (too_old["supported"], too_old["reason"], too_old["biometrics"]) == (False, "os_version", "weak")
    assert VirtualPhone.objects.get().reachable is False
    assert api("post", "phones", {"model": "import-x"}, expect=201)["reason"] == "no_secure_element"
    assert api("post", "phones", {"model": "nokia"}, expect=400)["code"] == "invalid_request"
    api("delete", path, expect=204)
    api("get", path, expect=404)
    assert [one["model"] for one in api("get", "phones")["items"]] == ["import-x"]


@pytest.mark.usefixtures("at_once")
def test_nothing_of_another_workspace_is_there(api: Api, other: Api) -> None:
    settle(api.realm)
    phone = api("post", "phones", {}, expect=201)
    citizen, card = api("get", "citizens/hanako"), api("get", "citizens/hanako")["card"]
    certificate = api("get", "certificates")["items"][0]["id"]
    for path in (f"citizens/{citizen['id']}", "citizens/hanako", f"cards/{card}", f"phones/{phone['id']}"):
        api("get", path)
        other("get", path, expect=404)
    for noun in ("citizens", "cards", "phones", "certificates", "enrolments", "test-certificates", "crls"):
        assert other("get", noun)["items"] == []
    for deed in ("hold", "release", "pem", "pkcs12"):
        method, body = ("get", None) if deed == "pem" else ("post", {"password": "x"} if deed == "pkcs12" else {})
        other(method, f"certificates/{certificate}/{deed}", body, expect=404)
    other("post", "cards", {"citizen": citizen["id"]}, expect=404)
    other("post", "enrolments", {"citizen": "hanako", "phone": phone["id"]}, expect=404)
    assert other("get", "workspace")["realm"] != api("get", "workspace")["realm"]


@pytest.mark.usefixtures("at_once")
def test_an_older_workspace_is_furnished_later_and_each_persona_once(workspace: Workspace) -> None:
    Workspace.objects.update(asked_at="2026-01-01T00:00:00Z")
    assert furnishing.sweep() == 1
    assert furnishing.sweep() == 0
    assert furnishing.is_furnished(workspace.realm)
    assert citizens.of(workspace.realm).count() == len(personas.PERSONAS)
