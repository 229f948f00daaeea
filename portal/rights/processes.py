"""The processes that have rights of their own: the name of each is its unit's, its database role's and its user's."""

from collections.abc import Mapping

PREFIX = "jpki_"  # of the roles' names: a server may serve others, too
OWNER = "owner"

# What each is. Whoever runs several of them in one process gives that process the rights of all.
PROCESSES: Mapping[str, str] = {
    "web": "the site: every page and API; it is what strangers reach",
    "ca": "the queue `ca`: has the authorities' keys",
    "tsm": "the queue `tsm`: has the elements' master key",
    "sweeps": "the queue `sweeps`: what was left behind is woken, what fell is followed; has no secret",
    "notices": "the queue `notices`: mails and letters, and the review's clock",
    "probes": "the queue `probes`: goes to addresses that strangers named; has no secret",
    "workspaces": "the queue `workspaces`: makes the keys of workspaces' responders",
    "beat": "the clock that sends the sweeps; it doesn't read the database",
    "responder": "CRLs and OCSP",
    "ceremony": "the commands by which officers make authorities, hold, release and revoke; it has both key stores",
    "counter": "the command by which the municipalities' system orders cards' certificates; has no secret",
    "reader": "metrics, `manage.py doctor`, the books: reads",
}
# Those of the pretend world, where it is installed.
SANDBOX_PROCESSES: Mapping[str, str] = {
    "phones": "the queue `phones`: virtual phones and their people",
    "factory": "the queue `factory`: where virtual elements get their keys",
}


def processes(*, sandbox: bool) -> Mapping[str, str]:
    """Return the processes, with or without the pretend world's."""
    return {**PROCESSES, **SANDBOX_PROCESSES} if sandbox else PROCESSES


def role(process: str, prefix: str = PREFIX) -> str:
    """Return the name of a process's role in PostgreSQL and of its user at the broker."""
    return prefix + process
