"""What the sandbox's API refuses (`sandbox.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "not_a_workspace": Problem(
        403, "Not a workspace's token", "The token's service stands in a realm that is nobody's workspace.",
        "Use the key of your workspace's test service; `/providers/` makes a workspace.",
        "この操作は、試験用のワークスペースの中でだけできます。", "This is only possible inside a test workspace.",
    ),
    "link_unknown": Problem(
        404, "No hand-off at this link", "The link leads to no hand-off of this workspace.",
        "Give the `link` of POST /api/v1/handoffs to the letter, what stands in the code, or an address of the service "
        "that leads there.",
        "リンクの先に依頼がありません。", "There is no request at this link.",
    ),
    "link_led_nowhere": Problem(
        422, "The service's address led to no hand-off", "It was opened, and `hops` tell what it answered and where it "
        "led; `finding` says why an address wasn't reached. Only origins in the register are gone to.",
        "Give an address that redirects to the hand-off's link by GET, of an origin in the workspace's register.",
        "サービスの画面から、依頼に進めませんでした。", "The service's page led to no request.",
    ),
    "phone_action_not_here": Problem(
        409, "No such button on the screen", "The screen has no such action now.",
        "Do one of `actions`; GET the session for the screen as it is.",
        "この画面では、その操作はできません。", "This screen has no such button.",
    ),
    "phone_value_invalid": Problem(
        422, "The action needs another value", "The action's `value` is missing, or none that it takes.",
        "The detail says which values it takes.",
        "入力された値が、この操作に合いません。", "The value does not fit this action.",
    ),
    "phone_busy": Problem(
        409, "The phone is busy", "Another call is at this session, or another session is at the chip.",
        "Try again when the other has ended.",
        "スマートフォンは、ほかの操作の途中です。", "The phone is busy with something else.",
    ),
    "phone_secret_unknown": Problem(
        422, "Nobody knows the PIN", "No PIN or password was given, and this world doesn't know the phone's.",
        "Give `pin` or `password`.",
        "暗証番号またはパスワードを入力してください。", "Please enter the PIN or password.",
    ),
}  # fmt: skip
