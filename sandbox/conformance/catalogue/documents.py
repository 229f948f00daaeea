"""What was signed, where it is a document: a text, a CMS, a PDF."""

from portal.handoff.ways import Format
from sandbox.conformance.catalogue.case import SIGNING, Case, Topic
from whitelist.register import Text

_NOT_OURS = Text(
    "利用者が署名したのは、渡した文書ではない。渡した文書と比べる。",
    "The citizen didn't sign the document that was given: compare with one's own.",
)
_CHANGED = Text(
    "署名のあとで変えられた文書は、署名されたものではない。", "What was changed afterwards isn't what was signed."
)
TEXT = frozenset({Format.RAW, Format.CADES})
CADES = frozenset({Format.CADES})
RAW = frozenset({Format.RAW})
PDF = frozenset({Format.PADES})


def _case(name: str, formats: frozenset[Format], title: Text, done: Text, why: Text) -> Case:
    fault = name.replace("-", "_")
    return Case(name, Topic.DOCUMENT, title, done, why, faults=(fault,), purposes=SIGNING, formats=formats)


CASES = (
    _case(
        "document-other",
        TEXT,
        Text("別の文書への署名", "Another document was signed"),
        Text(
            "正しい鍵で別の文に署名する。signed_textとdocument_digestもそれに合わせる。",
            "A good key signs another text; signed_text and document_digest agree with it.",
        ),
        _NOT_OURS,
    ),
    _case(
        "document-tampered",
        RAW,
        Text("書き換えられた文書", "The document was tampered with"),
        Text(
            "署名のあとで、結果の中の文書の1文字を変える。",
            "After it was signed, one character of the document in the result is changed.",
        ),
        _CHANGED,
    ),
    _case(
        "cms-other-document",
        CADES,
        Text("CMSが別の文書のもの", "The CMS is over another document"),
        Text("CMSだけが、別の文書への署名である。", "All is right but the CMS, which is over another document."),
        Text("保存するのはCMSである。", "The CMS is what is kept as evidence."),
    ),
    _case(
        "cades-digest-other",
        CADES,
        Text("CMSの要約が別の文書", "The CMS names another document"),
        Text(
            "署名属性のmessageDigestが別の文書のもの。署名は正しい。",
            "messageDigest in the signed attributes is another document's; the signature is right.",
        ),
        _NOT_OURS,
    ),
    _case(
        "cades-certificate-unnamed",
        CADES,
        Text("CMSの署名者が別の証明書", "The CMS names another certificate"),
        Text(
            "signing-certificate-v2が別の証明書を指す。署名は正しい。",
            "signing-certificate-v2 names another certificate; the signature is right.",
        ),
        Text("証明書を差し替えられる。", "The certificate could be exchanged for another one of the same key."),
    ),
    _case(
        "pdf-other",
        PDF,
        Text("別のPDFへの署名", "Another PDF was signed"),
        Text("正しい鍵で、別のPDFに署名する。", "A good key signs another PDF."),
        _NOT_OURS,
    ),
    _case(
        "pdf-changed",
        PDF,
        Text("署名のあとに変えられたPDF", "The PDF was changed afterwards"),
        Text("署名のあとに、増分更新で内容を足す。", "An incremental update follows the signature."),
        _CHANGED,
    ),
    _case(
        "pdf-page-replaced",
        PDF,
        Text("ページを差し替えたPDF", "A page was replaced in the PDF"),
        Text(
            "渡したPDFのあとにページの差し替えを足し、その全体に署名する。",
            "After our octets a page is replaced, and the whole of it is signed.",
        ),
        _NOT_OURS,
    ),
    _case(
        "pdf-unsigned",
        PDF,
        Text("署名のないPDF", "A PDF without a signature"),
        Text("渡したPDFがそのまま返る。", "The PDF comes back as it was sent."),
        Text("署名がない。", "Nobody signed it."),
    ),
    _case(
        "pdf-uncovered",
        PDF,
        Text("署名の及ばない部分があるPDF", "The signature covers a part of the PDF"),
        Text("ByteRangeがファイルの途中で終わる。", "ByteRange ends before the file does."),
        _CHANGED,
    ),
)
