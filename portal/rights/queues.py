"""The broker's queues: who reads each, and who may write to it. Nothing else is there, and nobody may make anything.

Each queue has an exchange of its own, since RabbitMQ's right to write is to an exchange: whoever may write to its
default exchange may write to every queue. Their names differ, since who may write to a queue's own name may have
others' messages copied into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """The processes that take messages from a queue, and those that send to it."""

    readers: frozenset[str]
    writers: frozenset[str]


def _access(reader: str, writers: str) -> Access:
    return Access(frozenset({reader}), frozenset(writers.split()))


# Found by running the tests and the system: who sends what is who needs it. `beat` sends what its schedule says.
QUEUES: Mapping[str, Access] = {
    # Requests to issue, lists to publish, the register to sign.
    "ca": _access("ca", "web ca tsm sweeps notices workspaces beat ceremony counter"),
    # An element to go on with: a worker that finds it held sends again. And old legs to be emptied, by the clock.
    "tsm": _access("tsm", "web ca tsm sweeps beat"),
    "sweeps": _access("sweeps", "beat"),
    "notices": _access("notices", "beat"),
    # Probes that were asked for, or are due; the site's own names, each night.
    "probes": _access("probes", "web sweeps beat"),
    # The keys of a workspace, by whoever asks for one, and again by the sweep.
    "workspaces": _access("workspaces", "web notices"),
}
SANDBOX_QUEUES: Mapping[str, Access] = {
    "ca": _access("ca", "phones factory"),
    "tsm": _access("tsm", "phones factory"),
    "sweeps": _access("sweeps", ""),
    "notices": _access("notices", ""),
    "probes": _access("probes", "notices phones"),
    "workspaces": _access("workspaces", "phones"),
    "phones": _access("phones", "web ca tsm sweeps notices probes workspaces phones factory beat"),
    "factory": _access("factory", "web ca phones factory"),
}


# They ask how many messages wait, for which a user is enough: they take none and send none.
COUNTING = frozenset({"reader"})


def exchange(queue: str) -> str:
    """Return the name of the exchange through which messages come into a queue, and into no other."""
    return f"to-{queue}"


def queues(*, sandbox: bool) -> Mapping[str, Access]:
    """Return the queues, with or without what the pretend world adds."""
    if not sandbox:
        return QUEUES
    nobody = Access(frozenset(), frozenset())
    return {
        name: Access(more.readers, more.writers | QUEUES.get(name, nobody).writers)
        for name, more in SANDBOX_QUEUES.items()
    }
