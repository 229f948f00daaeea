"""What the sandbox's API refuses (`sandbox.errors`)."""

from portal.problems.row import TRY_LATER_EN, TRY_LATER_JA, Problem

WORKSPACE_JA = "試験用のワークスペースで、その操作はできませんでした。"
WORKSPACE_EN = "The test workspace could not do that."
ROWS: dict[str, Problem] = {
    "not_a_workspace": Problem(
        403, "Not a workspace's token", "The token's service stands in a realm that is nobody's workspace.",
        "Use the key of your workspace's test service; `/providers/` makes a workspace.",
        "この操作は、試験用のワークスペースの中でだけできます。", "This is only possible inside a test workspace.",
    ),
    # --- citizens, cards, phones
    "citizen_unfit": Problem(
        400, "Nobody can be so", "What was wished for can't stand in a certificate or a card; `field` says what.",
        "Names and addresses of 1 to 200 characters, places in Roman letters, a code of five digits, a signature "
        "password of 6 to 16 of A-Z and 0-9, a PIN of four digits.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "persona_fixed": Problem(
        409, "A persona stays as it is", "The ten personas are the same in every workspace.",
        "POST citizens makes one of your own, which you may change.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "card_under_way": Problem(
        409, "The card isn't certified yet", "Its certificates, or those of the card before, are being issued.",
        "GET cards/{id} until `state` is ready; it takes a second or two. Then try again.",
        "カードの発行が、まだ終わっていません。少し待って、もう一度お試しください。",
        "The card is still being issued. Please wait a moment and try again.",
    ),
    "factory_busy": Problem(
        503, "The factory didn't answer in time", "A worker makes phones and cards, and it is busy or away.",
        "Try again; what was ordered may have come meanwhile: look at the list first.",
        TRY_LATER_JA, TRY_LATER_EN,
    ),
    "model_unknown": Problem(
        400, "No such model", "The model isn't on the list, or can't be varied so.",
        "`/phones.json` lists the models.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "phone_gone": Problem(
        410, "The phone is gone", "It was thrown away.", "Make another one.",
        "このスマートフォンはもうありません。", "This phone is gone.",
    ),
    # --- what a citizen does by hand
    "chip_refused": Problem(
        409, "The chip refused", "The card or the element answered with an error; `step` and `status_word` say which.",
        "Look the status word up in ISO/IEC 7816-4 and docs/element.md.",
        "ICチップが処理できませんでした。", "The chip could not do that.",
    ),
    "chip_password_wrong": Problem(
        403, "Wrong password", "The chip compared: it is another one. `tries_left` says how often it may be tried.",
        "GET citizens/{id} shows the card's passwords, GET phones/{id} the phone's.",
        "パスワードが違います。", "That is not the password.",
    ),
    "chip_password_blocked": Problem(
        409, "The password is blocked", "It was typed wrong too often.",
        "A card: POST cards gives a new one. A phone: have the password unblocked on its pages.",
        "パスワードがロックされています。", "The password is blocked.",
    ),
    "chip_certificate_missing": Problem(
        409, "The chip has no certificate for this", "A child's card has none to sign; a phone may have none at all.",
        "Take another citizen, or issue first.",
        "この用途の電子証明書がありません。", "There is no certificate for this use.",
    ),
    # --- certificates
    "cause_unfit": Problem(
        400, "Not for that cause", "No certificate of this medium and purpose is held or revoked for that cause.",
        "docs/linkage-and-verdicts.md has the table of causes.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "none_expired": Problem(
        409, "No expired certificate in stock", "The workspace is older than its stock of expired certificates.",
        "Move the workspace's clock past a certificate's end, or make a new workspace.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "key_not_held": Problem(
        409, "The private key isn't here", "The card was replaced or the phone emptied, and the key went with it.",
        "POST test-certificates gives a certificate with its key, of any kind and in any state.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    # --- enrolments
    "enrolment_finished": Problem(
        409, "Not under way", "The enrolment is over, or active, or a person does the citizen's part in a browser.",
        "GET enrolments/{id} says where it is.",
        "この申請は、もう先へ進みません。", "This application goes no further.",
    ),
    # --- the phone by API
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
    # --- faults
    "fault_unknown": Problem(
        422, "No fault of that name", "The catalogue has no such fault; `known` names all.",
        "GET faults/catalogue says what each does.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "fault_parameter_invalid": Problem(
        422, "No such parameter", "The fault has no parameter of that name, or it takes another value; `known` names "
        "them.",
        "GET faults/catalogue says which values they take.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "fault_scope_invalid": Problem(
        422, "No scope for this fault", "The scope isn't one, or this fault can't be for it; `member` says which part.",
        "`requests` is a number, `rate` above 0 and at most 1, `client_id` and `hand_off` are of this workspace.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "too_many_faults": Problem(
        409, "Too many faults are armed", "A workspace has `most` at once.",
        "DELETE faults/{id} takes one away.",
        WORKSPACE_JA, WORKSPACE_EN,
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
    # --- conformance
    "conformance_run_unknown": Problem(
        404, "No such conformance run", "The workspace has no conformance run of that id.",
        "GET conformance/runs lists them.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_case_unknown": Problem(
        422, "No such conformance case", "The catalogue, or this run, has no such case; `cases` names those meant.",
        "GET conformance/cases lists them.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_run_over": Problem(
        409, "The conformance run is over", "The run takes no more: `state` says whether it was finished or abandoned.",
        "POST conformance/runs begins another one.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_case_not_armed": Problem(
        409, "The case isn't armed", "A verdict is told of the case that stands armed; `armed` is that one, or null.",
        "POST …/cases/{case}/arm first, then let your service ask its hand-off.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_runs_itself": Problem(
        409, "The run goes by itself", "The run goes against a service: workers arm its cases and read the verdicts.",
        "Begin one without `service` to do it from your own tests.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_service_unfit": Problem(
        422, "No service of this workspace stands there", "The address isn't one of the workspace's registered "
        "applications, where alone the citizen's browser goes.",
        "Register the service's origin with its callback address on the workspace's page.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_no_phone": Problem(
        409, "No phone could answer", "The workspace has no virtual phone with certificates.",
        "POST enrolments makes one answer for a citizen.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
    "conformance_no_report_yet": Problem(
        409, "The report isn't there yet", "The run isn't finished, or a worker is about to sign its report.",
        "POST …/finish, then ask again in a second.",
        WORKSPACE_JA, WORKSPACE_EN,
    ),
}  # fmt: skip
