"""What Mynaportal refuses (`portal.mynaportal.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "mynaportal_not_registered": Problem(
        503, "Mynaportal may not ask", "It isn't on the register, or is suspended there.",
        "manage.py register_mynaportal, or see the register.",
        "いまは電子署名を求められません。入力した内容は下書きに残っています。時間をおいて、もう一度お試しください。",
        "A signature can't be asked for just now. Your draft is kept. Please try again later.",
        retry=False,
    ),
    "signature_certificate_missing": Problem(
        409, "No valid signature certificate", "The holder's was revoked, is on hold or has expired.",
        "Issue a new one.",
        "有効な署名用電子証明書がありません。スマートフォンで発行し直してから、お試しください。",
        "You have no valid signature certificate. Please have one issued on your phone first.",
    ),
    "application_not_open": Problem(
        409, "Not a draft", "It was filed, or is being signed in another window.", "Load the page again.",
        "この申請は、もう直せません。申請の状況で確かめてください。",
        "This application can't be changed any more. Please see your applications.",
    ),
}  # fmt: skip
