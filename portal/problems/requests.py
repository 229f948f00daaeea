"""What is wrong with a request itself, or with us."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "invalid_request": Problem(
        400, "The request is not well-formed", "A member is missing, too long or wrong; `errors` names it.",
        "Correct the members named in `errors`.",
        "入力に誤りがあります。内容を直して、もう一度お試しください。",
        "Something in the input is wrong. Please correct it.",
    ),
    "not_authenticated": Problem(
        401, "Nobody that is known asks", "No valid token or session came with the request.",
        "Send the phone's token, or open the phone's pages and choose a phone.",
        "スマートフォンが選ばれていません。はじめの画面から選んでください。",
        "No phone is chosen. Please choose one on the first page.",
    ),
    "permission_denied": Problem(
        403, "Not allowed", "The request lacks a right, or its CSRF token.", "Load the page again and repeat.",
        "この操作はできません。画面を読み込み直してください。", "This isn't allowed. Please reload the page.",
    ),
    "not_found": Problem(
        404, "There is nothing here", "The address names nothing that you may see.", "Check the address.",
        "見つかりませんでした。", "Not found.",
    ),
    "document_unavailable": Problem(
        503, "The document can't be made now", "The server lacks what makes PDF files: Pango, or a Japanese font.",
        "Ask the operator to run scripts/system-packages.sh documents; the data itself can be had as JSON.",
        "いまPDFを作れません。時間をおいて、もう一度お試しください。",
        "The PDF can't be made just now. Please try again later.",
        retry=False,
    ),
    "method_not_allowed": Problem(
        405, "Not with this method", "The address doesn't take this method.", "See the API's description.",
        "この操作はできません。", "This isn't possible.",
    ),
    "unsupported_media_type": Problem(
        415, "Not in this format", "The body isn't of a type that the address takes.", "Send application/json.",
        "この操作はできません。", "This isn't possible.",
    ),
    "idempotency_key_used": Problem(
        409, "The Idempotency-Key was used for another request", "A key stands for one request.",
        "Make a new key for a new request.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
    ),
    "idempotency_key_in_progress": Problem(
        409, "The request of this Idempotency-Key isn't answered yet",
        "It is being answered at this moment; or we died over it, and what came of it has to be looked at.",
        "Wait a moment and send it again. If it stays, look whether the thing was made, and use a new key.",
        "サービスの接続に誤りがあります。", "The service's connection is wrong.",
        retry=True,
    ),
    "too_many_requests": Problem(
        429, "Too many requests", "The credential has asked for as much as it may in one window (`RateLimit-Policy`).",
        "Wait as long as `Retry-After` says; ask less often.",
        "サービスからの問い合わせが多すぎます。しばらくしてから、もう一度お試しください。",
        "The service asks too often. Please try again in a while.",
    ),
    "server_error": Problem(
        500, "Something went wrong inside", "Something inside the system isn't as it should be.",
        "Nothing was half done. Try again; if it stays, tell the operator the code and the time.",
        "システムの都合で処理できませんでした。時間をおいて、もう一度お試しください。",
        "The system could not do this. Please try again later.",
    ),
}  # fmt: skip
