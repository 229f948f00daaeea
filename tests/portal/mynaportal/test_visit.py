"""In and out of Mynaportal: by phone, for as long as the certificate holds and something is done."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from ca import clock, revocation
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff import delivery
from portal.handoff.models import HandOff
from portal.mynaportal import registration, visit
from tests.portal.handoff.citizens import Citizen
from tests.portal.mynaportal.visitor import Visitor
from whitelist import register
from whitelist.models import Credential, RelyingParty

pytestmark = pytest.mark.django_db


def test_it_is_in_the_register_as_an_administrative_body_without_a_certification(realm: Realm) -> None:
    call_command("register_mynaportal", realm="test")
    call_command("register_mynaportal", realm="test")
    entry = register.find(realm, "mynaportal", now=clock.now(realm))
    assert entry is not None
    assert (entry.basis, entry.certification) == ("17-1-1", None)
    assert set(entry.purposes) == set(Purpose)
    assert Credential.objects.filter(relying_party__client_id="mynaportal").count() == 1
    realm.clock_offset += registration.LIFE
    realm.save()
    call_command("register_mynaportal", realm="test")
    assert registration.credential(realm) is not None, "the ceremony renews what has run out"


def test_a_citizen_signs_in_by_phone_and_out(visitor: Visitor) -> None:
    assert "スマートフォンでサインイン" in visitor.shown("")
    before = visitor.client.session.session_key
    assert visitor.sign_in().headers["Location"] == "/mynaportal/"
    assert "黒桐　幹也 さん" in visitor.shown("")
    assert visitor.client.session.session_key != before
    visitor.post("sign-out")
    assert "サインアウトしました" in visitor.shown("")
    assert visitor.client.get("/mynaportal/records/").headers["Location"] == "/mynaportal/"


def test_a_code_is_redeemed_with_the_sessions_own_verifier_and_no_other(visitor: Visitor) -> None:
    back = visitor.answer(visitor.post("sign-in").headers["Location"])
    (hand_off,) = HandOff.objects.all()
    session = visitor.client.session
    (about,) = session[visit.ASKED].values()
    assert hand_off.code_challenge == delivery.challenge(about["verifier"])
    assert about["verifier"] not in back
    session[visit.ASKED] = {str(hand_off.pk): about | {"verifier": visit.new_state()}}
    session.save()
    assert visitor.come_back(back).status_code == 400
    assert visitor.client.get("/mynaportal/records/").headers["Location"] == "/mynaportal/"


def test_with_the_card_too(visitor: Visitor) -> None:
    back = visitor.answer(visitor.post("sign-in").headers["Location"], Medium.CARD)
    assert visitor.come_back(back).headers["Location"] == "/mynaportal/"


def test_who_came_from_a_procedure_goes_back_to_it(visitor: Visitor) -> None:
    page = visitor.shown("procedures/nursery/")
    assert "サインインして申請を始める" in page
    assert visitor.sign_in(procedure="nursery").headers["Location"] == "/mynaportal/procedures/nursery/"
    assert "申請を始める" in visitor.shown("procedures/nursery/")
    visitor.post("sign-out")
    assert visitor.sign_in(procedure="//evil.example").headers["Location"] == "/mynaportal/"


def test_who_declines_is_not_signed_in(visitor: Visitor) -> None:
    asked = visitor.post("sign-in").headers["Location"]
    answer = visitor.come_back(visitor.decline(asked))
    assert answer.status_code == 403
    assert "断った" in answer.content.decode()
    assert "スマートフォンでサインイン" in visitor.shown("")


def test_a_way_back_is_good_once_and_in_its_own_browser(visitor: Visitor) -> None:
    asked = visitor.post("sign-in").headers["Location"]
    back = visitor.answer(asked)
    thief = Client()
    assert thief.get(back).status_code == 400
    assert visitor.come_back(back).status_code == 302
    visitor.post("sign-out")
    assert visitor.come_back(back).status_code == 400
    assert "スマートフォンでサインイン" in visitor.shown("")


def test_a_way_back_with_another_state_or_code_signs_nobody_in(visitor: Visitor) -> None:
    for spoilt in ("state", "code"):
        back = visitor.answer(visitor.post("sign-in").headers["Location"])
        before, _, after = back.partition(f"{spoilt}=")
        assert visitor.come_back(f"{before}{spoilt}=x{after}").status_code == 400
        assert "スマートフォンでサインイン" in visitor.shown("")


def test_a_quarter_of_an_hour_without_a_page_ends_the_visit(visitor: Visitor, settings: Any) -> None:
    visitor.sign_in()
    session = visitor.client.session
    kept = session[visit.SIGNED_IN]
    session[visit.SIGNED_IN] = {**kept, "seen": kept["seen"] - 14 * 60}
    session.save()
    visitor.shown("records/")
    session = visitor.client.session
    kept = session[visit.SIGNED_IN]
    session[visit.SIGNED_IN] = {**kept, "seen": kept["seen"] - 15 * 60 - 1}
    session.save()
    assert visitor.client.get("/mynaportal/records/").status_code == 302
    assert "しばらく操作がなかったため" in visitor.shown("")


def test_however_busy_a_visit_ends_after_a_working_day(visitor: Visitor, settings: Any) -> None:
    visitor.sign_in()
    session = visitor.client.session
    kept = session[visit.SIGNED_IN]
    session[visit.SIGNED_IN] = {**kept, "began": kept["began"] - settings.MYNAPORTAL_SESSION_SECONDS - 1}
    session.save()
    assert visitor.client.get("/mynaportal/records/").status_code == 302


@pytest.mark.parametrize("end", ["hold", "revoke"])
def test_a_certificate_that_falls_ends_the_visit_at_the_next_page(visitor: Visitor, citizen: Citizen, end: str) -> None:
    visitor.sign_in()
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    cause = {"hold": Cause.LOSS, "revoke": Cause.KEY_COMPROMISE}[end]
    getattr(revocation, end)(certificate, cause=cause, now=clock.now(certificate.realm))
    assert visitor.client.get("/mynaportal/records/").status_code == 302
    assert "一時利用停止か失効" in visitor.shown("")


def test_a_certificate_that_expires_ends_the_visit(visitor: Visitor, realm: Realm, citizen: Citizen) -> None:
    visitor.sign_in()
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    realm.clock_offset += certificate.not_after - clock.now(realm) + timedelta(seconds=1)
    realm.save()
    assert visitor.client.get("/mynaportal/records/").status_code == 302


def test_while_it_may_not_ask_it_says_so(visitor: Visitor) -> None:
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    answer = visitor.post("sign-in")
    assert answer.status_code == 503
    assert "いまはサインインできません" in answer.content.decode()
    RelyingParty.objects.update(state=RelyingParty.State.REGISTERED)
    Credential.objects.update(disabled_at=clock.machine() - timedelta(days=1))
    assert visitor.post("sign-in").status_code == 503
