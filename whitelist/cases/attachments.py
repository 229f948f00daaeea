"""Attachments: files of a case, told by their content, bounded, looked through, and handed out to those concerned."""

import hashlib
import io
import unicodedata
import uuid

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from ca import clock, journal
from whitelist import checks, logos
from whitelist.cases.errors import AttachmentRefused, CaseNotEditable, ScannerAway
from whitelist.cases.states import EDITABLE
from whitelist.errors import LogoUnacceptable
from whitelist.models import Attachment, Case

PDF, PNG, JPEG, SVG = "application/pdf", "image/png", "image/jpeg", "image/svg+xml"
MOST_PIXELS = 40_000_000


def put(case: Case, name: str, content: bytes, by: str, *, logo: bool = False) -> Attachment:
    """Take a file in; a logo must be one that the phone may show.

    Raise `AttachmentRefused`, `AttachmentDangerous`, `LogoUnacceptable`, `CaseNotEditable`, `ScannerAway`.
    """
    if told := checks.no_scanner():
        raise ScannerAway(told)
    if len(content) > settings.CASE_ATTACHMENT_BYTES:
        raise AttachmentRefused(f"a file has at most {settings.CASE_ATTACHMENT_BYTES} bytes", why="large")
    media_type = logos.check(content) if logo else kind(content)
    scan = settings.CASE_ATTACHMENT_SCAN
    import_string(scan)(content, media_type)
    digest = hashlib.sha256(content).hexdigest()
    realm = case.organisation.realm
    with transaction.atomic():
        journal.take(realm)
        if not Case.objects.filter(pk=case.pk, state__in=EDITABLE).exists():
            raise CaseNotEditable("the case isn't a draft any more")
        if Attachment.objects.filter(case=case).count() >= settings.CASE_ATTACHMENTS:
            raise AttachmentRefused(f"a case has at most {settings.CASE_ATTACHMENTS} files", why="many")
        made = Attachment.objects.create(
            case=case,
            name=plain_name(name),
            media_type=media_type,
            size=len(content),
            content=content,
            digest=digest,
            scanned_by=scan,
            by=by,
            at=clock.now(realm),
        )
        journal.record(realm, "case.attached", str(case.reference), by=by, file=str(made.reference), sha256=digest)
    return made


def find(case: Case, reference: uuid.UUID | str) -> Attachment | None:
    """Return an attachment of a case, or None. Its content isn't read before it is asked for."""
    return Attachment.objects.filter(case=case, reference=reference).defer("content").first()


def hand_out(attachment: Attachment, by: str) -> bytes:
    """Return the content, and write down who had it."""
    case = attachment.case
    told = {"file": str(attachment.reference), "sha256": attachment.digest}
    journal.record(case.organisation.realm, "case.downloaded", str(case.reference), by=by, **told)
    return bytes(attachment.content)


def kind(content: bytes) -> str:
    """Return a file's media type, told by its content. Raise `AttachmentRefused` for what isn't taken."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _picture(content, "PNG", PNG)
    if content.startswith(b"\xff\xd8\xff"):
        return _picture(content, "JPEG", JPEG)
    if content.lstrip()[:5] in (b"<?xml", b"<svg ") or content.lstrip().startswith(b"<svg"):
        try:
            return logos.check(content)
        except LogoUnacceptable as error:
            raise AttachmentRefused(str(error), why="kind") from None
    raise AttachmentRefused("neither PDF, PNG, JPEG nor SVG", why="kind")


def plain_name(name: str) -> str:
    """Return a file's name without folders, controls, and what turns the direction of writing (UAX #9)."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(one for one in last if unicodedata.category(one)[0] != "C" and one not in '"<>:|?*').strip(" .")
    if len(kept) > 100:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{stem[: 99 - len(ending)]}.{ending}" if dot and 0 < len(ending) <= 8 else kept[:100]
    return kept or "file"


def _picture(content: bytes, format_: str, media_type: str) -> str:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=[format_]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise AttachmentRefused(f"a picture has at most {MOST_PIXELS} pixels", why="large")
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise AttachmentRefused(f"not a whole {format_}: {error}"[:200], why="kind") from None
    return media_type
