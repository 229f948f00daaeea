"""Files of a case: bounded, told by their content, looked through, and each handing out written down."""

import hashlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pyhanko.pdf_utils.generic import pdf_name

from ca.models import JournalEntry
from tests.portal.handoff import pdfs
from tests.whitelist.cases.filled import PDF, png
from whitelist import checks, pdfium
from whitelist.cases import attachments, clamav, scanning, submitting
from whitelist.cases.errors import AttachmentDangerous, AttachmentRefused, CaseNotEditable, ScannerAway
from whitelist.errors import LogoUnacceptable
from whitelist.models import Attachment, Case

pytestmark = pytest.mark.django_db
AOI = "aoi@bank.example"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


def jpeg() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(out, "JPEG")
    return out.getvalue()


def launching(_writer: Any, _page: Any) -> None:
    action = pdfs.dictionary(S=pdf_name("/Launch"), F="calc.exe")
    _writer.root["/OpenAction"] = action


def scripted(_writer: Any, _page: Any) -> None:
    _writer.root["/OpenAction"] = pdfs.dictionary(S=pdf_name("/JavaScript"), JS="app.alert(1)")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, "application/pdf"), (png(), "image/png"), (jpeg(), "image/jpeg"), (SVG, "image/svg+xml")],
)
def test_a_file_is_what_its_content_says_whatever_its_name(draft: Case, content: bytes, media_type: str) -> None:
    made = attachments.put(draft, "report.exe", content, AOI)
    assert (made.media_type, made.size, made.digest) == (media_type, len(content), hashlib.sha256(content).hexdigest())
    assert made.scanned_by == "whitelist.cases.scanning.look"
    entry = JournalEntry.objects.get(kind="case.attached")
    assert (entry.subject, entry.data["by"]) == (str(draft.reference), AOI)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00",
        b"PK\x03\x04 a document",
        b"<html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>',
        b"%PDF-1.7 nothing else",
        png()[:20],
        b"\xff\xd8\xff\xe0 nothing else",
        b"GIF89a",
    ],
)
def test_what_isnt_of_a_kind_that_is_taken_isnt_taken(draft: Case, content: bytes) -> None:
    with pytest.raises(AttachmentRefused):
        attachments.put(draft, "scan.pdf", content, AOI)
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("change", [launching, scripted])
def test_a_pdf_that_acts_is_refused(draft: Case, change: Any) -> None:
    with pytest.raises(AttachmentDangerous):
        attachments.put(draft, "scan.pdf", pdfs.made(change), AOI)
    assert not Attachment.objects.exists()


def test_a_pdf_waits_until_the_library_that_opens_it_is_free() -> None:
    """PDFium is not made for two threads at once, whichever rooms of the site they come from."""
    with pdfium.TURN:
        second = threading.Thread(target=scanning.look, args=(PDF, "application/pdf"))
        second.start()
        second.join(0.5)
        assert second.is_alive()
    second.join(60)
    assert not second.is_alive()


def test_the_test_virus_is_found_wherever_it_is(draft: Case) -> None:
    with pytest.raises(AttachmentDangerous):
        attachments.put(draft, "scan.pdf", PDF + b"\n%" + scanning.EICAR, AOI)


def test_whoever_looks_through_files_can_be_replaced(draft: Case, settings: Any) -> None:
    settings.CASE_ATTACHMENT_SCAN = "tests.whitelist.cases.test_attachments.stern"
    with pytest.raises(AttachmentDangerous):
        attachments.put(draft, "scan.pdf", PDF, AOI)


def test_production_takes_no_file_that_no_virus_scanner_looked_through(draft: Case, settings: Any) -> None:
    assert checks.scanner(None) == [], "elsewhere what acts is refused, and that is all"
    settings.PRODUCTION = True
    assert [one.id for one in checks.scanner(None)] == ["whitelist.E001"]
    with pytest.raises(ScannerAway, match="CASE_ATTACHMENT_SCAN"):
        attachments.put(draft, "scan.pdf", PDF, AOI)
    assert not Attachment.objects.exists()
    settings.CASE_ATTACHMENT_SCAN = "tests.whitelist.cases.test_attachments.stern"
    assert checks.scanner(None) == []


def stern(content: bytes, media_type: str) -> None:
    raise AttachmentDangerous(f"nothing of {media_type} is taken today")


def test_size_and_number_are_bounded(draft: Case, settings: Any) -> None:
    settings.CASE_ATTACHMENT_BYTES = len(PDF)
    attachments.put(draft, "a.pdf", PDF, AOI)
    with pytest.raises(AttachmentRefused):
        attachments.put(draft, "a.pdf", PDF + b"\n", AOI)
    settings.CASE_ATTACHMENTS = 1
    with pytest.raises(AttachmentRefused):
        attachments.put(draft, "a.pdf", PDF, AOI)


def test_a_logo_is_what_the_phone_may_show(draft: Case) -> None:
    assert attachments.put(draft, "logo.svg", SVG, AOI, logo=True).media_type == "image/svg+xml"
    for content in (PDF, jpeg(), png(600)):
        with pytest.raises(LogoUnacceptable):
            attachments.put(draft, "logo.png", content, AOI, logo=True)


def test_a_submitted_case_takes_no_more_files(filled: Case) -> None:
    submitting.submit(filled, AOI)
    with pytest.raises(CaseNotEditable):
        attachments.put(filled, "a.pdf", PDF, AOI)


def test_each_handing_out_is_in_the_journal(draft: Case) -> None:
    made = attachments.put(draft, "a.pdf", PDF, AOI)
    assert attachments.hand_out(made, "officer") == PDF
    entry = JournalEntry.objects.get(kind="case.downloaded")
    assert (entry.subject, entry.data) == (
        str(draft.reference), {"by": "officer", "file": str(made.reference), "sha256": made.digest},
    )  # fmt: skip


def test_a_file_of_another_case_isnt_found(draft: Case, filled: Case, organisation: Any) -> None:
    from whitelist.cases import drafts

    other = drafts.open(organisation, AOI)
    made = attachments.put(other, "a.pdf", PDF, AOI)
    assert attachments.find(draft, made.reference) is None
    assert attachments.find(other, made.reference) == made


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("認定書.pdf", "認定書.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\認定書.pdf", "認定書.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("fdp.\u202eexe.pdf", "fdp.exe.pdf"),
        ("", "file"),
        ("...", "file"),
        ("長" * 300 + ".pdf", "長" * 96 + ".pdf"),
        ('a"; filename="b.exe', "a; filename=b.exe"),
    ],
)
def test_a_name_does_nothing_to_its_reader(name: str, kept: str) -> None:
    assert attachments.plain_name(name) == kept


@pytest.fixture
def clamd(settings: Any) -> Iterator[list[bytes]]:
    """Stand in for clamd at its own protocol; give what it was sent. It finds "virus", and is at a loss over "odd"."""
    received: list[bytes] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            content = b""
            while length := struct.unpack(">I", self.rfile.read(4))[0]:
                content += self.rfile.read(length)
            received.append(content)
            told = b"stream: Test.Virus FOUND" if b"virus" in content else b"stream: OK"
            self.wfile.write((b"INSTREAM size limit exceeded. ERROR" if b"odd" in content else told) + b"\0")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.CASE_ATTACHMENT_SCAN = "whitelist.cases.clamav.look"
        settings.CLAMD_ADDRESS = f"127.0.0.1:{server.server_address[1]}"
        yield received
        server.shutdown()


def test_clamd_is_asked_about_each_file_and_its_word_counts(
    draft: Case, clamd: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clamav, "CHUNK", 100)  # so that it goes in several
    attachments.put(draft, "scan.pdf", PDF, AOI)
    assert clamd == [PDF]
    with pytest.raises(AttachmentDangerous, match=r"Test\.Virus"):
        attachments.put(draft, "scan.pdf", PDF + b"%virus\n", AOI)
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.ctl", "nonsense", None])
def test_what_clamd_does_not_say_is_no_clean(draft: Case, clamd: list[bytes], settings: Any, address: str) -> None:
    if address:
        settings.CLAMD_ADDRESS = address
    with pytest.raises(ScannerAway):
        attachments.put(draft, "scan.pdf", PDF + b"%odd\n", AOI)
    assert not Attachment.objects.exists()
