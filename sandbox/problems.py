"""What the sandbox's API refuses (`sandbox.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "not_a_workspace": Problem(
        403, "Not a workspace's token", "The token's service stands in a realm that is nobody's workspace.",
        "Use the key of your workspace's test service; `/providers/` makes a workspace.",
        "この操作は、試験用のワークスペースの中でだけできます。", "This is only possible inside a test workspace.",
    ),
    "webhook_unknown": Problem(
        404, "No such webhook", "The workspace has no webhook of that id.",
        "`GET /sandbox/api/v1/webhooks` lists them.",
        "このワークスペースには、その Webhook はありません。", "There is no such webhook in this workspace.",
    ),
    "delivery_unknown": Problem(
        404, "No such delivery", "The workspace has no delivery of that id, or it was deleted after `WEBHOOKS_DAYS`.",
        "`GET /sandbox/api/v1/webhooks/{id}/deliveries` lists them.",
        "このワークスペースには、その送信の記録はありません。", "There is no such delivery in this workspace.",
    ),
    "webhook_address_unfit": Problem(
        400, "Nothing is sent to such an address",
        "Webhooks go to https addresses on port 443 with a public name; `reason` says what is wrong with this one.",
        "Give a public https address. Where the site runs on `localhost`, `http://localhost:<port>` does as well.",
        "この宛先には送れません。公開された https の宛先を指定してください。",
        "Nothing can be sent there. Give a public https address.",
    ),
    "too_many_webhooks": Problem(
        409, "As many webhooks as a workspace may have", "The workspace has `most` webhooks.",
        "Delete one, or let one address take more types of events.",
        "Webhook の数が上限に達しています。", "The workspace has as many webhooks as it may have.",
    ),
    "webhook_disabled": Problem(
        409, "The webhook is disabled",
        "Nothing is sent to a disabled webhook. `ending` says why it is: `by_hand`, `failing`, or `gone` (it answered "
        "410).",
        "`POST /sandbox/api/v1/webhooks/{id}/enable`, when the address works.",
        "この Webhook は止められています。", "This webhook is disabled.",
    ),
    "clock_out_of_range": Problem(
        400, "The clock doesn't go there",
        "The workspace's clock goes from when its authorities' certificates begin to fifteen years ahead.",
        "Ask for a moment between `earliest` and `latest`.",
        "時計は、そこまでは動かせません。", "The clock can't be moved that far.",
    ),
    "clock_busy": Problem(
        409, "The clock is being moved", "Somebody else moved the workspace's clock at the same moment.",
        "Look at it with `GET /sandbox/api/v1/clock`, and ask again.",
        "ほかの操作と重なりました。もう一度お試しください。", "Somebody else was first. Please try again.",
    ),
    "rotation_unknown": Problem(
        404, "No such rotation", "The workspace has no rotation of that id.",
        "`GET /sandbox/api/v1/rotations` lists them.",
        "このワークスペースには、その世代交代の記録はありません。", "There is no such rotation in this workspace.",
    ),
    "rotation_under_way": Problem(
        409, "A rotation is under way", "A rotation of the same keys was asked for before and isn't done.",
        "Wait until `GET /sandbox/api/v1/rotations` says `done`; it takes seconds.",
        "同じ鍵の世代交代が進んでいます。終わるまでお待ちください。",
        "The same keys are being rotated. Please wait until that is done.",
    ),
    "too_many_rotations": Problem(
        429, "Too many rotations", "The workspace's keys were rotated `most` times within a day.",
        "Ask again tomorrow.",
        "きょうは、これ以上世代交代できません。", "The keys can't be rotated more often today.",
    ),
}  # fmt: skip
