"""What service providers' pages refuse (`portal.providers.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "organisation_name_unfit": Problem(
        400, "Not a name", "Empty, more than 100 characters, or control characters in it.", "Correct it.",
        "組織の名前は、1〜100文字で入力してください。改行などの制御文字は使えません。",
        "Please enter a name of 1 to 100 characters, without line breaks or other control characters.",
    ),
    "organisation_last_owner": Problem(
        409, "No owner would be left", "An organisation is never without an owner.", "Hand the ownership over first.",
        "所有者がいなくなるため、できません。先に、ほかのメンバーに所有者を引き継いでください。",
        "No owner would be left. Please hand the ownership over to another member first.",
    ),
    "member_gone": Problem(
        409, "The member has changed meanwhile", "Removed, left, or another role by now.", "Load the list again.",
        "このメンバーは、すでに組織を離れたか、役割が変わっています。一覧を確かめてください。",
        "This member has left or has another role by now. Please look at the list again.",
    ),
    "already_member": Problem(
        409, "A member already", "The account belongs to the organisation.", "Change the role instead.",
        "この人は、すでに組織のメンバーです。役割は、メンバーの一覧から変えられます。",
        "This person is a member already. The role can be changed in the list of members.",
    ),
    "invitation_wrong": Problem(
        403, "The invitation is no good", "Unknown, used, withdrawn, past its days, or for another address.",
        "Ask the owner for a new one.",
        "招待コードが違うか、使用済みか、期限が切れているか、別の人あてです。招待した人に確かめてください。",
        "The invitation code is wrong, used, out of date or for somebody else. Please ask whoever invited you.",
    ),
    "provider_too_many": Problem(
        429, "Too many in a day", "A limit of the settings (PROVIDER_…).", "Wait until tomorrow.",
        "一日に受け付ける数を超えました。時間をおいて、もう一度お試しください。",
        "More than a day's limit was asked for. Please try again later.",
    ),
    "workspaces_closed": Problem(
        409, "No workspaces here", "WORKSPACES is off.", "Use the test site.",
        "このサイトでは、試験用のワークスペースを作れません。試験用のサイトをお使いください。",
        "No workspaces are made on this site. Please use the test site.",
    ),
    "workspace_not_ready": Problem(
        409, "Still being made", "Its authorities' keys are being made.", "Wait until the page says that it is ready.",
        "ワークスペースは、まだ準備中です。できあがってから、もう一度お試しください。",
        "The workspace is still being made. Please try again when it is ready.",
        retry=True,
    ),
    "callback_unfit": Problem(
        400, "Not a callback address", "https://…, or http://localhost:…, one a line, ten at most, no fragment.",
        "Correct it.",
        "戻り先のアドレスは、https:// か http://localhost で始まるものを、1行に1つ、10個まで入力してください。",
        "Please enter callback addresses that begin with https:// or http://localhost, one a line, ten at most.",
    ),
}  # fmt: skip
