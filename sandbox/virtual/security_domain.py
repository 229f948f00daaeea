"""The commands that a security domain answers, each a step from one registry to the next (GPCS chapter 11)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from sandbox.virtual import (
    authorisation,
    deleting,
    extradition,
    installing,
    key_management,
    life_cycle,
    listing,
    loading,
    orders,
    personalisation,
    receipts,
)
from sandbox.virtual.applet import Applet, Random, Refusal
from sandbox.virtual.card_data import get_data
from sandbox.virtual.channel import Running
from sandbox.virtual.listing import Listing
from sandbox.virtual.loading import Load
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.orders import Order
from sandbox.virtual.personalisation import Storing
from sandbox.virtual.receipts import NO_RECEIPT
from sandbox.virtual.registry import CARD_LOCKED, Application, Registry, SecurityDomain
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import CardSession
from tsm.globalplatform.status import (
    SW_CLASS_NOT_SUPPORTED,
    SW_CONDITIONS_OF_USE,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_OK,
    SW_SECURITY_STATUS,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

ISO: Final = 0x00
GLOBALPLATFORM: Final = 0x80
RELATED: Final = 0x80
INSTALLATIONS: Final = frozenset(
    (
        (commands.INSTALL_FOR_LOAD, 0),
        (commands.INSTALL_FOR_INSTALL, 0),
        (commands.INSTALL_FOR_MAKE_SELECTABLE, 0),
        (commands.INSTALL_FOR_INSTALL | commands.INSTALL_FOR_MAKE_SELECTABLE, 0),
        (commands.INSTALL_FOR_LOAD_INSTALL_AND_MAKE_SELECTABLE, commands.COMBINED_FIRST),
        (commands.INSTALL_FOR_LOAD_INSTALL_AND_MAKE_SELECTABLE, commands.COMBINED_LAST),
        (commands.INSTALL_FOR_EXTRADITION, 0),
        (commands.INSTALL_FOR_PERSONALIZATION, 0),
        (commands.INSTALL_FOR_REGISTRY_UPDATE, 0),
    )
)
# What changes content or keys: refused while the card is locked (GPCS table 11-1).
CONTENT_COMMANDS: Final = frozenset(
    (commands.INS_INSTALL, commands.INS_LOAD, commands.INS_DELETE, commands.INS_PUT_KEY, commands.INS_STORE_DATA)
)


class Transaction:
    """One command to a security domain.

    `registry`, `load`, `listing` and `storing` are what the element takes over when `run` returns; when it raises, the
    registry stays as it was, and whatever was under way is dropped or begins anew. `addressee` is the application that
    the command is for, when it is STORE DATA in a personalization session.
    """

    def __init__(
        self,
        registry: Registry,
        domain: SecurityDomain,
        session: CardSession | None,
        *,
        running: Running,
        storing: Storing | None,
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
        self.storing = storing
        self.addressee: Application | None = None
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
            commands.INS_STORE_DATA: self._store_data,
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
            level=self._session.level if self._session else None,
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
        if (command.p1, command.p2) not in INSTALLATIONS:
            raise Refusal(SW_WRONG_P1_P2)
        order = orders.installation(command)
        if command.p1 == commands.INSTALL_FOR_PERSONALIZATION:
            self.storing = personalisation.begin(self.registry, self._domain, order)
            return Response(NO_RECEIPT, SW_OK)
        if command.p2 == commands.COMBINED_FIRST:
            return self._install_for_load(order)
        if command.p2 == commands.COMBINED_LAST:
            return self._finish_combined(order)
        if command.p1 == commands.INSTALL_FOR_LOAD:
            return self._install_for_load(order)
        delegated = self._authorise(order)
        match command.p1:
            case commands.INSTALL_FOR_MAKE_SELECTABLE:
                self.registry, done = installing.make_selectable(self.registry, self._domain, order)
            case commands.INSTALL_FOR_EXTRADITION:
                self.registry, done = extradition.extradite(self.registry, self._domain, order)
            case commands.INSTALL_FOR_REGISTRY_UPDATE:
                self.registry, done = extradition.update(self.registry, self._domain, order)
            case _:
                self.registry, done = self._installed(order)
        return self._confirmed(order, done, delegated)

    def _install_for_load(self, order: Order) -> Response:
        # In the combined process the token comes with the last command and is for both.
        combined = order.p2 == commands.COMBINED_FIRST
        if combined and order.token:
            raise Refusal(SW_WRONG_DATA)
        if combined:
            authorisation.require_manager(self.registry, self._domain, order.right)
        delegated = not combined and self._authorise(order)
        self.load = loading.begin(self.registry, self._domain, order, delegated=delegated, memory=self._policy.memory)
        return Response(NO_RECEIPT, SW_OK)

    def _finish_combined(self, order: Order) -> Response:
        load = self._running_load
        if load is None or not load.combined or not load.complete:
            raise Refusal(SW_CONDITIONS_OF_USE)
        order = replace(order, before=load.order.signed)
        delegated = self._authorise(order)
        if delegated and not load.block_hash:
            raise Refusal(SW_WRONG_DATA)
        self.registry = loading.committed(self.registry, load, self._natives)
        self.registry, done = self._installed(order)
        return self._confirmed(order, done + tlv.encode_fields(load.domain), delegated)

    def _installed(self, order: Order) -> tuple[Registry, bytes]:
        return installing.install(
            self.registry, self._domain, order, natives=self._natives, policy=self._policy, random=self._random
        )

    def _authorise(self, order: Order) -> bool:
        self.registry, delegated = authorisation.authorise(
            self.registry, self._domain, order, identity=self._identity, policy=self._policy
        )
        return delegated

    def _confirmed(self, order: Order, done: bytes, delegated: bool) -> Response:
        answer = NO_RECEIPT
        if delegated:
            self.registry, answer = receipts.confirmation(
                self.registry, self._domain, order, done, identity=self._identity
            )
        return Response(answer, SW_OK)

    def _load(self, command: Command) -> Response:
        if self._running_load is None:
            raise Refusal(SW_CONDITIONS_OF_USE)
        self.registry, self.load = loading.add_block(
            self.registry, self._running_load, command, natives=self._natives, memory=self._policy.memory
        )
        if self.load is not None:
            return Response(NO_RECEIPT if self.load.complete else b"", SW_OK)
        return self._confirmed(self._running_load.order, self._running_load.done, self._running_load.delegated)

    def _delete(self, command: Command) -> Response:
        if command.p1 or command.p2 & ~RELATED:
            raise Refusal(SW_WRONG_P1_P2)
        if not deleting.names_content(command.data):
            self.registry = self.registry.with_entries(key_management.delete_key(self._domain, command.data))
            return Response(NO_RECEIPT, SW_OK)
        order = orders.deletion(command)
        delegated = self._authorise(order)
        self.registry, done = deleting.delete(
            self.registry, self._domain, order, related=bool(command.p2 & RELATED), selected=self._selected
        )
        return self._confirmed(order, done, delegated)

    def _store_data(self, command: Command) -> Response:
        storing = self.storing or Storing()
        self.storing = storing.restarted() if storing.target else None  # what stays after an error
        after = storing.after(command)
        if storing.target:
            self.addressee = personalisation.application(self.registry, self._domain, storing.target)
        elif after is None and self._session is not None:
            changed = personalisation.stored(
                self._domain,
                storing.received + command.data,
                p1=command.p1,
                dek=self._session.keys.dek,
                key_tries=self._policy.key_tries,
            )
            self.registry = self.registry.with_entries(changed)
        self.storing = after
        return Response(b"", SW_OK)

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
