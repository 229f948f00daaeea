"""Faults elsewhere: the way back, the responder, phones and elements, the trust list."""

from typing import Any

from sandbox.faults.catalogue.entry import Named, Parameter, Place, Reaction

PURPOSE = Parameter(
    str, "", "この用途の証明書だけ。空はどちらも", "Only certificates of this purpose; empty: both",
    choices=("", "signature", "user_authentication"),
)  # fmt: skip
MEDIUM = Parameter(
    str, "", "この媒体の証明書だけ。空はどちらも", "Only certificates of this medium; empty: both",
    choices=("", "phone", "card"),
)  # fmt: skip
ABOUT = {"purpose": PURPOSE, "medium": MEDIUM}


def _return(name: str, title: tuple[str, str], what: tuple[str, str]) -> Named:
    return Named(name, Place.RETURN, title, what)


def _ocsp(name: str, title: tuple[str, str], what: tuple[str, str], **more: Any) -> Named:
    parameters = {**ABOUT, **more.pop("parameters", {})}
    return Named(name, Place.OCSP, title, what, parameters=parameters, **more)


LATE = Reaction.ASK_AGAIN

RETURNS = (
    _return("return_state_wrong", ("stateが違う", "State wrong"),
            ("戻り先のstateが、サービスの渡したものと違います。", "The `state` isn't the one that the service gave.")),
    _return("return_state_missing", ("stateがない", "State missing"),
            ("戻り先にstateがありません。", "There is no `state`.")),
    _return("return_iss_wrong", ("issが違う", "Issuer wrong"),
            ("戻り先のissが、別のシステムを指します。", "The `iss` names another system.")),
    _return("return_iss_missing", ("issがない", "Issuer missing"),
            ("戻り先にissがありません。", "There is no `iss`.")),
    _return("return_hand_off_other", ("別の依頼で戻る", "Another hand-off comes back"),
            ("戻り先のhandoffが、同じサービスの別の依頼です。なければ、架空の番号です。",
             "The `handoff` is another one of the service's; where there is none, nobody's.")),
    _return("return_code_wrong", ("コードが違う", "Code wrong"),
            ("戻り先のコードが、形は正しい別のものです。", "The `code` looks right, and isn't the one.")),
    _return("return_code_missing", ("コードがない", "Code missing"),
            ("戻り先にコードがありません。", "There is no `code`.")),
    _return("return_code_of_other_session", ("別のセッションで戻る", "Another session comes back"),
            ("handoff・state・コードが、そろって別の依頼のものです。",
             "`handoff`, `state` and `code` are those of another hand-off of the service's.")),
)  # fmt: skip

OCSP = (
    _ocsp("ocsp_revoked", ("失効と答える", "Says revoked"),
          ("有効な証明書を、正しい署名で失効と答えます。", "Says of a good certificate that it is revoked.")),
    _ocsp("ocsp_on_hold", ("一時保留と答える", "Says on hold"),
          ("有効な証明書を、一時保留と答えます。", "Says of a good certificate that it is on hold.")),
    _ocsp("ocsp_unknown", ("不明と答える", "Says unknown"),
          ("証明書を知らないと答えます。", "Says that the certificate is unknown.")),
    _ocsp("ocsp_try_later", ("あとでと答える", "Says tryLater"), ("tryLaterと答えます。", "Says tryLater."),
          reaction=LATE),
    _ocsp("ocsp_internal_error", ("内部エラー", "Says internalError"),
          ("internalErrorと答えます。", "Says internalError."), reaction=LATE),
    _ocsp("ocsp_unauthorized", ("権限なし", "Says unauthorized"),
          ("unauthorizedと答えます。", "Says unauthorized."), reaction=LATE),
    _ocsp("ocsp_away", ("応答サーバーの停止", "Responder away"),
          ("HTTPの503を返します。", "Answers HTTP 503."), reaction=LATE),
    _ocsp("ocsp_late", ("応答が遅い", "Answer late"),
          ("指定した秒数だけ遅れて、正しく答えます。", "Answers rightly, so many seconds late."), reaction=LATE,
          parameters={"seconds": Parameter(int, 5, "秒数", "Seconds", 1, 9)}),
    _ocsp("ocsp_malformed", ("応答が壊れている", "Answer malformed"),
          ("応答のDERが途中で切れています。", "The answer's DER is cut off.")),
    _ocsp("ocsp_signature_wrong", ("応答の署名が違う", "Answer's signature wrong"),
          ("応答の署名の1ビットを反転します。", "One bit of the answer's signature is turned over.")),
    _ocsp("ocsp_unsigned", ("応答に署名がない", "Answer unsigned"),
          ("応答の署名が空です。", "The answer's signature is empty.")),
    _ocsp("ocsp_signer_wrong", ("応答者が違う", "Answer by another signer"),
          ("同じ名前を名乗る別の認証局の応答者が署名しています。",
           "A responder of a look-alike authority has signed, with a certificate of its own.")),
    _ocsp("ocsp_signer_of_other_authority", ("もう一方の認証局の応答者", "Answer by the other authority's responder"),
          ("もう一方の用途の認証局の、本物の応答者が署名しています。",
           "The true responder of the other purpose's authority has signed.")),
    _ocsp("ocsp_signer_not_delegated", ("任されていない応答者", "Answer by who wasn't delegated"),
          ("同じ認証局が発行した、応答を任されていない証明書の鍵で署名しています。",
           "The key of a certificate of the same authority has signed, to which OCSP was never delegated."),
          needs=(("signature", "phone", "valid"), ("user_authentication", "phone", "valid"))),
    _ocsp("ocsp_stale", ("古い応答", "Answer stale"),
          ("期限の過ぎた応答です（正しい署名で）。", "An answer whose nextUpdate is past, properly signed.")),
    _ocsp("ocsp_future", ("未来の応答", "Answer from the future"),
          ("これから有効になる応答です。", "An answer whose thisUpdate is still to come.")),
    _ocsp("ocsp_nonce_other", ("nonceが違う", "Nonce wrong"),
          ("応答のnonceが、要求のものと違います。", "The answer's nonce isn't the request's.")),
    _ocsp("ocsp_nonce_missing", ("nonceがない", "Nonce dropped"),
          ("要求のnonceが、応答にありません。", "The request's nonce isn't in the answer.")),
    _ocsp("ocsp_about_another", ("別の証明書についての応答", "Answer about another certificate"),
          ("別の番号の証明書を、有効と答えます。", "Says good, of another serial number.")),
    _ocsp("ocsp_card_says_good", ("カードの応答先がスマホを有効と言う", "The card's responder says good to a phone"),
          ("カード用の応答先が、スマホの証明書も有効と答え、スマホ用の応答先は失効と答えます。",
           "At the card's address a phone's certificate is good, too; at the phone's address it is revoked.")),
)  # fmt: skip

CRLS = (
    Named("crl_stale", Place.CRL, ("古い失効リスト", "CRL stale"),
          ("ひとつ前のリストを返します。期限は過ぎていることがあります。",
           "The list before the present one comes, as it was published; where there is none, a 404."),
          Reaction.ASK_AGAIN, parameters=ABOUT),
    Named("crl_signature_wrong", Place.CRL, ("失効リストの署名が違う", "CRL's signature wrong"),
          ("リストの署名の1ビットを反転します。", "One bit of the list's signature is turned over."), parameters=ABOUT),
    Named("crl_signer_wrong", Place.CRL, ("別の認証局の失効リスト", "CRL of another authority"),
          ("同じ名前を名乗る別の認証局が、空のリストに署名しています。",
           "A look-alike authority of the same name has signed an empty list."), parameters=ABOUT),
    Named("crl_away", Place.CRL, ("失効リストが取れない", "CRL away"),
          ("HTTPの503を返します。", "Answers HTTP 503."), Reaction.ASK_AGAIN, parameters=ABOUT),
)  # fmt: skip

PHONES = (
    Named("tsm_away", Place.TSM, ("TSMの停止", "TSM away"),
          ("スマートフォンからのSERAMの要求に、503を返します。", "SERAM requests of phones are answered 503."),
          Reaction.RESUME),
    Named("element_torn", Place.ELEMENT, ("チップが途中で切れる", "Chip torn away"),
          ("電源が入ってから指定した番目のコマンドの答えが、届きません。",
           "The answer to the n-th command of a powered session never comes."),
          Reaction.RESUME,
          {"at": Parameter(int, 1, "何番目のコマンドか", "Which command of the session", 1, 4096),
           "executed": Parameter(bool, True, "チップは実行したか", "Whether the chip has carried it out"),
           "chip": Parameter(str, "phone", "どのチップか", "Which chip", choices=("phone", "card"))}),
)  # fmt: skip

TRUSTS = (
    Named("trust_clock_skewed", Place.TRUST, ("時計のずれ", "Clock skew"),
          ("信頼リストの時刻が、指定した秒数だけずれます。", "The trust list's time is off by so many seconds."),
          Reaction.ASK_AGAIN,
          {"seconds": Parameter(int, 3600, "秒数。負は過去", "Seconds; negative: into the past", -10**8, 10**8)}),
    Named("trust_authority_wrong", Place.TRUST, ("信頼リストの認証局が違う", "Another authority in the trust list"),
          ("同じ名前を名乗る別の認証局が入っています。", "A look-alike authority of the same name is in it.")),
)  # fmt: skip
