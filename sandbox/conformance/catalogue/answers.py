"""The answer: state, signature, and what was signed."""

from ca.profiles import Purpose
from sandbox.conformance.catalogue.case import AUTHENTICATION, Case, Topic
from whitelist.register import Text

_NOT_ASKED = Text(
    "頼んだものへの署名でなければ、何の証拠にもならない。検証する文は、返ってきたものでなく、自分が頼んだものから作る。",
    "A signature over something else proves nothing. What is verified is made from what was asked, not from what came.",
)
_NO_PROOF = Text("鍵を持つ人が署名した証拠がない。", "Nothing proves that the key's holder signed.")
_ONLY_ONE = Text(
    "決められた方式（RSA PKCS#1 v1.5、SHA-256）のほかは受け取らない。", "Only RSA PKCS#1 v1.5 with SHA-256 is accepted."
)


def _case(
    name: str,
    title: Text,
    done: Text,
    why: Text,
    *,
    faults: tuple[str, ...] = (),
    purposes: frozenset[Purpose] = frozenset(Purpose),
) -> Case:
    faults = faults or (name.replace("-", "_"),)
    return Case(name, Topic.ANSWER, title, done, why, faults=faults, purposes=purposes)


CASES = (
    _case(
        "result-missing",
        Text("結果がない", "No result"),
        Text("状態はansweredで、resultがnull。", "The state says answered, and result is null."),
        Text("状態だけでは誰が答えたか分からない。", "The state alone doesn't say who answered."),
    ),
    _case(
        "result-by-poll",
        Text("引き換え前の結果", "A result without redeeming"),
        Text(
            "符号の引き換えは断られ、状態の問い合わせには結果が付いてくる。",
            "The code can't be redeemed; asking for the state gives a result all the same.",
        ),
        Text(
            "問い合わせで得た結果は、このブラウザの利用者のものとは限らない。",
            "A result by polling isn't known to be of this browser's citizen.",
        ),
        # The code that comes back is none: it is refused, and who polls then is told the result.
        faults=("return_code_wrong", "result_by_poll"),
    ),
    _case(
        "state-declined",
        Text("断られたのに結果がある", "Declined, with a result"),
        Text("状態はdeclinedで、結果も付いている。", "The state says declined, and a result comes with it."),
        Text("断られた依頼の結果は使わない。", "A result of what was declined isn't used."),
    ),
    _case(
        "signature-wrong",
        Text("署名が合わない", "The signature doesn't match"),
        Text("署名の1ビットを変える。", "One bit of the signature is changed."),
        _NO_PROOF,
    ),
    _case(
        "signature-missing",
        Text("署名がない", "No signature"),
        Text("signatureをnullにする。", "signature is null."),
        _NO_PROOF,
    ),
    _case(
        "signature-stripped",
        Text("署名を剥がす", "The signature is stripped"),
        Text(
            "signatureを空にし、CMSやPDFからも署名を除く。",
            "signature is empty, and CMS or PDF come without their signature.",
        ),
        _NO_PROOF,
    ),
    _case(
        "signature-by-other-key",
        Text("別の鍵による署名", "Signed by another key"),
        Text("証明書はそのままで、別の鍵で署名する。", "The certificate stays; another key signs."),
        Text(
            "証明書は公開情報で、誰でも添えられる。", "A certificate is public: anybody can put it beside a signature."
        ),
    ),
    _case(
        "algorithm-sha1",
        Text("SHA-1の署名", "A signature with SHA-1"),
        Text("同じ文への署名を、SHA-1で行う。", "The same text is signed with SHA-1."),
        _ONLY_ONE,
    ),
    _case(
        "algorithm-pss",
        Text("別の署名方式", "Another signature scheme"),
        Text("同じ文への署名を、RSA-PSSで行う。", "The same text is signed with RSA-PSS."),
        _ONLY_ONE,
    ),
    _case(
        "algorithm-none",
        Text("署名なしの要約", "A digest in place of a signature"),
        Text("署名の代わりに文のSHA-256を置く。", "The text's SHA-256 stands where the signature should be."),
        _ONLY_ONE,
    ),
    _case(
        "nonce-other",
        Text("別のノンス", "Another nonce"),
        Text(
            "正しい証明書の鍵で、ノンスの違う文に署名する。結果のnonceとsigned_textもそれに合わせる。",
            "A good key signs a text with another nonce; nonce and signed_text of the result agree with it.",
        ),
        _NOT_ASKED,
        purposes=AUTHENTICATION,
    ),
    _case(
        "nonce-reused",
        Text("前の結果の使い回し", "An earlier result again"),
        Text(
            "同じサービスの前の依頼の結果が、そのまま返る。",
            "The result of an earlier hand-off of the same service comes once more.",
        ),
        _NOT_ASKED,
        purposes=AUTHENTICATION,
    ),
    _case(
        "hand-off-other",
        Text("別の依頼への署名", "Signed for another hand-off"),
        Text("正しい鍵で、別の依頼の番号を含む文に署名する。", "A good key signs a text that names another hand-off."),
        _NOT_ASKED,
        purposes=AUTHENTICATION,
    ),
    _case(
        "service-other",
        Text("別のサービスへの署名", "Signed for another service"),
        Text("正しい鍵で、別のサービスの名を含む文に署名する。", "A good key signs a text that names another service."),
        Text("よそのサービスが得た署名を転用される。", "A signature that another service got would be used here."),
        purposes=AUTHENTICATION,
    ),
    _case(
        "result-of-other-session",
        Text("別のセッションの結果", "Another session's result"),
        Text(
            "同じサービスの、別の依頼への結果をそのまま返す。",
            "The result is that of another hand-off of the same service, as it was.",
        ),
        _NOT_ASKED,
    ),
)
