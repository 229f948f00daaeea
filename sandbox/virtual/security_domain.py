"""The commands that a security domain answers, each a step from one registry to the next (GPCS chapter 11)."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from sandbox.virtual import deleting, installing, key_management, life_cycle, listing, loading
from sandbox.virtual.applet import Applet, Random, Refusal
from sandbox.virtual.card_data import get_data
from sandbox.virtual.channel import Running
from sandbox.virtual.listing import Listing
from sandbox.virtual.loading import Load
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.registry import CARD_LOCKED, Registry, SecurityDomain
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import CardSession
from tsm.globalplatform.status import (
    SW_CLASS_NOT_SUPPORTED,
    SW_CONDITIONS_OF_USE,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_OK,
    SW_SECURITY_STATUS,
    SW_WRONG_P1_P2,
)

ISO: Final = 0x00
GLOBALPLATFORM: Final = 0x80
NO_RECEIPT: Final = b"\x00"
RELATED: Final = 0x80
MAKE_SELECTABLE: Final = commands.INSTALL_FOR_MAKE_SELECTABLE
# What changes content or keys: refused while the card is locked (GPCS table 11-1).
CONTENT_COMMANDS: Final = frozenset(
    (commands.INS_INSTALL, commands.INS_LOAD, commands.INS_DELETE, commands.INS_PUT_KEY)
)


class Transaction:
    """One command to a security domain.

    `registry`, `load` and `listing` are what the element takes over when `run` returns; when it raises, the registry
    stays as it was and whatever was under way is dropped.
    """

    def __init__(
        self,
        registry: Registry,
        domain: SecurityDomain,
        session: CardSession | None,
        *,
        running: Running,
        identity: Identity,
        policy: Policy,
        natives: Mapping[bytes, type[Applet]],
        random: Random,
        selected: Collection[bytes],
    ) -> None:
        """Take the state before; `selected` are the AIDs selected on any channel."""
        self.registry = registry
        self.load: Load | None = None
        self.listing: Listing | None = None
        self._domain = domain
        self._session = session
        self._running_load, self._running_listing = running
        self._identity = identity
        self._policy = policy
        self._natives = natives
        self._random = random
        self._selected = selected
        self._management: Final[Mapping[int, Callable[[Command], Response]]] = {
            commands.INS_GET_STATUS: self._get_status,
            commands.INS_SET_STATUS: self._set_status,
            commands.INS_INSTALL: self._install,
            commands.INS_LOAD: self._load,
            commands.INS_DELETE: self._delete,
            commands.INS_PUT_KEY: self._put_key,
        }

    def run(self, command: Command) -> Response:
        """Return the answer to a clear command; raises Refusal and TlvMalformed (6A80)."""
        if command.cla not in (ISO, GLOBALPLATFORM):
            raise Refusal(SW_CLASS_NOT_SUPPORTED)
        if command.ins == commands.INS_GET_DATA:
            return self._get_data(command)
        manage = self._management.get(command.ins)
        if manage is None or command.cla != GLOBALPLATFORM:
            raise Refusal(SW_INSTRUCTION_NOT_SUPPORTED)
        self._require_authority()
        if command.ins in CONTENT_COMMANDS and self.registry.life_cycle == CARD_LOCKED:
            raise Refusal(SW_CONDITIONS_OF_USE)
        return manage(command)

    def _require_authority(self) -> None:
        level = self._session.level if self._session else None
        if level is None or level & self._policy.minimum_level != self._policy.minimum_level:
            raise Refusal(SW_SECURITY_STATUS)

    def _get_data(self, command: Command) -> Response:
        tag, value = get_data(
            command.p1 << 8 | command.p2,
            registry=self.registry,
            domain=self._domain,
            identity=self._identity,
            policy=self._policy,
        )
        return Response(value if command.cla == ISO else tlv.encode(tag, value), SW_OK)

    def _get_status(self, command: Command) -> Response:
        data, sw, self.listing = listing.list_entries(self.registry, self._domain, command, self._running_listing)
        return Response(data, sw)

    def _set_status(self, command: Command) -> Response:
        self.registry = life_cycle.set_status(
            self.registry, self._domain, target=command.p1, state=command.p2, aid=command.data
        )
        return Response(b"", SW_OK)

    def _install(self, command: Command) -> Response:
        if command.p2:
            raise Refusal(SW_WRONG_P1_P2)
        match command.p1:
            case commands.INSTALL_FOR_LOAD:
                self.load = loading.begin(self.registry, self._domain, command.data, memory=self._policy.memory)
            case commands.INSTALL_FOR_MAKE_SELECTABLE:
                self.registry = installing.make_selectable(self.registry, self._domain, command.data)
            case p1 if p1 & ~MAKE_SELECTABLE == commands.INSTALL_FOR_INSTALL:
                self.registry = installing.install(
                    self.registry,
                    self._domain,
                    command.data,
                    selectable=bool(p1 & MAKE_SELECTABLE),
                    natives=self._natives,
                    policy=self._policy,
                    random=self._random,
                )
            case _:
                raise Refusal(SW_WRONG_P1_P2)
        return Response(NO_RECEIPT, SW_OK)

    def _load(self, command: Command) -> Response:
        if self._running_load is None:
            raise Refusal(SW_CONDITIONS_OF_USE)
        self.registry, self.load = loading.add_block(
            self.registry, self._running_load, command, natives=self._natives, memory=self._policy.memory
        )
        return Response(b"" if self.load else NO_RECEIPT, SW_OK)

    def _delete(self, command: Command) -> Response:
        if command.p1 or command.p2 & ~RELATED:
            raise Refusal(SW_WRONG_P1_P2)
        if deleting.names_content(command.data):
            self.registry = deleting.delete(
                self.registry,
                self._domain,
                command.data,
                related=bool(command.p2 & RELATED),
                selected=self._selected,
            )
        else:
            self.registry = self.registry.with_entries(key_management.delete_key(self._domain, command.data))
        return Response(NO_RECEIPT, SW_OK)

    def _put_key(self, command: Command) -> Response:
        if self._session is None:
            raise Refusal(SW_SECURITY_STATUS)
        changed, answer = key_management.put_key(
            self._domain,
            p1=command.p1,
            p2=command.p2,
            data=command.data,
            dek=self._session.keys.dek,
            key_tries=self._policy.key_tries,
        )
        self.registry = self.registry.with_entries(changed)
        return Response(answer, SW_OK)
