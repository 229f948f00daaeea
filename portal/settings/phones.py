"""The TSMs: keys, who plays which part, how long a phone is waited for."""

from datetime import timedelta

from portal import environment
from portal.settings.site import PRODUCTION, ROOT, SANDBOX

# --- TSM ----------------------------------------------------------------------------------------------
TSM_MASTER_KEY = environment.key("TSM_MASTER_KEY", ROOT, strong=PRODUCTION)
# The two roles may have a master key each, as on two hosts: SEI-TSM (elements) and SP-TSM (the provider's domain).
TSM_SEI_MASTER_KEY = environment.key("TSM_SEI_MASTER_KEY", ROOT, strong=PRODUCTION)
TSM_SP_MASTER_KEY = environment.key("TSM_SP_MASTER_KEY", ROOT, strong=PRODUCTION)
# What stands for each role: called without arguments, it gives one that has `tsm.messaging.functions`' interface.
TSM_SEI = environment.text("TSM_SEI", "tsm.messaging.roles.LocalSeiTsm")
TSM_SP = environment.text("TSM_SP", "tsm.messaging.roles.LocalSpTsm")
# Whether a phone finds the TSM away: a function (phone). A test world names one; empty: never.
TSM_FAULTS = "sandbox.faults.phones.is_away" if SANDBOX else ""
TSM_PUSH = "sandbox.phones.push" if SANDBOX else ""
TSM_LEASE_SECONDS = environment.decimal("TSM_LEASE_SECONDS", 30)
TSM_LONG_POLL_SECONDS = environment.decimal("TSM_LONG_POLL_SECONDS", 25)
# A phone that wasn't heard of for so long is woken again: longer than a long poll.
TSM_SILENCE_SECONDS = environment.decimal("TSM_SILENCE_SECONDS", TSM_LONG_POLL_SECONDS + 10)
# The header in which a proxy hands on the TLS client certificate of a phone's agent, PEM, percent-encoded, as nginx's
# $ssl_client_escaped_cert; it must strip what clients send under that name. Empty: agents show their tokens.
TSM_CLIENT_CERTIFICATE_HEADER = environment.text("TSM_CLIENT_CERTIFICATE_HEADER")
# The same for relying parties that come with a certificate (RFC 8705); the same front, unless told otherwise.
API_CLIENT_CERTIFICATE_HEADER = environment.text("API_CLIENT_CERTIFICATE_HEADER", TSM_CLIENT_CERTIFICATE_HEADER)
# SERAM 2.0: an agent that owes a report and is silent for so long is given up.
TSM_AGENT_SECONDS = environment.decimal("TSM_AGENT_SECONDS", 300)
# So many legs of one conversation may fail before the element is left alone for a while.
TSM_FAILURES = environment.number("TSM_FAILURES", 5)
TSM_RETRY_SECONDS = environment.decimal("TSM_RETRY_SECONDS", 300)
TSM_SWEEP_SECONDS = environment.decimal("TSM_SWEEP_SECONDS", 10)
# What went to a phone and came back is kept for so long; that it went, and how it ended, for ever.
TSM_LEGS_KEPT_DAYS = environment.decimal("TSM_LEGS_KEPT_DAYS", 90)
TSM_GIVE_UP_SECONDS = environment.decimal("TSM_GIVE_UP_SECONDS", timedelta(days=7).total_seconds())
