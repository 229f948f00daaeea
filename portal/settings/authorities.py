"""The certification authorities: keys, responder, linkage, CRLs, journal."""

from portal import environment
from portal.settings.observing import METRICS_DIR, OTEL_EXPORTER_OTLP_ENDPOINT
from portal.settings.site import PRODUCTION, ROOT, SANDBOX, VAR

# --- CA -----------------------------------------------------------------------------------------------
# Where signing keys live: software:<folder>, or pkcs11:<path of the module>?token=<label>, whose passphrase is the PIN.
# Only the `ca` workers and the ceremony commands get the passphrase. In production a key file's must be a key itself
# (docs/keys.md); a token counts tries of its PIN.
CA_KEYS = environment.text("CA_KEYS", f"software:{VAR}/ca-keys")
CA_KEYS_PASSPHRASE = environment.key(
    "CA_KEYS_PASSPHRASE", ROOT, strong=PRODUCTION and not CA_KEYS.startswith("pkcs11:")
)
# The responder's keys are others than the authorities', and have a passphrase of their own.
RESPONDER_KEYS = environment.text("RESPONDER_KEYS", f"software:{VAR}/responder-keys")
RESPONDER_KEYS_PASSPHRASE = environment.key(
    "RESPONDER_KEYS_PASSPHRASE", ROOT, strong=PRODUCTION and not RESPONDER_KEYS.startswith("pkcs11:")
)
# A responder's certificate is renewed by the `ca` workers, for the same key, so many days before it ends.
RESPONDER_RENEW_DAYS = environment.number("RESPONDER_RENEW_DAYS", 90)
# Who may ask for statuses: open, or verifiers. OCSP_VERIFIERS names the function that knows them: `Verifiers` in
# ca/ocsp/access.py. Each answer to one is noted for so many days; 0: it is not.
OCSP_ACCESS = environment.text("OCSP_ACCESS", "open")
OCSP_VERIFIERS = environment.text("OCSP_VERIFIERS", "whitelist.verifiers.known")
# From these addresses or networks alone the header Client-Cert is believed: a proxy that sets it, always. `unix`: from
# whoever comes by the responder's own socket in the file system.
OCSP_PROXIES = environment.text("OCSP_PROXIES")
OCSP_LOG_DAYS = environment.number("OCSP_LOG_DAYS", 0)
# So often each process of the responder notes how many answers it signed with which key.
OCSP_NOTE_SECONDS = environment.decimal("OCSP_NOTE_SECONDS", 600)
# Threads that sign, in each process of the responder: one keeps a core busy; a slow HSM is waited for by several.
OCSP_SIGNING_THREADS = environment.number("OCSP_SIGNING_THREADS", 1)
# So long a request to the responder may take from its first octet to its last; then its connection is ended.
OCSP_REQUEST_SECONDS = environment.decimal("OCSP_REQUEST_SECONDS", 10)
OCSP_KEPT_ANSWERS = environment.number("OCSP_KEPT_ANSWERS", 20_000)  # some 3 kB each, in each process
# For so long a proxy may give an answer to a GET again without asking, also a "good" one; 0: it asks every time.
OCSP_MAX_AGE_SECONDS = environment.number("OCSP_MAX_AGE_SECONDS", 0)
RESPONDER_URL = environment.text("RESPONDER_URL", "http://localhost:8001")
# The phone profiles' policy OIDs are not public (jpki-facts 1.2): settings, by authority organisation.
CA_PHONE_POLICY_OIDS = {
    "signature": environment.text("PHONE_SIGNATURE_POLICY_OID", "1.2.392.200149.8.5.1.0.40"),
    "user_authentication": environment.text("PHONE_USER_AUTHENTICATION_POLICY_OID", "1.2.392.200149.8.5.1.0.50"),
}
# pkilint reads the first certificate of each profile, generation and setting, and of the others this share (0 to 1),
# chosen by serial number. It takes some 4 ms a certificate. The house's own rules read every one.
CA_PKILINT_SHARE = environment.decimal("CA_PKILINT_SHARE", 0.001)
# A worker that died with an issuance in its hands: another goes on with it after this.
CA_LEASE_SECONDS = environment.decimal("CA_LEASE_SECONDS", 10)
# A card certificate takes the phone's with it in its own transaction. In the pretend world the sweep alone does it, so
# that one can see it come.
LINKAGE_AT_ONCE = environment.flag("LINKAGE_AT_ONCE", not SANDBOX)
LINKAGE_SWEEP_SECONDS = environment.decimal("LINKAGE_SWEEP_SECONDS", 15 * 60)
LINKAGE_GRACE_SECONDS = environment.decimal("LINKAGE_GRACE_SECONDS", 0)
# The card certificate behind a new phone certificate is looked at again so long after the issue (realm's clock).
LINKAGE_RECHECK_HOURS = (24, 7 * 24)
LINKAGE_RECHECK_SECONDS = environment.decimal("LINKAGE_RECHECK_SECONDS", 15 * 60)
CRL_PUBLISH_SECONDS = environment.decimal("CRL_PUBLISH_SECONDS", 24 * 3600)
# From thisUpdate to nextUpdate: longer than the interval, so that a day's failure leaves verifiers a list that holds.
CRL_VALIDITY_SECONDS = environment.decimal("CRL_VALIDITY_SECONDS", 2 * CRL_PUBLISH_SECONDS)
if CRL_VALIDITY_SECONDS < CRL_PUBLISH_SECONDS:
    raise SystemExit("CRL_VALIDITY_SECONDS must not be shorter than CRL_PUBLISH_SECONDS")
# The heads of the journals are signed so often, with a key of each realm's own in the authorities' key store.
JOURNAL_SEAL_SECONDS = environment.decimal("JOURNAL_SEAL_SECONDS", 3600)
# Folders outside the database in which the journals are written once more before a key is used (docs/backup.md). Every
# host with a `ca` worker has the same; one of them must not be lost together with the database. Empty: none.
JOURNAL_TRANSCRIPTS = environment.text("JOURNAL_TRANSCRIPTS", f"{VAR}/transcripts").split()
# So often the watch walks what is new in each journal, and as many of the old entries: a round over 100 million takes
# five weeks at these. `manage.py verify_journal` walks all of it at once.
JOURNAL_WATCH_SECONDS = environment.decimal("JOURNAL_WATCH_SECONDS", 600)
JOURNAL_WATCH_ENTRIES = environment.number("JOURNAL_WATCH_ENTRIES", 20_000)
# Who is told of each entry in the transaction that writes it: a function (realm, happenings). Empty: nobody.
JOURNAL_OBSERVER = "sandbox.trace.journalled.observe" if SANDBOX else ""
# What stands before the responder's desk, the nearest first: called with a desk, each gives another.
RESPONDER_DESKS = ["sandbox.faults.responder.FaultyDesk", "sandbox.trace.responder.WatchedDesk"] if SANDBOX else []
if METRICS_DIR:
    RESPONDER_DESKS.append("portal.observing.responder.CountedDesk")
if OTEL_EXPORTER_OTLP_ENDPOINT:
    RESPONDER_DESKS.append("portal.observing.tracing.TracedDesk")
