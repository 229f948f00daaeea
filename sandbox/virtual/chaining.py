"""Commands in several parts: INSTALL, DELETE, PUT KEY whose P1 says that more comes (GPCS 11.1.5; Amendment D 6.2.4).

The parts are joined before anything looks at them: there is one C-MAC, and one encryption, over the whole.
"""

from dataclasses import dataclass, replace
from typing import Final

from sandbox.virtual.applet import Refusal
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.status import SW_CONDITIONS_OF_USE, SW_WRONG_P1_P2

MORE: Final = 0x80
INSTRUCTIONS: Final = frozenset((commands.INS_INSTALL, commands.INS_DELETE, commands.INS_PUT_KEY))
LONGEST: Final = 0x0FFF


@dataclass(frozen=True)
class Chain:
    """The parts that have come, with the class and instruction that all of them have."""

    cla: int
    ins: int
    data: bytes = b""


def joined(chain: Chain | None, command: Command) -> Chain | Command:
    """Return the chain with this part when more comes, else the whole command.

    Raises Refusal 6985 (a part of another command), 6A86 (too long).
    """
    if chain is not None and (chain.cla, chain.ins) != (command.cla, command.ins):
        raise Refusal(SW_CONDITIONS_OF_USE)
    if command.ins not in INSTRUCTIONS:
        return command
    data = (chain.data if chain else b"") + command.data
    if len(data) > LONGEST:
        raise Refusal(SW_WRONG_P1_P2)
    if command.p1 & MORE:
        return Chain(command.cla, command.ins, data)
    return replace(command, data=data)
