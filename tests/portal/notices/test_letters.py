"""Who has given no mail address gets a letter; operators print those that wait."""

import io
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader

from ca import clock, journal, revocation
from ca.causes import Cause
from ca.models import Holder, JournalEntry
from portal import documents
from portal.notices import outbox
from portal.notices.models import Contact, Notice
from portal.notices.tasks import sweep_notices
from tests.conftest import missing
from tests.portal.notices.test_notices import each, pair

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(holder: Holder) -> Holder:
    """Return a holder without a mail address, whose phone was put on hold."""
    Contact.objects.all().delete()
    each(pair(holder), revocation.hold, cause=Cause.LOSS)
    sweep_notices()
    return holder


def text_of(path: Path) -> str:
    try:
        return subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        missing("pdftotext is not installed (Debian: apt-get install poppler-utils)")


def test_a_letter_goes_to_the_address_in_the_signature_certificate(held: Holder, tmp_path: Path) -> None:
    # The row may move on; the certificate keeps what was true.
    Holder.objects.filter(pk=held.pk).update(address="東京都別市１")
    call_command("letters", out=tmp_path, realm="test")
    (letter,) = tmp_path.iterdir()
    said = text_of(letter)
    assert "東京都清瀬市観布子南１２－７－２０２" in said
    assert re.search(r"黒桐\s+幹也 様", said)
    assert "一時利用停止しました" in said
    assert "on hold" in said
    assert "0120-00-0000" in said
    assert PdfFileReader(io.BytesIO(letter.read_bytes())).root["/Lang"] == "ja"


def test_a_print_run_marks_what_it_wrote_and_the_next_writes_nothing_again(
    held: Holder, tmp_path: Path, capsys: Any
) -> None:
    call_command("letters", out=tmp_path / "a", realm="test")
    notice = Notice.objects.get()
    assert notice.state == "done"
    assert JournalEntry.objects.filter(kind="letters.printed", subject=str(notice.reference)).count() == 1
    assert journal.verify(held.realm) is None
    capsys.readouterr()
    call_command("letters", out=tmp_path / "b", realm="test")
    assert capsys.readouterr().out == "0 letters printed\n"
    assert not list((tmp_path / "b").iterdir())


def test_a_run_that_broke_off_is_started_again(held: Holder, tmp_path: Path, capsys: Any) -> None:
    assert outbox.take(Notice.Channel.LETTER) is not None  # and died
    call_command("letters", out=tmp_path, realm="test")
    assert not list(tmp_path.iterdir()), "another run may still have it"
    Notice.objects.update(lease_until=clock.machine())
    call_command("letters", out=tmp_path, realm="test")
    assert len(list(tmp_path.iterdir())) == 1
    assert "an earlier run may have written it elsewhere" in capsys.readouterr().out


def test_a_run_goes_no_further_than_it_is_told(held: Holder, tmp_path: Path) -> None:
    each(list(held.certificates.filter(medium="phone")), revocation.release)
    sweep_notices()
    call_command("letters", out=tmp_path, realm="test", limit=1)
    assert [notice.state for notice in Notice.objects.order_by("pk")] == ["done", "waiting"]


def test_where_no_pdf_can_be_made_the_letter_waits(
    held: Holder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    class Broken:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("no pango")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(CommandError, match=r"scripts/system-packages\.sh documents"):
        call_command("letters", out=tmp_path, realm="test")
    assert Notice.objects.get().state == "waiting"
    assert documents.DocumentUnavailable.code == "document_unavailable"


def test_the_pretend_world_shows_its_letters(held: Holder, client: Client) -> None:
    page = client.get("/outbox/").content.decode()
    notice = Notice.objects.get()
    assert "印刷待ち" in page
    answer = client.get(f"/outbox/letters/{notice.reference}.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert Notice.objects.get().state == "waiting", "looking is not printing"
