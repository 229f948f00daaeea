"""The citizen's mail address: given on the phone, confirmed by a code that was sent there."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import serializers
from django.db import connection
from django.test import Client

from ca import clock
from ca.models import Holder, JournalEntry, Realm
from portal.notices import contacts
from portal.notices.errors import CodeOver, CodeWrong, MailNotSent
from portal.notices.models import Contact, ContactCode, KeptMail
from portal.notices.tasks import sweep_notices
from tests.portal.notices.conftest import ADDRESS
from tests.portal.notices.post import PostOffice, text_of
from tests.tsm.enrolment.citizen import Citizen, card_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

NEW = "neu@mail.example"


def code_in(office: PostOffice) -> str:
    found = re.search(r"確認コード： (\d{6})", office.last())
    assert found
    return found[1]


def test_a_citizen_gives_an_address_on_the_phone(
    realm: Realm, client: Client, deliver: Callable[..., list[str]], office: PostOffice
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    session = client.session
    session["phone"] = str(citizen.phone.reference)
    session.save()
    assert client.get("/phone/notices/").status_code == 302, "nothing to be told of yet"
    citizen.enrol(card_of(realm))
    page = client.get("/phone/notices/").content.decode()
    assert "郵便" in page
    assert "お知らせの届け先" in client.get("/phone/").content.decode()

    wrong = client.post("/phone/notices/address/", {"address": "hanako@"})
    assert wrong.status_code == 400
    assert 'aria-describedby="address-support address-error"' in wrong.content.decode()
    assert not office.taken

    assert client.post("/phone/notices/address/", {"address": ADDRESS}).headers["Location"] == "/phone/notices/code/"
    assert ADDRESS in client.get("/phone/notices/code/").content.decode()
    code = code_in(office)
    other = f"{(int(code) + 1) % 10**6:06d}"
    refused = client.post("/phone/notices/code/", {"code": other})
    assert refused.status_code == 400
    assert "あと4回" in refused.content.decode()
    done = client.post("/phone/notices/code/", {"code": f"{code[:3]} {code[3:]}"})
    assert done.headers["Location"] == "/phone/notices/"
    assert ADDRESS in client.get("/phone/notices/").content.decode()
    entry = JournalEntry.objects.get(kind="contact.changed")
    assert ADDRESS not in str(entry.data)

    assert client.get("/phone/notices/stop/").status_code == 200
    client.post("/phone/notices/stop/")
    assert not Contact.objects.exists()
    sweep_notices()
    assert [str(mail["To"]) for mail in office.taken[1:]] == [ADDRESS]
    assert "これが最後" in office.last()


def test_the_code_is_nowhere_but_in_the_mail(holder: Holder, office: PostOffice, caplog: Any) -> None:
    contacts.send_code(holder, NEW)
    code = code_in(office)
    kept = serializers.serialize("json", [*ContactCode.objects.all(), *KeptMail.objects.all()])
    assert code not in kept
    assert code not in caplog.text


def test_a_changed_address_is_told_at_the_old_one(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    contacts.confirm(holder, code_in(office))
    sweep_notices()
    assert [str(mail["To"]) for mail in office.taken] == [NEW, ADDRESS]
    assert "別のメールアドレスに届きます" in text_of(office.to(ADDRESS)[0])
    assert NEW not in text_of(office.to(ADDRESS)[0])


def test_a_code_is_good_once(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    code = code_in(office)
    contacts.confirm(holder, code)
    with pytest.raises(CodeOver):
        contacts.confirm(holder, code)


def test_five_wrong_tries_are_all(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    code = code_in(office)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1):
        with pytest.raises(CodeWrong) as refused:
            contacts.confirm(holder, wrong)
        assert refused.value.data == {"tries_left": left}
    with pytest.raises(CodeOver):
        contacts.confirm(holder, wrong)
    with pytest.raises(CodeOver):
        contacts.confirm(holder, code)
    assert Contact.objects.get().address == ADDRESS


def test_a_code_ends_after_ten_minutes_and_by_the_next_one(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    first = code_in(office)
    ContactCode.objects.update(expires_at=clock.machine())
    with pytest.raises(CodeOver):
        contacts.confirm(holder, first)
    ContactCode.objects.update(sent_at=clock.machine() - contacts.PAUSE)
    contacts.send_code(holder, NEW)
    if first != code_in(office):
        with pytest.raises(CodeWrong):
            contacts.confirm(holder, first)
    assert contacts.confirm(holder, code_in(office)).address == NEW


def test_no_mailbox_is_flooded(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    with pytest.raises(contacts.CodesTooMany):
        contacts.send_code(holder, NEW)
    for _ in range(contacts.AN_HOUR - 1):
        ContactCode.objects.update(sent_at=clock.machine() - contacts.PAUSE)
        contacts.send_code(holder, NEW)
    ContactCode.objects.update(sent_at=clock.machine() - contacts.PAUSE)
    with pytest.raises(contacts.CodesTooMany):
        contacts.send_code(holder, NEW)
    assert len(office.taken) == contacts.AN_HOUR
    ContactCode.objects.update(counted_from=clock.machine() - timedelta(hours=1))
    contacts.send_code(holder, NEW)


def test_while_the_server_is_away_the_citizen_is_told(holder: Holder, office: PostOffice) -> None:
    office.close()
    with pytest.raises(MailNotSent):
        contacts.send_code(holder, NEW)
    assert contacts.pending(holder) is None


def test_without_a_mail_server_and_a_sandbox_there_are_letters_only(holder: Holder, settings: Any) -> None:
    settings.SANDBOX = False
    settings.EMAIL_HOST = ""
    with pytest.raises(contacts.MailNotAvailable):
        contacts.send_code(holder, NEW)


def test_the_pretend_world_shows_its_mails(holder: Holder, settings: Any, client: Client) -> None:
    settings.EMAIL_BACKEND = "portal.notices.kept.EmailBackend"
    contacts.send_code(holder, NEW)
    page = client.get("/outbox/").content.decode()
    assert NEW in page
    assert re.search(r"確認コード： \d{6}", page)


@pytest.mark.postgres
def test_many_wrong_tries_at_once_are_no_more_than_five(holder: Holder, office: PostOffice) -> None:
    contacts.send_code(holder, NEW)
    code = code_in(office)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    looked: list[type[Exception]] = []

    def work() -> None:
        for _ in range(4):
            try:
                contacts.confirm(holder, wrong)
            except (CodeWrong, CodeOver) as error:
                looked.append(type(error))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(looked) == 20
    assert looked.count(CodeWrong) <= contacts.TRIES
    with pytest.raises(CodeOver):
        contacts.confirm(holder, code)
