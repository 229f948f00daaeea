"""The certificate that comes with the answer: whose it is, who issued it, what it is for."""

from sandbox.conformance.catalogue.case import Case, Topic
from whitelist.register import Text

_NOT_TRUSTED = Text(
    "信頼リストの認証局の鍵で検証できない証明書は、誰でも作れる。",
    "Anybody can make a certificate that no key of a trusted authority verifies.",
)
_NOT_IN_FORCE = Text("有効でない証明書での回答は受け取らない。", "A certificate that isn't valid is good for nothing.")


def _case(name: str, title: Text, done: Text, why: Text, *, phone_only: bool = False) -> Case:
    return Case(name, Topic.CERTIFICATE, title, done, why, faults=(name.replace("-", "_"),), phone_only=phone_only)


CASES = (
    _case(
        "certificate-missing",
        Text("証明書がない", "No certificate"),
        Text("certificateをnullにする。", "certificate is null."),
        Text("誰の署名か分からない。", "Nobody knows whose signature it is."),
    ),
    _case(
        "certificate-malformed",
        Text("読めない証明書", "A certificate that can't be read"),
        Text("証明書を途中で切る。", "The certificate ends half-way."),
        Text("読めないものは信じない。", "What can't be read isn't believed."),
    ),
    _case(
        "certificate-self-signed",
        Text("自己署名の証明書", "A self-signed certificate"),
        Text(
            "名前もポリシーも同じ証明書を、その鍵自身で署名する。",
            "A certificate with the same names and policies, signed by its own key; that key signs the answer.",
        ),
        _NOT_TRUSTED,
    ),
    _case(
        "certificate-of-other-authority",
        Text("同じ名前の別の認証局", "Another authority of the same name"),
        Text(
            "認証局と同じ名前の、別の鍵の認証局が発行した証明書で答える。",
            "An authority of the same name, but another key, issued the certificate.",
        ),
        _NOT_TRUSTED,
    ),
    _case(
        "certificate-of-other-realm",
        Text("別の世界の証明書", "A certificate of another realm"),
        Text("別の環境の認証局が発行した証明書で答える。", "Another environment's authority issued the certificate."),
        Text("試験環境の証明書は、誰でも手に入る。", "Anybody can get a certificate of a test environment."),
    ),
    _case(
        "certificate-other-key",
        Text("名前は正しく、鍵が違う", "The right name, another key"),
        Text(
            "本物の証明書の公開鍵だけを差し替え、その鍵で署名する。",
            "Only the public key of the true certificate is another one, which signs the answer.",
        ),
        Text(
            "発行者名や番号の一致は、発行の証拠ではない。署名を検証する。",
            "That issuer and number are right proves nothing; the authority's signature does.",
        ),
    ),
    _case(
        "certificate-by-holder",
        Text("利用者が発行した証明書", "A certificate that a holder issued"),
        Text(
            "本物の利用者証明書の鍵で、もう一枚の証明書を発行する。",
            "The key of a good holder's certificate issued another certificate.",
        ),
        Text(
            "認証局でない証明書（basicConstraints）は、発行者になれない。",
            "Who is no authority (basicConstraints) can't issue.",
        ),
    ),
    _case(
        "certificate-expired",
        Text("期限の切れた証明書", "An expired certificate"),
        Text(
            "認証局が発行し、期限の切れた証明書で答える。", "The certificate is the authority's own, and has expired."
        ),
        _NOT_IN_FORCE,
    ),
    _case(
        "certificate-pending",
        Text("まだ有効にされていない証明書", "A certificate that isn't activated yet"),
        Text(
            "発行されたが、スマホでまだ有効にされていない証明書の鍵で署名する。",
            "The key of a certificate that was issued, and not yet activated on the phone, signs properly.",
        ),
        _NOT_IN_FORCE,
    ),
    _case(
        "certificate-revoked",
        Text("失効した証明書", "A revoked certificate"),
        Text(
            "認証局が発行し、失効した証明書の鍵で正しく署名する。",
            "The key of a certificate that the authority has revoked signs properly.",
        ),
        _NOT_IN_FORCE,
    ),
    _case(
        "certificate-on-hold",
        Text("一時保留中の証明書", "A certificate on hold"),
        Text(
            "認証局が発行し、一時保留中の証明書の鍵で正しく署名する。",
            "The key of a certificate that is on hold signs properly.",
        ),
        _NOT_IN_FORCE,
    ),
    _case(
        "certificate-wrong-purpose",
        Text("用途の違う証明書", "A certificate for another purpose"),
        Text(
            "署名には利用者証明用、認証には署名用の証明書で答える。",
            "The authentication certificate signs, or the signature certificate authenticates.",
        ),
        Text(
            "認証のつもりの操作を、契約への署名に使われる。",
            "What the citizen did to log in would count as a signature on a contract.",
        ),
    ),
    _case(
        "certificate-card",
        Text("カード用の証明書", "A card's certificate"),
        Text(
            "スマホだけを頼んだ依頼に、カード用の証明書で答える。",
            "Only the phone was asked, and a card's certificate answers.",
        ),
        Text("頼んだ媒体のほかは受け取らない。", "Only the medium that was asked for is accepted."),
        phone_only=True,
    ),
    _case(
        "members-lie",
        Text("スマホと称するカード用の証明書", "A card's certificate that is called a phone's"),
        Text(
            "スマホだけを頼んだ依頼に、カード用の証明書で答える。結果のmediumはphoneと書いてある。",
            "Only the phone was asked, and a card's certificate answers; the result's medium says phone.",
        ),
        Text(
            "媒体は、結果に書いてあることでなく証明書ポリシーで決まる。",
            "The certificate's policy says what it is of, not what is written beside it.",
        ),
        phone_only=True,
    ),
)
