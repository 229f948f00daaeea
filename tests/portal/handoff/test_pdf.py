"""Which PDF may be signed: nothing that acts, hides, locks, or fills the memory."""

import base64
import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer

from portal.handoff import pdf
from portal.handoff.errors import DocumentUnacceptable
from tests.portal.handoff.pdfs import dictionary, made, nested, plain, value


def test_a_plain_pdf_is_taken_with_its_text_and_shown() -> None:
    accepted = pdf.accept(plain(3))
    assert accepted.pages == 3
    assert [text.strip() for text in accepted.texts] == [f"Contract page {number}" for number in (1, 2, 3)]
    assert pdf.picture(plain(3), 3).startswith(b"\x89PNG")
    with pytest.raises(IndexError):
        pdf.picture(plain(3), 4)


def in_root(key: str, value: Any) -> Callable[[PdfFileWriter, Any], None]:
    def change(writer: PdfFileWriter, page: Any) -> None:
        writer.root[pdf_name(key)] = value

    return change


def annotated(**values: Any) -> Callable[[PdfFileWriter, Any], None]:
    def change(writer: PdfFileWriter, page: Any) -> None:
        annotation = dictionary(Type="/Annot", Rect=[0, 0, 10, 10], **values)
        page[pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(annotation)])

    return change


SCRIPT = dictionary(Type="/Action", S="/JavaScript", JS="app.alert(1)")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (in_root("/OpenAction", SCRIPT), "opened"),
        (in_root("/OpenAction", dictionary(S="/Launch", F="calc.exe")), "opened"),
        (in_root("/OpenAction", dictionary(S="/URI", URI="http://a.example")), "opened"),
        (in_root("/AA", dictionary(WC=SCRIPT)), "of their own accord"),
        (in_root("/Names", dictionary(JavaScript=dictionary(Names=["x", SCRIPT]))), "JavaScript"),
        (in_root("/Names", dictionary(EmbeddedFiles=dictionary(Names=[]))), "embedded"),
        (in_root("/OCProperties", dictionary(OCGs=[])), "layers"),
        (in_root("/AcroForm", dictionary(Fields=[], XFA="x")), "XFA"),
        (in_root("/Collection", dictionary(View="/D")), "portfolio"),
        (annotated(Subtype="/Link", A=dictionary(S="/SubmitForm", F="http://a.example")), "SubmitForm"),
        (annotated(Subtype="/Link", A=dictionary(S="/GoToR", F="b.pdf")), "GoToR"),
        (annotated(Subtype="/FileAttachment"), "FileAttachment"),
        (annotated(Subtype="/RichMedia"), "RichMedia"),
        (annotated(Subtype="/Widget", FT="/Tx", T="amount"), "form fields"),
        (annotated(Subtype="/Widget", Parent=dictionary(FT="/Btn"), T="agree"), "form fields"),
    ],
)  # fmt: skip
def test_what_acts_or_hides_is_not_taken(change: Callable[[PdfFileWriter, Any], None], why: str) -> None:
    with pytest.raises(DocumentUnacceptable) as caught:
        pdf.accept(made(change))
    assert why in caught.value.detail


def test_turning_to_a_page_at_the_start_is_taken() -> None:
    assert pdf.accept(made(in_root("/OpenAction", dictionary(S="/GoTo", D=[0, "/Fit"])))).pages == 1


def test_a_link_to_an_address_does_nothing_by_itself_and_is_taken() -> None:
    action = dictionary(Type="/Action", S="/URI", URI="https://bank.example/")
    assert pdf.accept(made(annotated(Subtype="/Link", A=action))).pages == 1


def test_an_encrypted_pdf_is_not_taken() -> None:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(plain(1))))
    writer.encrypt(owner_pass="x", user_pass="")
    out = io.BytesIO()
    writer.write(out)
    assert StandardSecurityHandler
    with pytest.raises(DocumentUnacceptable):
        pdf.accept(out.getvalue())


@pytest.mark.parametrize(
    "content",
    [b"", b"no PDF", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", plain(1)[:-200], b"%PDF-1.7\n" + bytes(1000)],
    ids=["empty", "other", "head", "end", "cut", "zeros"],
)
def test_what_is_no_whole_pdf_is_not_taken(content: bytes) -> None:
    with pytest.raises(DocumentUnacceptable):
        pdf.accept(content)


def test_a_pdf_that_is_damaged_anywhere_is_refused_and_breaks_nothing() -> None:
    packed = io.BytesIO()
    copy_into_new_writer(PdfFileReader(io.BytesIO(plain(1))), writer_kwargs={"stream_xrefs": True}).write(packed)
    for whole in (plain(1), packed.getvalue()):
        for at in range(0, len(whole), 3):
            for octet in (b"#", b"9", b"\xff"):
                with suppress(DocumentUnacceptable):  # Where the damage isn't seen, it may be taken.
                    pdf.accept(whole[:at] + octet + whole[at + 1 :])


def test_too_many_pages_and_octets_are_not_taken() -> None:
    for content in (plain(pdf.MOST_PAGES + 1), plain(1) + bytes(pdf.LARGEST)):
        with pytest.raises(DocumentUnacceptable):
            pdf.accept(content)


def packed(data: bytes, *filters: str) -> bytes:
    """Return a PDF whose page is drawn by `data`, unpacked by these filters one after the other."""

    def change(writer: PdfFileWriter, page: Any) -> None:
        content = generic.StreamObject({pdf_name("/Filter"): value(list(filters))}, encoded_data=data)
        page[pdf_name("/Contents")] = writer.add_object(content)

    return made(change)


SPACES = zlib.compress(b" " * 200_000_000, 9)


@pytest.mark.parametrize(
    "bomb",
    [
        packed(SPACES, "/FlateDecode"),
        packed(zlib.compress(SPACES, 9), "/FlateDecode", "/FlateDecode"),
        packed(SPACES.hex().encode() + b">", "/ASCIIHexDecode", "/FlateDecode"),
        packed(base64.a85encode(SPACES) + b"~>", "/ASCII85Decode", "/FlateDecode"),
    ],
    ids=["once", "twice", "in hexadecimal", "in base 85"],
)
def test_a_small_file_does_not_fill_the_memory(bomb: bytes) -> None:
    assert len(bomb) < 500_000
    with pytest.raises(DocumentUnacceptable) as caught:
        pdf.accept(bomb)
    assert "unpack" in caught.value.detail


def test_streams_that_stand_in_one_another_do_not_fill_the_memory() -> None:
    content = nested(200, 1_000_000)
    assert len(content) < 1_100_000
    with pytest.raises(DocumentUnacceptable) as caught:
        pdf.accept(content)
    assert "unpack" in caught.value.detail
    assert pdf.accept(nested(2, 10)).pages == 1


def test_a_way_of_packing_that_nobody_looks_through_is_not_taken() -> None:
    for name in ("LZWDecode", "RunLengthDecode", "Crypt"):
        with pytest.raises(DocumentUnacceptable) as caught:
            pdf.accept(packed(b"x", f"/{name}"))
        assert name in caught.value.detail


def test_a_picture_of_its_own_format_is_taken() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")

    def change(writer: PdfFileWriter, page: Any) -> None:
        head = dictionary(
            Type="/XObject", Subtype="/Image", Width=8, Height=8, ColorSpace="/DeviceRGB", Filter="/DCTDecode"
        )
        head[pdf_name("/BitsPerComponent")] = value(8)
        picture = writer.add_object(generic.StreamObject(head, encoded_data=out.getvalue()))
        page["/Resources"][pdf_name("/XObject")] = generic.DictionaryObject({pdf_name("/I"): picture})

    assert pdf.accept(made(change)).pages == 1


@pytest.mark.parametrize("level", [1, 2])
def test_a_certified_pdf_is_taken_only_where_it_allows_another_signature(level: int) -> None:
    from cryptography.hazmat.primitives import serialization
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, signers
    from pyhanko.sign.fields import MDPPerm

    from tests.ca.fixtures import private_key

    key = private_key(0)
    signer = signers.SimpleSigner(
        signing_cert=_self_signed(key),
        signing_key=_asn1_key(key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )),
        cert_registry=None,
    )  # fmt: skip
    metadata = PdfSignatureMetadata(field_name="first", certify=True, docmdp_permissions=MDPPerm(level))
    out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(plain(1))), metadata, signer)
    content = out.getvalue()
    if level == 1:
        with pytest.raises(DocumentUnacceptable) as caught:
            pdf.accept(content)
        assert "allows no other" in caught.value.detail
    else:
        assert pdf.accept(content).pages == 1


def _asn1_key(der: bytes) -> Any:
    from asn1crypto import keys

    return keys.PrivateKeyInfo.load(der)


def _self_signed(key: Any) -> Any:
    from datetime import UTC, datetime, timedelta

    from asn1crypto import x509 as asn1
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return asn1.Certificate.load(built.public_bytes(serialization.Encoding.DER))
