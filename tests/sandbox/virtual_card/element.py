"""A phone's secure element with the JPKI applet in it, and the TSM's session with that applet."""

from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from tests.sandbox.virtual_card.throwaway import ca_certificate, certificate
from tsm import jpki
from tsm.globalplatform import commands, loadfile
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import HostSession, KeySet
from tsm.transports.chaining import Chaining

NATIVES = {jpki.PACKAGE_AID: JpkiApplet}
KEYS = KeySet(enc=bytes([1]) * 16, mac=bytes([2]) * 16, dek=bytes([3]) * 16, version=0x30)
LOAD_FILE = loadfile.build(jpki.PACKAGE_AID, version=(1, 0), modules=[jpki.AID], code=bytes(600))


class Session:
    """A session at level 33 with whatever application has this AID, every answer checked."""

    def __init__(self, element: Element, aid: bytes, counter: int) -> None:
        self._wire = Chaining(element)
        assert self._wire.transmit(commands.select(aid).encode())[-2:] == b"\x90\x00"
        self._session = HostSession.planned(KEYS, host_challenge=bytes(8), sequence_counter=counter, aid=aid)
        self._session.check_initialize_update(self._wire.transmit(self._session.initialize_update().encode()))
        authenticated = self._wire.transmit(self._session.external_authenticate().encode())
        self._session.check_external_authenticate(authenticated)

    def send(self, command: Command) -> Response:
        return self._session.unwrap(self._wire.transmit(self._session.wrap(command).encode()))


def delivered() -> Element:
    """Return an element with the applet installed under its issuer's domain, nothing personalised."""
    element = Element.manufacture(iin=b"\x42" * 8, cin=b"\x01" * 10, isd_keys=KEYS, natives=NATIVES)
    element.power_on()
    session = Session(element, commands.ISSUER_SECURITY_DOMAIN_AID, counter=1)
    for command in (
        commands.install_for_load(jpki.PACKAGE_AID),
        *commands.load_blocks(LOAD_FILE),
        commands.install_for_install_and_make_selectable(jpki.PACKAGE_AID, jpki.AID, jpki.AID),
    ):
        assert session.send(command).ok
    return element


def personalised() -> Element:
    """Return an element with both keys and four certificates in the applet; its passwords are not set."""
    element = delivered()
    session = Session(element, jpki.AID, counter=2)
    for key in jpki.Key:
        challenge = bytes([key]) * 32
        public_key = jpki.public_key_from_7f49(session.send(jpki.generate_key_pair(key)).data)
        jpki.check_proof(key, public_key, challenge, session.send(jpki.prove_possession(key, challenge)).data)
        for file, der in (
            (key.certificate_file, certificate(public_key, key.name)),
            (key.ca_certificate_file, ca_certificate(f"{key.name} CA")),
        ):
            for command in (jpki.select_file_in_session(file), *jpki.update_binary(der)):
                assert session.send(command).ok
            assert b"".join(session.send(command).data for command in jpki.read_back(len(der))) == der
    return element
