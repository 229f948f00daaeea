"""The console's rooms: owner and developer act, others read; what is done there is really done."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern

from ca import clock
from ca.models import Realm
from portal.providers import workspaces
from portal.providers.models import Workspace
from sandbox import certificates, citizens, personas
from sandbox.console.urls import urlpatterns
from sandbox.models import ConformanceRun, Fault, VirtualPhone, Webhook
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.portal.providers.people import client, make_organisation, make_provider
from tsm.models import Phone

pytestmark = pytest.mark.django_db
Address = Callable[[str], str]


def text(visitor: Client, address: str) -> str:
    response = visitor.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.content.decode()


def test_who_may_only_read_sees_every_room_and_changes_nothing(
    reader: Client, address: Address, workspace: Workspace
) -> None:
    some = {
        "phone": uuid.uuid4(),
        "run": uuid.uuid4(),
        "webhook": uuid.uuid4(),
        "fault": uuid.uuid4(),
        "delivery": uuid.uuid4(),
    }
    citizens.settle(workspace.realm, personas.PERSONAS[0])
    acting = 0
    for one in urlpatterns:
        assert isinstance(one, URLPattern)
        path = str(one.pattern)
        for name, value in some.items():
            path = path.replace(f"<uuid:{name}>", str(value))
        path = path.replace("<slug:name>", "signature_wrong").replace("<slug:certificate>", "signature-01")
        if "<" in path:
            continue
        if not path.endswith(("/", "state", "rows", "report")) or path.startswith(("faults/arm/", "certificates/")):
            assert reader.post(address(path)).status_code == 403, path
            acting += 1
        elif not any(str(value) in path for value in some.values()):
            page = reader.get(address(path))
            assert page.status_code in (200, 204), path
            assert b"<form method=" not in page.content.replace(b'<form method="post" action="/staff/', b""), path
    assert acting >= 12


def test_a_workspace_that_isnt_ready_leads_to_where_it_is_made(
    visitor: Client, address: Address, workspace: Workspace
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(state=Workspace.State.ASKED)
    assert visitor.get(address("overview/")).headers["Location"] == address("")
    assert visitor.get(address(f"citizens/{uuid.uuid4()}/")).status_code == 404


def test_the_personas_are_shown_with_what_their_cards_stand_for_and_passwords_to_who_acts(
    visitor: Client, reader: Client, address: Address, workspace: Workspace
) -> None:
    made = [citizens.settle(workspace.realm, persona) for persona in personas.PERSONAS]
    listed = text(visitor, address("citizens/"))
    assert all(persona.name in listed and persona.code in listed for persona in personas.PERSONAS)
    assert "署名用パスワードがロックされたカード" in listed
    one = address(f"citizens/{made[0].reference}/")
    assert "HANAKO7391" in text(visitor, one)
    assert "HANAKO7391" not in text(reader, one)


def test_a_citizen_of_ones_own_is_made_or_refused_with_a_sentence(
    visitor: Client, address: Address, workspace: Workspace
) -> None:
    made = visitor.post(address("citizens/make"), {"name": "冬木　誠", "romaji": "FUYUKI Makoto", "card": "child"})
    found = citizens.of(workspace.realm).get()
    assert made.headers["Location"] == address(f"citizens/{found.reference}/")
    assert (found.holder.name, found.romaji, found.condition) == ("冬木　誠", "FUYUKI Makoto", "child")
    refused = visitor.post(address("citizens/make"), {"name": "冬木\0", "card": "expired"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert citizens.of(workspace.realm).count() == 1


def test_the_clock_moves_and_comes_back(visitor: Client, address: Address, workspace: Workspace) -> None:
    keep = {"follow-credentials": "1", "follow-phones": "1"}
    visitor.post(address("clock/move"), {"how": "advance", "step": "1d", **keep})
    realm = Realm.objects.get(pk=workspace.realm_id)
    assert realm.clock_offset == timedelta(days=1)
    assert "動かした記録" in text(visitor, address("clock/"))
    wrong = visitor.post(address("clock/move"), {"how": "set", "at": "tomorrow"})
    assert wrong.status_code == 400
    assert 'aria-invalid="true"' in wrong.content.decode()
    visitor.post(address("clock/move"), {"how": "reset", **keep})
    assert not Realm.objects.get(pk=workspace.realm_id).clock_offset


def test_a_fault_is_armed_for_a_scope_shown_and_taken_away(
    visitor: Client, address: Address, workspace: Workspace
) -> None:
    client_id = workspaces.relying_party(workspace).client_id
    page = address("faults/arm/signature_wrong/")
    assert "署名の1ビットを反転します" in text(visitor, page)
    assert visitor.post(page, {"client": client_id, "requests": "3"}).headers["Location"] == address("faults/")
    fault = Fault.objects.get()
    assert (fault.name, fault.client_id, fault.requests_left) == ("signature_wrong", client_id, 3)
    assert client_id in text(visitor, address("faults/"))
    for wrong in ({"requests": "many"}, {"rate": "2"}, {"client": "nobody"}, {"hand_off": "x"}):
        assert visitor.post(page, wrong).status_code == 400, wrong
    assert visitor.get(address("faults/arm/kitchen/")).status_code == 404
    visitor.post(address(f"faults/{fault.reference}/disarm"))
    assert Fault.objects.get().ended_at is not None


def test_a_webhooks_secret_is_shown_once(visitor: Client, address: Address) -> None:
    made = visitor.post(address("webhooks/make"), {"url": "https://bank.example/hook"})
    assert "no-store" in made.headers["Cache-Control"]
    secret = made.content.decode().split('id="secret">')[1].split("<")[0]
    assert secret.startswith("whsec_")
    hook = Webhook.objects.get()
    one = address(f"webhooks/{hook.reference}/")
    assert secret not in text(visitor, one)
    visitor.post(f"{one}act", {"action": "ping"})
    assert "webhook.ping" in text(visitor, one)
    visitor.post(f"{one}act", {"action": "disable"})
    assert visitor.post(f"{one}act", {"action": "ping"}).status_code == 409
    refused = visitor.post(address("webhooks/make"), {"url": "http://10.0.0.1/"})
    assert refused.status_code == 400
    visitor.post(f"{one}act", {"action": "delete"})
    assert not Webhook.objects.exists()


def test_a_phone_is_taken_up_in_this_browser_by_who_acts_and_nobody_elses_is(
    visitor: Client, reader: Client, address: Address, workspace: Workspace, realm: Realm
) -> None:
    phone = Phone.objects.create(
        realm=workspace.realm, model_code="sakura-8", name="花子の", token_digest="", created_at=clock.machine()
    )
    VirtualPhone.objects.create(phone=phone, sealed_state=b"", sealed_token=b"")
    take = f"/sandbox/workspaces/{workspace.organisation.reference}/phones/{phone.reference}"
    assert f'action="{take}"' in text(visitor, address(f"phones/{phone.reference}/"))
    assert reader.post(take).status_code == 403
    stranger = client(make_provider(realm, "s@shop.example", organisation=make_organisation(realm, "隣の店")))
    assert stranger.post(take).status_code == 404
    taken = visitor.post(take, {"next": address("tour/")})
    assert taken.headers["Location"] == address("tour/")
    assert "このブラウザー" in text(visitor, address("phones/"))


def test_a_certificate_is_held_released_and_revoked_for_a_cause(
    visitor: Client, reader: Client, address: Address, workspace: Workspace
) -> None:
    workspace.realm = make_realm("ws-certificates")
    workspace.save()
    made = issue_card(make_holder(workspace.realm))
    page = address(f"certificates/{certificates.id_of(made)}/")
    assert reader.get(page).status_code == 403
    for form, status in (
        ({"action": "hold"}, "on_hold"),
        ({"action": "release"}, "valid"),
        ({"action": "revoke", "cause": "death"}, "revoked"),
    ):
        assert visitor.post(page, form).status_code == 302, form
        made.refresh_from_db()
        assert made.status == status
    assert made.cause == "death"
    again = visitor.post(page, {"action": "hold"})
    assert again.status_code == 409
    assert 'role="alert"' in again.content.decode()


def test_a_conformance_run_is_begun_shown_and_finished(visitor: Client, address: Address, workspace: Workspace) -> None:
    begun = visitor.post(address("conformance/begin"))
    run = ConformanceRun.objects.get()
    assert begun.headers["Location"] == address(f"conformance/{run.pk}/")
    page = text(visitor, begun.headers["Location"])
    assert page.count("これから") == run.tries.count() >= 41
    assert visitor.get(address(f"conformance/{run.pk}/report")).status_code == 404
    visitor.post(address(f"conformance/{run.pk}/finish"))
    run.refresh_from_db()
    assert run.state == ConformanceRun.State.FINISHED
    assert "試さなかった" in text(visitor, begun.headers["Location"])
    refused = visitor.post(address("conformance/begin"), {"start_url": "https://nowhere.example/"})
    assert refused.status_code == 400
