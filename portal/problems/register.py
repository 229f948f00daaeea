"""What the register of services refuses (`whitelist.errors`)."""

from portal.problems.row import Problem

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
    "realm_unknown": Problem(
        404, "No such realm", "There is no realm of that name.", "Check the name.",
        "見つかりませんでした。", "Not found.",
    ),
}  # fmt: skip
