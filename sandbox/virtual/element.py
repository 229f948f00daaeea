"""A virtual secure element: the card side of GlobalPlatform Card Specification 2.3.1 with SCP03, behind one method.

What it keeps for ever is one registry that is replaced as a whole; what a reset forgets is in its channels. `snapshot`
after a `transmit` is the state after that command, before it the state before: the caller persists it before it hands
the answer on, or an answer could prove something that a power loss then undoes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from secrets import token_bytes
from typing import Final, Self, TypeVar

from sandbox.virtual import access_rules, persistence, secure_channel
from sandbox.virtual.access_rules import AccessRules, Rule
from sandbox.virtual.applet import Applet, Personalisable, Random, Refusal
from sandbox.virtual.chaining import Chain, joined
from sandbox.virtual.channel import Channel, Running, base_class, number_of
from sandbox.virtual.channels import Channels
from sandbox.virtual.make import Identity, Policy, delivery, with_access_rules
from sandbox.virtual.personalisation import ANSWER_EXPECTED
from sandbox.virtual.registry import (
    CARD_LOCKED,
    SECURED,
    TERMINATED,
    Application,
    LoadFileEntry,
    Registry,
    SecurityDomain,
    is_locked,
)
from sandbox.virtual.security_domain import GLOBALPLATFORM, ISO, Transaction
from tsm.globalplatform import commands, status
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed, TlvMalformed
from tsm.globalplatform.scp03 import CardRefusal, CardSession, KeySet
from tsm.globalplatform.scp03.host import INS_EXTERNAL_AUTHENTICATE, INS_INITIALIZE_UPDATE
from tsm.globalplatform.scp03.messaging import has_secure_messaging

ATR: Final = bytes.fromhex("3B80800101")  # T=1, no historical bytes
SELECT_BY_NAME: Final = 0x04

Selectable = SecurityDomain | Application
Result = TypeVar("Result")


class Element:
    """One secure element. Not for several threads at once: a real one answers one command at a time, too."""

    def __init__(
        self,
        identity: Identity,
        policy: Policy,
        registry: Registry,
        *,
        natives: Mapping[bytes, type[Applet]],
        random: Random,
    ) -> None:
        """Use `manufacture` or `restore`."""
        self._identity = identity
        self._policy = policy
        self._registry = registry
        self._natives: Mapping[bytes, type[Applet]] = {access_rules.PACKAGE_AID: AccessRules, **natives}
        self._random = random
        self._channels = Channels(registry, limit=policy.channels)

    @classmethod
    def manufacture(
        cls,
        *,
        iin: bytes,
        cin: bytes,
        isd_keys: KeySet,
        natives: Mapping[bytes, type[Applet]],
        policy: Policy | None = None,
        life_cycle: int = SECURED,
        rules: Sequence[Rule] | None = None,
        random: Random = token_bytes,
    ) -> Self:
        """Return a new element as the issuer delivers it: its own security domain with one key set, nothing else.

        `natives` maps the package AID of a load file to the class that stands for its code. With `rules`, even none,
        the element has an applet for access rules.
        """
        policy = policy or Policy()
        registry = delivery(isd_keys, key_tries=policy.key_tries, life_cycle=life_cycle)
        if rules is not None:
            registry = with_access_rules(registry, rules, random=random)
        return cls(Identity(iin, cin), policy, registry, natives=natives, random=random)

    @classmethod
    def restore(cls, state: bytes, natives: Mapping[bytes, type[Applet]], *, random: Random = token_bytes) -> Self:
        """Return the element whose `snapshot` this was, just powered on; raises persistence.StateUnreadable."""
        identity, policy, registry = persistence.load(state, {access_rules.PACKAGE_AID: AccessRules, **natives})
        return cls(identity, policy, registry, natives=natives, random=random)

    def snapshot(self) -> bytes:
        """Return the persistent state; the same bytes for the same state. Keys are in clear: the caller seals it."""
        return persistence.dump(self._identity, self._policy, self._registry)

    def applet(self, aid: bytes) -> Applet | None:
        """Return the living instance of that name, or None. No reader sees it; a test world's owner may."""
        entry = self._registry.entries.get(aid)
        return entry.applet if isinstance(entry, Application) else None

    def power_on(self) -> bytes:
        """Forget everything volatile and return the ATR."""
        self._channels.reset(self._registry)
        return ATR

    def transmit(self, apdu: bytes) -> bytes:
        """Return the answer to a command APDU; never raises, whatever the bytes."""
        try:
            return self._answer(Command.parse(apdu)).encode()
        except ApduMalformed:
            return Response(b"", status.SW_WRONG_LENGTH).encode()
        except Exception:  # an element answers, whatever happens inside
            return Response(b"", status.SW_UNKNOWN_FAILURE).encode()

    def _answer(self, command: Command) -> Response:
        channel = self._channels.get(number_of(command.cla))
        if command.cla == 0xFF:
            return Response(b"", status.SW_CLASS_NOT_SUPPORTED)
        if channel is None:
            return Response(b"", status.SW_CHANNEL_NOT_SUPPORTED)
        if command.ins == commands.INS_GET_RESPONSE and channel.remaining is not None:
            return channel.cut(channel.remaining, command.le)
        running = channel.interrupt()
        return channel.cut(_guarded(lambda: self._process(channel, command, running)), command.le)

    def _process(self, channel: Channel, command: Command, running: Running) -> Response:
        secured, cla = has_secure_messaging(command.cla), base_class(command.cla)
        chain, channel.chain = channel.chain, None
        card = self._registry.life_cycle
        if card == TERMINATED and command.ins != commands.INS_GET_DATA:
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        if cla == ISO and not secured and command.ins == commands.INS_MANAGE_CHANNEL:
            return self._channels.manage(self._registry, command)
        if cla == ISO and not secured and (command.ins, command.p1) == (commands.INS_SELECT, SELECT_BY_NAME):
            return self._channels.select(channel, self._registry, command, self._policy)
        entry = self._selected(channel)
        if is_locked(entry) or (card in (CARD_LOCKED, TERMINATED) and entry.aid != self._registry.issuer):
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        if cla == GLOBALPLATFORM and not secured and command.ins == INS_INITIALIZE_UPDATE:
            return self._initialize_update(channel, entry, command)
        if cla == GLOBALPLATFORM and secured and command.ins == INS_EXTERNAL_AUTHENTICATE and not channel.session:
            return self._external_authenticate(channel, command)
        if isinstance(entry, SecurityDomain) and cla == GLOBALPLATFORM:
            part = joined(chain, command)
            if isinstance(part, Chain):
                channel.chain = part if channel.session else None
                return Response(b"", status.SW_OK if channel.session else status.SW_SECURITY_STATUS)
            command = part
        return self._in_session(channel, entry, command, running)

    def _selected(self, channel: Channel) -> Selectable:
        entry = self._registry.find(channel.selected)
        if entry is None or isinstance(entry, LoadFileEntry):
            # Never another entry in its place: the session on the channel is not for that one.
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        return entry

    def _in_session(self, channel: Channel, entry: Selectable, command: Command, running: Running) -> Response:
        session = channel.session
        if session is None:
            if has_secure_messaging(command.cla):
                raise Refusal(status.SW_SECURITY_STATUS)
            return self._run(channel, entry, replace(command, cla=base_class(command.cla)), None, running)
        try:
            clear = session.unwrap(command)
        except CardRefusal as refusal:
            raise Refusal(refusal.sw) from refusal
        clear = replace(clear, cla=base_class(clear.cla))
        return session.wrap(_guarded(lambda: self._run(channel, entry, clear, session, running)))

    def _run(
        self,
        channel: Channel,
        entry: Selectable,
        command: Command,
        session: CardSession | None,
        running: Running,
    ) -> Response:
        if isinstance(entry, Application):
            return self._run_applet(entry, command, session)
        transaction = Transaction(
            self._registry,
            entry,
            session,
            running=running,
            storing=channel.storing,
            identity=self._identity,
            policy=self._policy,
            natives=self._natives,
            random=self._random,
            selected=self._channels.selected,
        )
        try:
            response = transaction.run(command)
        except (Refusal, TlvMalformed):
            channel.storing = channel.storing.restarted() if channel.storing else None
            raise
        self._registry, channel.load, channel.listing = transaction.registry, transaction.load, transaction.listing
        if transaction.addressee is not None:
            response = self._personalise(channel, transaction.addressee, command)
        channel.storing = transaction.storing
        return response

    def _personalise(self, channel: Channel, entry: Application, command: Command) -> Response:
        channel.storing = channel.storing.restarted() if channel.storing else None  # where a refusal leaves it
        if not isinstance(entry.applet, Personalisable):
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        applet = entry.applet
        data = self._unless_faulty(entry, lambda: applet.store_data(command))
        if data and not command.p1 & ANSWER_EXPECTED:
            raise Refusal(status.SW_WRONG_P1_P2)
        return Response(data, status.SW_OK)

    def _run_applet(self, entry: Application, command: Command, session: CardSession | None) -> Response:
        secure = session.level if session else None
        return Response(*self._unless_faulty(entry, lambda: entry.applet.process(command, secure=secure)))

    def _unless_faulty(self, entry: Application, call: Callable[[], Result]) -> Result:
        before = entry.applet.state()
        try:
            return call()
        except Refusal:
            raise
        except Exception as error:  # a fault of the applet: back to the state before
            applet = type(entry.applet).restore(before)
            self._registry = self._registry.with_entries(replace(entry, applet=applet))
            if entry.aid in self._channels.selected:
                applet.select()
            raise Refusal(status.SW_UNKNOWN_FAILURE) from error

    def _initialize_update(self, channel: Channel, entry: Selectable, command: Command) -> Response:
        channel.secure = channel.storing = None
        self._registry, channel.secure = secure_channel.initialize_update(
            self._registry, entry, command, identity=self._identity, policy=self._policy, random=self._random
        )
        return Response(channel.secure.session.initialize_update_data, status.SW_OK)

    def _external_authenticate(self, channel: Channel, command: Command) -> Response:
        opening, channel.secure = channel.secure, None
        if opening is None:
            raise Refusal(status.SW_CONDITIONS_OF_USE)
        before = self._registry
        self._registry = secure_channel.take_try(before, opening)
        try:
            self._registry = secure_channel.external_authenticate(
                self._registry, opening, command, key_tries=self._policy.key_tries
            )
        except Refusal as refusal:
            if not secure_channel.is_spent(refusal):
                self._registry = before
            raise
        channel.secure = opening
        return Response(b"", status.SW_OK)


def _guarded(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except Refusal as refusal:
        return Response(b"", refusal.sw)
    except (CardRefusal, TlvMalformed) as error:
        return Response(b"", error.sw if isinstance(error, CardRefusal) else status.SW_WRONG_DATA)
