"""How the certificate stands: what OCSP says of it, and who says so."""

from sandbox.conformance.catalogue.case import Case, Topic
from whitelist.register import Text

_NOT_GOOD = Text("有効（good）だけが受け取ってよい答え。", "Only good is a yes.")
_UNKNOWN_IS_NO_YES = Text(
    "分からないことは、有効ということではない。あとでもう一度たずねる。",
    "What couldn't be found out is no yes. Ask again later.",
)
_NOT_THE_AUTHORITY = Text(
    "認証局が委任していない人の答えは、誰でも作れる。",
    "Anybody can make an answer of somebody to whom the authority delegated nothing.",
)
_NOT_FRESH = Text(
    "古い答えを使い回されると、失効が見えなくなる。", "With an old answer, played again, a revocation isn't seen."
)


def _case(name: str, title: Text, done: Text, why: Text, *, ocsp: bool = True) -> Case:
    fault = name.replace("-", "_").replace("status_", "ocsp_")
    return Case(name, Topic.STATUS, title, done, why, faults=(fault,), ocsp=ocsp)


CASES = (
    _case(
        "status-revoked",
        Text("失効", "Revoked"),
        Text("OCSPと有効性確認APIが、失効と答える。", "OCSP and the verification API say revoked."),
        _NOT_GOOD,
        ocsp=False,
    ),
    _case(
        "status-on-hold",
        Text("一時保留", "On hold"),
        Text(
            "OCSPと有効性確認APIが、一時保留（certificateHold）と答える。",
            "OCSP and the verification API say on hold (certificateHold).",
        ),
        _NOT_GOOD,
        ocsp=False,
    ),
    _case(
        "status-unknown",
        Text("知らない証明書", "Unknown"),
        Text("OCSPと有効性確認APIが、unknownと答える。", "OCSP and the verification API say unknown."),
        _NOT_GOOD,
        ocsp=False,
    ),
    _case(
        "ocsp-try-later",
        Text("OCSPがtryLater", "OCSP says tryLater"),
        Text("レスポンダがtryLaterと答える。", "The responder says tryLater."),
        _UNKNOWN_IS_NO_YES,
    ),
    _case(
        "ocsp-internal-error",
        Text("OCSPがinternalError", "OCSP says internalError"),
        Text("レスポンダがinternalErrorと答える。", "The responder says internalError."),
        _UNKNOWN_IS_NO_YES,
    ),
    _case(
        "ocsp-unauthorized",
        Text("OCSPがunauthorized", "OCSP says unauthorized"),
        Text("レスポンダがunauthorizedと答える。", "The responder says unauthorized."),
        _UNKNOWN_IS_NO_YES,
    ),
    _case(
        "ocsp-away",
        Text("OCSPが止まっている", "OCSP is away"),
        Text("レスポンダがHTTP 503を返す。", "The responder answers HTTP 503."),
        _UNKNOWN_IS_NO_YES,
    ),
    _case(
        "ocsp-malformed",
        Text("読めないOCSP応答", "An OCSP answer that can't be read"),
        Text("応答が途中で切れている。", "The answer ends half-way."),
        _UNKNOWN_IS_NO_YES,
    ),
    _case(
        "ocsp-signature-wrong",
        Text("OCSP応答の署名が合わない", "The OCSP answer's signature is wrong"),
        Text("応答の署名の1ビットを変える。", "One bit of the answer's signature is changed."),
        _NOT_THE_AUTHORITY,
    ),
    _case(
        "ocsp-unsigned",
        Text("署名のないOCSP応答", "An OCSP answer without a signature"),
        Text("応答の署名を空にする。", "The answer's signature is empty."),
        _NOT_THE_AUTHORITY,
    ),
    _case(
        "ocsp-signer-wrong",
        Text("別人が署名したOCSP応答", "A stranger signed the OCSP answer"),
        Text(
            "レスポンダと同じ名前の、別の鍵が署名する。",
            "Another key signs, with a certificate of the responder's name.",
        ),
        _NOT_THE_AUTHORITY,
    ),
    _case(
        "ocsp-signer-of-other-authority",
        Text("もう一方の認証局の応答者", "The other authority's responder signed"),
        Text(
            "もう一方の用途の認証局が委任した、本物の応答者が署名する。",
            "The true responder of the other purpose's authority signs.",
        ),
        _NOT_THE_AUTHORITY,
    ),
    _case(
        "ocsp-signer-not-delegated",
        Text("委任されていない人のOCSP応答", "The OCSP signer was delegated nothing"),
        Text(
            "認証局が発行した利用者の証明書（OCSPSigningなし）の鍵が署名する。",
            "A holder's certificate of the same authority, without OCSPSigning, signs.",
        ),
        _NOT_THE_AUTHORITY,
    ),
    _case(
        "ocsp-stale",
        Text("古いOCSP応答", "A stale OCSP answer"),
        Text("nextUpdateが過ぎている。", "nextUpdate is over."),
        _NOT_FRESH,
    ),
    _case(
        "ocsp-future",
        Text("未来のOCSP応答", "An OCSP answer of the future"),
        Text("thisUpdateが明日になっている。", "thisUpdate is tomorrow."),
        _NOT_FRESH,
    ),
    _case(
        "ocsp-nonce-other",
        Text("OCSP応答のノンスが違う", "Another nonce in the OCSP answer"),
        Text("たずねたときと違うノンスが付いている。", "It has another nonce than the question."),
        _NOT_FRESH,
    ),
    _case(
        "ocsp-nonce-missing",
        Text("OCSP応答にノンスがない", "No nonce in the OCSP answer"),
        Text(
            "ノンスを付けてたずねたのに、応答にない。このレスポンダは必ず付ける。",
            "The question had a nonce, and the answer has none; this responder always gives it back.",
        ),
        _NOT_FRESH,
    ),
    _case(
        "ocsp-about-another",
        Text("別の証明書についてのOCSP応答", "An OCSP answer about another certificate"),
        Text("別の番号についてのgoodを返す。", "It says good of another serial number."),
        Text("たずねた証明書の答えではない。", "It doesn't answer the question."),
    ),
    _case(
        "ocsp-card-says-good",
        Text("カードのレスポンダに聞く", "The card's responder is asked"),
        Text(
            "スマホのレスポンダは失効、カードのレスポンダはgoodと答える。",
            "The phone's responder says revoked, the card's says good.",
        ),
        Text(
            "スマホ用の証明書は、スマホ用のレスポンダだけが知っている。",
            "Only the phone's responder knows a phone's certificate.",
        ),
    ),
)
