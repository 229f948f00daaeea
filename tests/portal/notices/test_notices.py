"""Whatever happens to a holder's certificates is told once, by another channel than the phone."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from ca import clock, journal, linkage, officers, revocation
from ca.causes import Cause, Event
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from portal.notices import outbox, reading, texts
from portal.notices.models import Happening, JournalCursor, MailServer, Notice
from portal.notices.tasks import sweep_notices
from tests.ca.fixtures import issue_card, issue_phone, make_holder
from tests.portal.notices.conftest import ADDRESS, reachable
from tests.portal.notices.post import PostOffice, text_of
from tests.tsm.enrolment.citizen import Citizen, card_of
from tsm import enrolment as enrolments
from tsm import measures, services
from tsm.jpki import Key
from tsm.models import Enrolment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

Deliver = Callable[..., list[str]]


def pair(holder: Holder, *, pending: bool = False, key: int = 10) -> list[Certificate]:
    """Issue a phone pair on the holder's card."""
    cards = [
        Certificate.objects.filter(holder=holder, purpose=purpose, medium=Medium.CARD).first()
        or issue_card(holder, purpose, key=key + 2 + number)
        for number, purpose in enumerate(Purpose)
    ]
    return [issue_phone(card, key=key + number, pending=pending) for number, card in enumerate(cards)]


def each(certificates: list[Certificate], change: Callable[..., None], **how: Any) -> None:
    now = clock.now(certificates[0].realm)
    for certificate in certificates:
        change(certificate, now=now, **how)


# --- Every kind of event, from wherever it comes


def test_a_phones_life_is_told_from_the_issue_to_the_end(realm: Realm, deliver: Deliver, office: PostOffice) -> None:
    card = card_of(realm)
    reachable(card.holder)
    first = Citizen.with_new_phone(realm, deliver)
    reference = first.enrol(card)
    assert sweep_notices() == 1
    said = office.last()
    assert (
        f"スマートフォン「{first.phone.name}」で、署名用電子証明書と利用者証明用電子証明書が使えるようになりました。"
        in said
    )
    assert "can be used from now on" in said
    assert said.index("日時") < said.index("When:"), "Japanese first, English below"

    enrolment = enrolments.current(first.phone)
    assert enrolment is not None
    services.unblock(enrolment, Key.AUTHENTICATION, source="holder")
    sweep_notices()
    assert "利用者証明用暗証番号の初期化を受け付けました" in office.last()

    services.suspend(enrolment, source="help desk")
    sweep_notices()
    assert "一時利用停止しました" in office.last()
    assert "紛失・盗難" in office.last()

    services.resume(enrolment, source="help desk")
    first.converse()
    sweep_notices()
    assert "一時利用停止を解除しました" in office.last()

    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    again = second.enrol(card)
    sweep_notices()
    assert f"スマートフォン「{second.phone.name}」で" in office.last()
    assert "前のスマートフォンのものは失効し" in office.last()

    assert second.end(again).status_code == 200
    sweep_notices()
    assert "失効しました" in office.last()
    assert "利用をやめる手続" in office.last()

    assert len(office.taken) == 6, [str(mail["Subject"]) for mail in office.taken]
    assert Enrolment.objects.get(reference=reference).state != "active"
    sweep_notices()
    assert len(office.taken) == 6, "told once"


def test_an_officers_command_is_told(holder: Holder, office: PostOffice) -> None:
    phones = pair(holder)
    now = clock.now(holder.realm)
    officers.decide(phones, Event.REVOKE, cause=Cause.KEY_COMPROMISE, officer="A", ground="test", now=now)
    sweep_notices()
    assert len(office.taken) == 1
    assert "秘密鍵が他人に知られたおそれ" in office.last()
    assert all(one.serial_number in office.last() for one in phones)


def test_a_linked_revocation_is_one_notice_for_both_certificates(holder: Holder, office: PostOffice) -> None:
    pair(holder)
    cards = list(Certificate.objects.filter(holder=holder, medium=Medium.CARD))
    each(cards, revocation.revoke, cause=Cause.HOLDER_REQUEST)
    assert sweep_notices() == 0, "a card's own certificates aren't the phone's"
    linkage.sweep(holder.realm)
    assert sweep_notices() == 1
    assert "署名用電子証明書と利用者証明用電子証明書が失効しました" in office.last()
    assert "連動失効" in office.last()
    assert "マイナンバーカードでスマートフォンから申請" in office.last()


def test_a_move_ends_the_signature_certificate_alone_and_says_what_to_do(holder: Holder, office: PostOffice) -> None:
    pair(holder)
    card = Certificate.objects.get(holder=holder, medium=Medium.CARD, purpose=Purpose.SIGNATURE)
    each([card], revocation.revoke, cause=Cause.ATTRIBUTES_CHANGED)
    linkage.sweep(holder.realm)
    sweep_notices()
    assert "の署名用電子証明書が失効しました" in office.last()
    assert "利用者証明用" not in office.last()
    assert "市区町村の窓口" in office.last()


def test_an_issue_given_up_on_the_way_is_told_as_such(holder: Holder, office: PostOffice) -> None:
    each(pair(holder, pending=True), revocation.revoke, cause=Cause.NOT_DELIVERED)
    sweep_notices()
    assert "終わりまで進まなかったため取りやめました" in office.last()


def test_a_measure_says_what_was_noticed(realm: Realm, deliver: Deliver, office: PostOffice) -> None:
    card = card_of(realm)
    reachable(card.holder)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    enrolment = enrolments.current(citizen.phone)
    assert enrolment is not None
    measures.report(enrolment, measures.Signal.FACTORY_RESET, source="test")
    sweep_notices()
    assert "スマートフォンが初期化されたため" in office.last()
    assert "紛失・盗難" not in office.last()
    assert len(office.taken) == 2


def test_a_silent_phone_is_told_of(realm: Realm, deliver: Deliver, office: PostOffice) -> None:
    card = card_of(realm)
    reachable(card.holder)
    Citizen.with_new_phone(realm, deliver).enrol(card)
    sweep_notices()
    realm.clock_offset += timedelta(days=91)
    realm.save()
    measures.run(realm)
    sweep_notices()
    assert "長い間連絡がありません" in office.last()


def test_a_mail_holds_no_secret_and_no_link_that_opens_anything(holder: Holder, office: PostOffice) -> None:
    each(pair(holder, pending=True), revocation.activate)
    sweep_notices()
    links = re.findall(r"https?://\S+", office.last())
    assert links
    assert set(links) == {"http://localhost:8000/phone/lost/"}
    mail = office.taken[0]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Message-ID"]) == f"<{Notice.objects.get().reference}@jpki.example>"
    assert "0120-00-0000" in office.last()


def test_a_screen_lock_that_stands_for_the_pin_is_told_of(realm: Realm, deliver: Deliver, office: PostOffice) -> None:
    card = card_of(realm)
    reachable(card.holder)
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.enrol(card)
    # As portal.screen_lock writes it, whose own tests hold it to that.
    journal.record(realm, "screen_lock.set_up", reference, lock="any")
    sweep_notices()
    assert "画面ロック（指紋・顔など）を使えるようになりました" in office.last()
    assert "/phone/lost/" in office.last()


def test_every_kind_cause_and_signal_has_its_words() -> None:
    assert set(texts.TITLES) == set(texts.WHAT) == set(Happening.Kind)
    # What ends by itself, or only before it began, is never told as a cause.
    assert set(texts.CAUSES) == set(Cause) - {Cause.EXPIRY, Cause.AWAITING_ACTIVATION}
    assert set(texts.SIGNALS) == set(measures.Signal)
    assert set(texts.PASSWORDS) == set(reading.UNBLOCK)


# --- Once, in order, whatever fails


def test_a_server_that_is_away_is_waited_for_and_then_gets_each_once_in_order(
    holder: Holder, office: PostOffice
) -> None:
    other = reachable(make_holder(holder.realm, name="別人　太郎"), "taro@mail.example")
    phones, others = pair(holder), pair(other, key=20)
    office.close()
    each(phones, revocation.hold, cause=Cause.LOSS)
    each(others, revocation.hold, cause=Cause.LOSS)
    assert sweep_notices() == 0
    each(phones, revocation.release)
    assert sweep_notices() == 0
    server = MailServer.objects.get()
    assert server.failures == 1, "it isn't tried again before its time"
    assert set(Notice.objects.values_list("state", "attempts")) == {("waiting", 0)}

    MailServer.objects.update(next_at=clock.machine())
    assert sweep_notices() == 0
    again = MailServer.objects.get()
    assert again.failures == 2
    assert again.next_at is not None
    assert server.next_at is not None
    assert again.next_at - clock.machine() > timedelta(seconds=5), "later each time"

    office.open()
    MailServer.objects.update(next_at=clock.machine())
    assert sweep_notices() == 3
    assert ["停止しました" in text_of(mail) for mail in office.to(ADDRESS)] == [True, False]
    assert len(office.to("taro@mail.example")) == 1
    assert MailServer.objects.get().failures == 0
    assert sweep_notices() == 0


def test_one_that_the_server_puts_off_holds_back_its_holders_next_and_nobody_elses(
    holder: Holder, office: PostOffice
) -> None:
    other = reachable(make_holder(holder.realm, name="別人　太郎"), "taro@mail.example")
    phones, others = pair(holder), pair(other, key=20)
    office.answers[ADDRESS] = "451 try again later"
    each(phones, revocation.hold, cause=Cause.LOSS)
    sweep_notices()
    each(phones, revocation.release)
    each(others, revocation.hold, cause=Cause.LOSS)
    assert sweep_notices() == 1
    assert not office.to(ADDRESS)
    office.answers.clear()
    Notice.objects.update(next_at=clock.machine())
    assert sweep_notices() == 2
    assert ["停止しました" in text_of(mail) for mail in office.to(ADDRESS)] == [True, False]


def test_an_address_that_does_not_exist_is_given_up_at_once_into_a_letter(holder: Holder, office: PostOffice) -> None:
    office.answers[ADDRESS] = "550 no such mailbox"
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    sweep_notices()
    told = list(Notice.objects.order_by("pk").values_list("channel", "state"))
    assert told == [("mail", "given_up"), ("letter", "waiting")]
    sweep_notices()
    assert Notice.objects.count() == 2


def test_a_mail_that_could_not_be_delivered_in_the_policys_time_becomes_a_letter(
    holder: Holder, office: PostOffice, settings: Any
) -> None:
    office.close()
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    sweep_notices()
    holder.realm.clock_offset += timedelta(hours=settings.NOTICES_MAIL_HOURS - 1)
    holder.realm.save()
    sweep_notices()
    assert Notice.objects.get().state == "waiting"
    holder.realm.clock_offset += timedelta(hours=1)
    holder.realm.save()
    sweep_notices()
    assert list(Notice.objects.order_by("pk").values_list("channel", "state")) == [
        ("mail", "given_up"),
        ("letter", "waiting"),
    ]


def test_who_dies_with_a_mail_in_hand_leaves_it_to_be_sent_under_the_same_name(
    holder: Holder, office: PostOffice
) -> None:
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    reading.read(holder.realm)
    taken = outbox.take(Notice.Channel.MAIL)
    assert taken is not None
    assert sweep_notices() == 0, "somebody has it"
    Notice.objects.update(lease_until=clock.machine())
    assert sweep_notices() == 1
    assert str(office.taken[0]["Message-ID"]) == f"<{taken.reference}@jpki.example>"
    assert not outbox.finish(taken), "who had it before has it no more"
    assert not outbox.put_back(taken, "late")
    assert Notice.objects.get().state == "done"


def test_the_task_delivered_again_tells_nothing_again(holder: Holder, office: PostOffice, deliver: Deliver) -> None:
    from portal.celery import app

    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    for _ in range(3):
        app.send_task("portal.sweep_notices")
    assert deliver("notices") == ["portal.sweep_notices"] * 3
    assert len(office.taken) == 1
    JournalCursor.objects.update(sequence=0)
    with pytest.raises(IntegrityError):
        reading.read(holder.realm)
    assert len(office.taken) == 1


def test_a_second_half_read_later_joins_what_nobody_was_told_yet(
    holder: Holder, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 1)
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    sweep_notices()
    assert len(office.taken) == 1
    assert "署名用電子証明書と利用者証明用電子証明書を一時利用停止しました" in office.last()


def test_other_realms_are_told_by_their_own_journal(holder: Holder, office: PostOffice) -> None:
    from tests.ca.fixtures import make_realm

    stranger = reachable(make_holder(make_realm("other")), "other@mail.example")
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    each(pair(stranger), revocation.hold, cause=Cause.LOSS)
    assert sweep_notices() == 2
    assert [happening.realm.slug for happening in Happening.objects.order_by("holder")] == ["test", "other"]


@pytest.mark.postgres
def test_workers_at_once_tell_each_once_and_a_holders_in_order(holder: Holder, office: PostOffice) -> None:
    people = [reachable(make_holder(holder.realm), f"p{number}@mail.example") for number in range(6)]
    for number, person in enumerate(people):
        phones = pair(person, key=100 + 10 * number)
        for _ in range(3):
            each(phones, revocation.hold, cause=Cause.LOSS)
            each(phones, revocation.release)
    began = threading.Barrier(4)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            began.wait()
            for _ in range(4):
                sweep_notices()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed
    sweep_notices()
    assert Notice.objects.exclude(state="done").count() == 0
    for number in range(6):
        told = ["停止しました" in text_of(mail) for mail in office.to(f"p{number}@mail.example")]
        assert told == [True, False] * 3
