"""Who signs in beside citizens: staff, service providers, and what their desks allow."""

from portal import environment
from portal.settings.site import PRODUCTION, SANDBOX

# --- Accounts: staff signs in with name, password and authenticator (docs/staff.md) ----------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "portal.accounts.passwords.WordsOfTheHouse"},
    {"NAME": "portal.accounts.passwords.Leaked"},
]
# Leaked passwords, which nobody may choose: SHA-1 in hex, a line each, in order. Empty: the common ones are
# refused; in production nobody can set a password without it (`manage.py leaked_passwords` makes it).
STAFF_LEAKED_PASSWORDS = environment.text("STAFF_LEAKED_PASSWORDS")
# A session ends after so long without a request, and after so long in any case.
STAFF_IDLE_SECONDS = environment.decimal("STAFF_IDLE_SECONDS", 15 * 60)
STAFF_SESSION_SECONDS = environment.decimal("STAFF_SESSION_SECONDS", 8 * 3600)
# So many tries for one name, and from one address, within so long; then nothing more is looked at until it is over.
STAFF_TRIES = environment.number("STAFF_TRIES", 5)
STAFF_ADDRESS_TRIES = environment.number("STAFF_ADDRESS_TRIES", 100)
STAFF_LOCK_SECONDS = environment.decimal("STAFF_LOCK_SECONDS", 15 * 60)
STAFF_INVITATION_SECONDS = environment.decimal("STAFF_INVITATION_SECONDS", 3600)
# The header in which a proxy hands on the client's address; it must replace what clients send. Empty: the connection's.
CLIENT_ADDRESS_HEADER = environment.text("CLIENT_ADDRESS_HEADER")
# What authenticator apps show beside the name. Guessing is bounded by STAFF_TRIES, not by the devices themselves.
OTP_TOTP_ISSUER = "JPKI staff"
OTP_TOTP_PROVIDERS_ISSUER = "JPKI providers"
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
# So many steps of 30 seconds early or late an app's code is taken, for clocks that differ; no device's is learned.
STAFF_CODE_STEPS = environment.number("STAFF_CODE_STEPS", 0 if PRODUCTION else 1)
OTP_TOTP_SYNC = False
# --- Service providers (docs/providers.md). An invitation is good for so long.
PROVIDER_INVITATION_DAYS = environment.decimal("PROVIDER_INVITATION_DAYS", 7)
# So many codes to one mail address, and registrations from one address of the network, within STAFF_LOCK_SECONDS.
PROVIDER_CODES = environment.number("PROVIDER_CODES", 5)
PROVIDER_ADDRESS_CODES = environment.number("PROVIDER_ADDRESS_CODES", 30)
# So many organisations may one account make in a day, and invite so many people; so many workspaces are made in a day.
PROVIDER_ORGANISATIONS = environment.number("PROVIDER_ORGANISATIONS", 5)
PROVIDER_INVITATIONS = environment.number("PROVIDER_INVITATIONS", 50)
PROVIDER_WORKSPACES = environment.number("PROVIDER_WORKSPACES", 100)
# Whether an organisation may have a realm of its own to try things in: authorities that workers make when asked.
WORKSPACES = environment.flag("WORKSPACES", SANDBOX)
WORKSPACES_SWEEP_SECONDS = environment.decimal("WORKSPACES_SWEEP_SECONDS", 10)
# What a workspace has in it when it is ready: a module (sandbox/furnishing.py). A string: nothing imports the sandbox.
WORKSPACES_WORLD = "sandbox.furnishing" if SANDBOX else ""

# The help desk: a holder's page stays open for so long; a release that nobody approves within so long lapses.
HELPDESK_CALL_SECONDS = environment.decimal("HELPDESK_CALL_SECONDS", 30 * 60)
HELPDESK_RELEASE_SECONDS = environment.decimal("HELPDESK_RELEASE_SECONDS", 3600)
# After so many calls within a day in which something was answered wrong, nobody can propose a holder's release.
HELPDESK_WRONG_CALLS = environment.number("HELPDESK_WRONG_CALLS", 3)
# The review of service providers (docs/review.md): working days that each authority has for a case, a guess.
REVIEW_MINISTRY_DAYS = environment.number("REVIEW_MINISTRY_DAYS", 60)
REVIEW_REGISTRAR_DAYS = environment.number("REVIEW_REGISTRAR_DAYS", 20)
# A suspension that no second officer confirms within so long is lifted.
REVIEW_SUSPENSION_HOURS = environment.decimal("REVIEW_SUSPENSION_HOURS", 24)
# So many days before a certification, a credential or an entry ends its organisation is told.
REVIEW_NOTICE_DAYS = (90, 60, 30)
REVIEW_SWEEP_SECONDS = environment.decimal("REVIEW_SWEEP_SECONDS", 60)
# The console calls an enrolment that hasn't moved for so long standing still.
CONSOLE_STILL_SECONDS = environment.decimal("CONSOLE_STILL_SECONDS", 10 * 60)
