"""The test world: its chips, workspaces, webhooks and sample services."""

from portal import environment
from portal.settings.site import LOCAL_SANDBOX, ROOT, VAR

# So long a request of the sandbox's API waits for workers at most, where it is asked to; and for the factory, always.
SANDBOX_WAIT_SECONDS = environment.decimal("SANDBOX_WAIT_SECONDS", 20)
SANDBOX_FACTORY_SECONDS = environment.decimal("SANDBOX_FACTORY_SECONDS", 10)
# Longer than any script takes: a process that died with a chip in its hands gives it back after this.
SANDBOX_SESSION_SECONDS = environment.decimal("SANDBOX_SESSION_SECONDS", 20)
# Longer than any conversation: a phone's app that died in one may be started again after this.
SANDBOX_TALK_SECONDS = environment.decimal("SANDBOX_TALK_SECONDS", 60)
SANDBOX_SEAL_KEY = environment.secret("SANDBOX_SEAL_KEY", ROOT)
# So many of a workspace's last requests to the APIs are kept (docs/api.md).
SANDBOX_INSPECTED_REQUESTS = environment.number("SANDBOX_INSPECTED_REQUESTS", 500)
# So many of a workspace's newest trace events are kept (docs/sandbox-console.md).
SANDBOX_TRACE_EVENTS = environment.number("SANDBOX_TRACE_EVENTS", 5000)
# So many of a workspace's newest sessions of phones driven by API are kept (docs/sandbox-phone.md).
SANDBOX_PHONE_SESSIONS = environment.number("SANDBOX_PHONE_SESSIONS", 500)
# Services beside a site that runs on its own machine are called back there; nobody else's loopback is gone to.
SANDBOX_LOOPBACK = environment.flag("SANDBOX_LOOPBACK", LOCAL_SANDBOX)
# So often conformance runs that were left on their way, or wait for certificates, are gone on with.
SANDBOX_CONFORMANCE_SWEEP_SECONDS = environment.decimal("SANDBOX_CONFORMANCE_SWEEP_SECONDS", 3)
# The demo register's keys, which the sample services read; written once by `manage.py setup`.
SAMPLES_KEYS_DIR = environment.text("SAMPLES_KEYS_DIR", str(VAR / "samples"))
SAMPLES_URL = environment.text("SAMPLES_URL", "http://localhost:8002")

# Webhooks of workspaces (docs/webhooks.md). Whether they may go to this machine itself: where the site is reached from
# nowhere else, the integrator's own program is here, too.
WEBHOOKS_LOOPBACK = environment.flag("WEBHOOKS_LOOPBACK", LOCAL_SANDBOX)
WEBHOOKS_SECONDS = environment.decimal("WEBHOOKS_SECONDS", 10)  # for an attempt, all of it
# So long after each failed attempt comes the next (a fifth more or less); after the last the delivery is given up.
WEBHOOKS_RETRY_SECONDS = [
    float(each)
    for each in environment.text("WEBHOOKS_RETRY_SECONDS", "5 300 1800 7200 18000 36000 50400 72000 86400").split()
]
# Disabled after so long of nothing but failures.
WEBHOOKS_DISABLE_HOURS = environment.decimal("WEBHOOKS_DISABLE_HOURS", 120)
WEBHOOKS_OVERLAP_HOURS = environment.decimal("WEBHOOKS_OVERLAP_HOURS", 24)  # an old secret beside its successor
WEBHOOKS_MOST = environment.number("WEBHOOKS_MOST", 10)  # of a workspace
WEBHOOKS_SWEEP_SECONDS = environment.decimal("WEBHOOKS_SWEEP_SECONDS", 2)
WEBHOOKS_DAYS = environment.number("WEBHOOKS_DAYS", 30)  # events and deliveries are kept
# Rotations of a workspace's keys (docs/sandbox-time.md): so many in a day.
ROTATIONS_A_DAY = environment.number("ROTATIONS_A_DAY", 20)
ROTATIONS_SWEEP_SECONDS = environment.decimal("ROTATIONS_SWEEP_SECONDS", 10)
