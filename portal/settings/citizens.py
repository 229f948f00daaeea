"""The citizen's side: notices, Mynaportal, the phone's pages."""

from portal import environment
from portal.settings.site import PUBLIC_URL, ROOT, SANDBOX

# --- Notices ------------------------------------------------------------------------------------------
# The second channel beside the phone. Without a server, a sandbox keeps its mails (/outbox/), and anything else sends
# letters only.
EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.secret("EMAIL_HOST_PASSWORD", ROOT) or ""
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", False)  # STARTTLS
EMAIL_USE_SSL = environment.flag("EMAIL_USE_SSL", False)  # TLS from the first octet
EMAIL_TIMEOUT = environment.number("EMAIL_TIMEOUT", 10)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "portal.notices.kept.EmailBackend"
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "no-reply@localhost")
NOTICES_SWEEP_SECONDS = environment.decimal("NOTICES_SWEEP_SECONDS", 5)
# A mail that couldn't be delivered for so long (realm's clock) is given up, and a letter goes.
NOTICES_MAIL_HOURS = environment.decimal("NOTICES_MAIL_HOURS", 24)
# What pages and notices tell one to call who lost a phone or knows nothing of what a notice says, and the page that
# holds. In earnest it is マイナンバー総合フリーダイヤル; nobody shall call that one about the pretend world.
HELP_DESK_NUMBER = environment.text("HELP_DESK_NUMBER", "0120-000-000" if SANDBOX else "0120-95-0178")
LOST_PHONE_URL = environment.text("LOST_PHONE_URL", f"{PUBLIC_URL}/phone/lost/")

# --- Mynaportal ---------------------------------------------------------------------------------------
MYNAPORTAL_CLIENT_ID = environment.text("MYNAPORTAL_CLIENT_ID", "mynaportal")
MYNAPORTAL_IDLE_SECONDS = environment.decimal("MYNAPORTAL_IDLE_SECONDS", 15 * 60)
MYNAPORTAL_SESSION_SECONDS = environment.decimal("MYNAPORTAL_SESSION_SECONDS", 8 * 3600)
# What other bodies tell of a holder: a function (portal/mynaportal/records.py). A string: nothing imports the sandbox.
MYNAPORTAL_RECORDS = "sandbox.records.of" if SANDBOX else ""

# --- The citizen's pages -------------------------------------------------------------------------------
# So long after the PIN was last typed a gesture stands for it (briefing of 2022-06: primary authentication).
SCREEN_LOCK_PIN_HOURS = environment.decimal("SCREEN_LOCK_PIN_HOURS", 72)
# So long after the holder's proof certificates in full, history and export are shown to that session.
HOLDER_PROOF_SECONDS = environment.decimal("HOLDER_PROOF_SECONDS", 300)

# Where the phone's pages find a card reader and the phone's element. Strings, so that nothing imports the sandbox.
PHONE_DEVICES = "sandbox.devices" if SANDBOX else ""
# Where the pages find the local agent of the citizen's own machine (http://127.0.0.1:9630), which asks before a card is
# used; empty: they don't look for one.
PHONE_AGENT_URL = environment.text("PHONE_AGENT_URL").rstrip("/")
# Progress pushed to the phone's pages: so many streams at once in a process of the web (each holds one of its threads),
# each for so long; the browser opens the next one by itself.
PHONE_STREAMS = environment.number("PHONE_STREAMS", 12)
PHONE_STREAM_SECONDS = environment.decimal("PHONE_STREAM_SECONDS", 25)
# After so long a page that waits offers to tell by a notification when it is ready.
PHONE_LONG_WAIT_SECONDS = environment.number("PHONE_LONG_WAIT_SECONDS", 10)
# So long a browser that signed in with the card may act for its holder.
CARD_SESSION_SECONDS = environment.decimal("CARD_SESSION_SECONDS", 600)
