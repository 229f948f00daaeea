"""The next keys of a security domain: put beside the present ones, proved by opening a channel, and only then in their
place. Power may be lost at any moment: one set of the two always opens the domain, and it is known which to try.
"""

from tsm.globalplatform import commands
from tsm.globalplatform.scp03 import KeySet
from tsm.sections import Channel, Section, Step

# GPCS 11.2.2.2: deleted before. That the new set works, the channel has proved already.
GONE = frozenset({0x9000, 0x6A88})


def add(target: bytes, via: Channel, new: KeySet) -> Section:
    """Return the section that puts a key set into a domain beside the present one (PUT KEY with P1 00)."""
    return Section("add_keys", target, (Step("put_key", commands.put_key(new, dek=via.keys.dek)),), via)


def drop(target: bytes, via: Channel, version: int) -> Section:
    """Return the section that, over a channel of the new keys, deletes those of `version` and reads which are left."""
    return Section(
        "drop_keys",
        target,
        (
            Step("delete", commands.delete_key(version), accept=GONE),
            Step("keys", commands.get_data(commands.TAG_KEY_INFORMATION)),
        ),
        via,
    )
