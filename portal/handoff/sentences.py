"""What the citizen reads when a hand-off doesn't go its way: one sentence a code, in both languages."""

from collections.abc import Mapping

from ca import status
from whitelist.access import Reason
from whitelist.register import Text

REFUSALS: Mapping[str, Text] = {
    Reason.NOT_REGISTERED: Text(
        "このサービスは登録簿に登録されていないため、スマホ用電子証明書を使えません。",
        "This service is not on the register, so it may not use your phone's certificates.",
    ),
    Reason.OTHER_REALM: Text(
        "このサービスは別の環境に登録されているため、ここではスマホ用電子証明書を使えません。",
        "This service is registered in another environment, so it may not use your phone's certificates here.",
    ),
    Reason.SUSPENDED: Text(
        "このサービスは登録が停止されているため、いまはスマホ用電子証明書を使えません。",
        "This service's registration is suspended, so it may not use your phone's certificates now.",
    ),
    Reason.REGISTRATION_EXPIRED: Text(
        "このサービスの登録は期限が切れているため、スマホ用電子証明書を使えません。",
        "This service's registration has expired, so it may not use your phone's certificates.",
    ),
    Reason.OPERATOR_NOT_VALID: Text(
        "このサービスが利用するプラットフォーム事業者の登録が有効でないため、いまはスマホ用電子証明書を使えません。",
        "The platform operator behind this service is not validly registered, so the service may not use your phone's "
        "certificates now.",
    ),
    Reason.DELEGATION_NOT_VALID: Text(
        "このサービスから依頼を任されている事業者の委任が有効でないため、依頼を受け付けられません。",
        "Whoever asks for this service is not, or no longer, entrusted by it, so the request can't be taken.",
    ),
    Reason.CREDENTIAL_NOT_VALID: Text(
        "このサービスの接続用の鍵が有効でないため、依頼を受け付けられません。",
        "The key with which this service connects is not valid, so its request can't be taken.",
    ),
    Reason.APPLICATION_NOT_REGISTERED: Text(
        "依頼したアプリやウェブサイトが登録簿にないため、依頼を受け付けられません。",
        "The app or website that asks is not on the register, so its request can't be taken.",
    ),
    Reason.RETURN_URL_NOT_REGISTERED: Text(
        "手続のあとに戻る先が登録簿と違うため、依頼を受け付けられません。",
        "The address to return to afterwards is not the registered one, so the request can't be taken.",
    ),
    Reason.PURPOSE_NOT_REGISTERED: Text(
        "このサービスは、この目的での利用を登録していないため、依頼を受け付けられません。",
        "This service is not registered for this purpose, so its request can't be taken.",
    ),
    Reason.OPERATOR_CERTIFICATION_NOT_VALID: Text(
        "このサービスが利用するプラットフォーム事業者の主務大臣認定が有効でないため、依頼を受け付けられません。",
        "The ministerial certification of the platform operator behind this service is not valid, so the request "
        "can't be taken.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_MISSING: Text(
        "このサービスは主務大臣の認定を受けていないため、電子署名を求められません。",
        "This service has no ministerial certification, so it may not ask for a signature.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_EXPIRED: Text(
        "このサービスの主務大臣の認定は期限が切れているため、電子署名を求められません。",
        "This service's ministerial certification has expired, so it may not ask for a signature.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN: Text(
        "このサービスの主務大臣の認定は取り消されているため、電子署名を求められません。",
        "This service's ministerial certification was withdrawn, so it may not ask for a signature.",
    ),
}

# Why the phone's answer wasn't taken: reasons of `ca.status.Reason`. The first that is found here is told.
ANSWERS: Mapping[str, Text] = {
    status.Reason.EXPIRED: Text(
        "スマホ用電子証明書の有効期限が切れています。カードの電子証明書を更新してから、発行し直してください。",
        "Your phone's certificate has expired. Renew the card's certificates, then issue the phone's again.",
    ),
    status.Reason.REVOKED: Text(
        "スマホ用電子証明書は失効しています。もう一度使うには、発行し直してください。",
        "Your phone's certificate has been revoked. To use it again, issue a new one.",
    ),
    status.Reason.ON_HOLD: Text(
        "スマホ用電子証明書は一時保留になっています。保留を解除してから、お試しください。",
        "Your phone's certificate is on hold. Please have the hold released first.",
    ),
    status.Reason.NOT_YET_VALID: Text(
        "スマホ用電子証明書は、まだ有効になっていません。", "Your phone's certificate is not yet valid."
    ),
    status.Reason.WRONG_MEDIUM: Text(
        "カードの電子証明書では答えられません。スマホ用電子証明書を使ってください。",
        "The card's certificate can't answer this. Please use the phone's.",
    ),
    status.Reason.WRONG_PURPOSE: Text(
        "用途の違う電子証明書が使われました。もう一度お試しください。",
        "A certificate for another purpose was used. Please try again.",
    ),
    status.Reason.SIGNATURE_WRONG: Text(
        "署名を確かめられませんでした。もう一度お試しください。",
        "The signature could not be verified. Please try again.",
    ),
}
