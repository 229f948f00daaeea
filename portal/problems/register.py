"""What the register of services refuses (`whitelist.errors`)."""

from portal.handoff.sentences import REFUSALS
from portal.problems.row import TRY_LATER_EN, TRY_LATER_JA, Problem
from whitelist.access import Reason

# Why the register says no (`whitelist.access`): title, cause, remedy. What the citizen reads is the hand-off's.
REASONS: dict[Reason, tuple[str, str, str]] = {
    Reason.NOT_REGISTERED: (
        "Not registered", "The relying party isn't in the register, or not any more.",
        "Apply for registration, and ask when the entry is in the register.",
    ),
    Reason.OTHER_REALM: (
        "Another realm", "Credential, relying party and subject must belong to one realm.",
        "Use the credential of the realm that you ask about.",
    ),
    Reason.SUSPENDED: (
        "Suspended", "The entry is suspended.", "See the messages of your case; the suspension must be lifted first.",
    ),
    Reason.REGISTRATION_EXPIRED: (
        "The registration has expired", "The last day of the entry has passed, by Japan's calendar.",
        "Apply for registration again.",
    ),
    Reason.OPERATOR_NOT_VALID: (
        "The platform operator isn't registered",
        "The entry stands under a platform operator, whose own entry isn't in force.",
        "Ask the operator; or apply for another legal basis.",
    ),
    Reason.DELEGATION_NOT_VALID: (
        "No delegation in force", "There is none of that provider for this purpose at this moment.",
        "Have the provider's delegation recorded, or stop asking in its name.",
    ),
    Reason.CREDENTIAL_NOT_VALID: (
        "The credential isn't good", "It is disabled, or outside its time.", "Issue a new credential, and use it.",
    ),
    Reason.APPLICATION_NOT_REGISTERED: (
        "The application isn't registered", "No registered application of the entry has this name.",
        "Send the origin, package or bundle as it is registered, or apply for a change.",
    ),
    Reason.RETURN_URL_NOT_REGISTERED: (
        "The return address isn't registered", "It must be a registered callback address, to the letter.",
        "Send a registered address, or apply for a change.",
    ),
    Reason.PURPOSE_NOT_REGISTERED: (
        "The purpose isn't registered", "The entry doesn't have this purpose.", "Apply for a change of the entry.",
    ),
    Reason.OPERATOR_CERTIFICATION_NOT_VALID: (
        "The platform operator's ministerial certification doesn't hold",
        "The entry stands under a platform operator whose ministerial certification is missing, over or withdrawn.",
        "Ask the operator.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_MISSING: (
        "No ministerial certification", "Article 17(1) items 5 and 6 need one for signatures.",
        "Apply for it with the competent ministers.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_EXPIRED: (
        "The ministerial certification has expired", "Its last day has passed, by Japan's calendar.",
        "Have it renewed by the competent ministers.",
    ),
    Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN: (
        "The ministerial certification was withdrawn", "The competent ministers have withdrawn it.",
        "See the ministers' decision and how to appeal.",
    ),
}  # fmt: skip

ROWS: dict[str, Problem] = {
    "logo_unacceptable": Problem(
        400, "The logo can't be taken", "It is no small PNG, or an SVG of more than shapes; the detail says what.",
        "Send a PNG of at most 512 pixels a side, or an SVG of shapes and colours alone, of at most 32 kB.",
        "このロゴは登録できません。小さなPNGか、図形だけのSVGにしてください。",
        "This logo can't be registered. Please use a small PNG, or an SVG of shapes alone.",
    ),
    "token_request_invalid": Problem(
        400, "Not a token request", "RFC 6749 4.4 with a client assertion (RFC 7523 2.2) is expected.",
        "Send grant_type, client_assertion_type and client_assertion.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_unknown": Problem(
        401, "No such client or key", "The key isn't this relying party's, or it is outside its time.",
        "Check iss, sub and kid.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_assertion_invalid": Problem(
        401, "The client assertion doesn't hold", "Signature, audience, time or form.", "See the detail.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "client_assertion_replayed": Problem(
        401, "Used before", "A client assertion's jti is good once.", "Make a new assertion.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "token_invalid": Problem(
        401, "The token is no good", "Unknown, expired, or its credential isn't good any more.", "Get a new token.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "case_moved_on": Problem(
        409, "It has moved on", "A case or an entry isn't in the state the page showed: somebody else was first.",
        "Load the page anew and look at the state.",
        "ほかの人が先に手続きを進めました。画面を読み込み直して、いまの状態をお確かめください。",
        "Somebody else was first. Please load the page anew and look at where it stands.",
    ),
    "credential_key_unacceptable": Problem(
        400, "The key can't be taken", "It is no public key of a kind that is taken; the detail says what.",
        "Paste a public JWK, or a public key or certificate in PEM: EC on P-256; for TLS also RSA from 2048 bits.",
        "公開鍵として読み取れません。公開鍵のJWK、またはPEM形式の公開鍵か証明書を貼り付けてください。",
        "This can't be read as a public key. Please paste a public JWK, or a public key or certificate in PEM.",
    ),
    "credential_key_private": Problem(
        400, "A private key", "What was pasted holds a private key, which nobody but its owner may see.",
        "Throw this key away, make a new pair, and paste its public key.",
        "秘密鍵が含まれています。この鍵はもう使わず、新しい鍵を作って、公開鍵だけを貼り付けてください。",
        "This holds a private key. Please give it up, make a new one, and paste its public key only.",
    ),
    "credential_key_taken": Problem(
        409, "The key is known", "It is, or was, the key of a credential. A key is never used again.",
        "Make a new key.",
        "この鍵は、すでに登録されたことがあります。新しい鍵を作ってください。",
        "This key is, or was, registered already. Please make a new one.",
    ),
    "credentials_too_many": Problem(
        409, "As many credentials as may be good at once", "CREDENTIALS_AT_ONCE of them go on.",
        "Disable one that isn't needed any more.",
        "同時に使える鍵の数がいっぱいです。使わなくなった鍵を無効にしてください。",
        "As many keys as may be good at once are. Please disable one that is not needed any more.",
    ),
    "credential_time_wrong": Problem(
        400, "The end doesn't do", "It lies in the past, beyond the longest time, or after the certificate's end.",
        "Choose another day.",
        "期限は、今日からあとの、決められた長さまでの日にしてください。証明書の期限よりあとにもできません。",
        "Please choose an end from today on, within the longest time, and not after the certificate's.",
    ),
    "credential_over": Problem(
        409, "The credential is over", "It has expired, is disabled, or was replaced already.",
        "Issue a new one instead.",
        "この鍵は、もう有効でないか、すでに新しい鍵に替わっています。",
        "This key is not good any more, or was replaced already.",
    ),
    "credentials_changed": Problem(
        409, "Issued meanwhile", "Another credential was issued since the page was loaded.", "Look at the list.",
        "ほかの鍵が先に発行されました。一覧を確かめてから、必要ならもう一度お試しください。",
        "Another key was issued first. Please look at the list, and try again if still needed.",
    ),
    "entry_removed": Problem(
        409, "The entry was removed", "A removed entry gets no credentials.", "Apply for registration again.",
        "このサービスは登録簿から削除されているため、鍵を発行できません。",
        "This service was removed from the register, so it gets no keys.",
    ),
    "delegation_missing": Problem(
        403, "Nobody has delegated that to you", "`on_behalf_of` names nobody who ever delegated anything to you.",
        "Have the provider's delegation recorded; name the provider by its client id.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "delegation_invalid": Problem(
        400, "No delegation can be like this", "`member` names what is wrong.",
        "A provider leaves at least one purpose to a registered platform operator of the same register.",
        "この内容では委任を記録できません。プラットフォーム事業者と目的を確かめてください。",
        "This can't be recorded as a delegation. Please check the platform operator and the purposes.",
    ),
    "delegation_over": Problem(
        409, "The delegation has ended", "Somebody ended it before, or recorded another meanwhile.",
        "Load the page anew.",
        "この委任は、すでに終わっています。画面を読み込み直してください。",
        "This delegation has ended already. Please load the page anew.",
    ),
    "probes_too_often": Problem(
        429, "Too often", "Probes were asked for too often within an hour; `most` says how often they may.",
        "Wait, or save the answers: that makes a run by itself.",
        "確認の回数が、1時間の上限に達しました。しばらくしてから、もう一度お試しください。",
        "The checks were run as often as an hour allows. Please try again later.",
    ),
    "verification_invalid": Problem(
        400, "Not a question", "`member` names what is wrong.", "Correct that member.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "verification_refused": Problem(
        403, "The register says no", "`reason` says why.", "See the register, or the case for registration.",
        "このサービスは、電子証明書の有効性を確かめられません。",
        "This service may not ask about certificates.",
    ),
    "verification_undecided": Problem(
        503, "Could not be found out", "The authorities' records can't be read just now.", "Try again.",
        TRY_LATER_JA, TRY_LATER_EN,
    ),
    "realm_unknown": Problem(
        404, "No such realm", "There is no realm of that name.", "Check the name.",
        "見つかりませんでした。", "Not found.",
    ),
    **{
        reason.value: Problem(403, *told, REFUSALS[reason].ja, REFUSALS[reason].en) for reason, told in REASONS.items()
    },
}  # fmt: skip
