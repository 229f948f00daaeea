"""What RabbitMQ is given at its start: users, queues, and who may do what, as its definitions file."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from portal.rights import passwords
from portal.rights.processes import PREFIX, processes, role
from portal.rights.queues import exchange, queues

HOST = "jpki"  # the virtual host, in which nothing else is
NOTHING = "^$"


def definitions(words: Mapping[str, str], *, sandbox: bool, host: str = HOST, prefix: str = PREFIX) -> dict[str, Any]:
    """Return the definitions; `words` are the processes' passwords, of which only salted hashes are in it.

    Who neither reads nor writes a queue gets no user.
    """
    known = queues(sandbox=sandbox)
    permissions = rights(sandbox=sandbox)
    durable = {"vhost": host, "durable": True, "auto_delete": False, "arguments": {}}
    return {
        "vhosts": [{"name": host}],
        "users": [
            {
                "name": role(process, prefix),
                "password_hash": passwords.rabbitmq(words[process]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
                "limits": {},
            }
            for process in permissions
        ],
        "permissions": [{"user": role(process, prefix), "vhost": host, **may} for process, may in permissions.items()],
        "exchanges": [{"name": exchange(name), "type": "direct", "internal": False, **durable} for name in known],
        "queues": [{"name": name, **durable} for name in known],
        "bindings": [
            {
                "source": exchange(name),
                "vhost": host,
                "destination": name,
                "destination_type": "queue",
                "routing_key": name,
                "arguments": {},
            }
            for name in known
        ],
    }


def rights(*, sandbox: bool) -> dict[str, dict[str, str]]:
    """Return each user's rights at the broker: what it may make (nothing), send to, and take from, as RabbitMQ's
    regular expressions over whole names."""
    known = queues(sandbox=sandbox)
    found = {}
    for process in processes(sandbox=sandbox):
        reads = [name for name, access in known.items() if process in access.readers]
        writes = [name for name, access in known.items() if process in access.writers]
        if reads or writes:
            found[process] = {"configure": NOTHING, "write": _one_of(map(exchange, writes)), "read": _one_of(reads)}
    return found


def _one_of(names: Iterable[str]) -> str:
    known = sorted(names)
    return f"^({'|'.join(map(re.escape, known))})$" if known else NOTHING
