"""A phone held to a reader: the applet alone answers, as the phone shows it over NFC."""

from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki import JpkiApplet
from tests.sandbox.virtual_card.throwaway import ca_certificate, certificate
from tsm import jpki
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed
from tsm.globalplatform.scp03 import SecurityLevel


def install() -> JpkiApplet:
    return JpkiApplet.install(instance_aid=jpki.AID, parameters=b"", random=bytes)


def in_session(applet: JpkiApplet, command: Command) -> Response:
    """Send a command as the element does in a session at level 33."""
    return _process(applet, command, SecurityLevel(0x33))


def personalise(applet: JpkiApplet) -> None:
    """Do what the TSM does: keys, then certificates."""
    for key in jpki.Key:
        public_key = jpki.public_key_from_7f49(in_session(applet, jpki.generate_key_pair(key)).data)
        written = {key.certificate_file: certificate(public_key, key.name)}
        written[key.ca_certificate_file] = ca_certificate(f"{key.name} CA")
        for file, der in written.items():
            for command in (jpki.select_file_in_session(file), *jpki.update_binary(der)):
                assert in_session(applet, command).ok


class PhoneInField:
    """The applet behind power and SELECT; its ATR is not the card's."""

    def __init__(self, applet: JpkiApplet) -> None:
        self.applet = applet
        self._selected = False

    def power_on(self) -> bytes:
        self._selected = False
        self.applet.deselect()
        return bytes.fromhex("3B80800101")

    def transmit(self, apdu: bytes) -> bytes:
        try:
            command = Command.parse(apdu)
        except ApduMalformed:
            return b"\x67\x00"
        if (command.ins, command.p1) == (0xA4, 0x04):
            if command.data != jpki.AID:
                return b"\x6a\x82"
            self._selected = True
            self.applet.select()
            return b"\x90\x00"
        if not self._selected:
            return b"\x6d\x00"
        return _process(self.applet, command, None).encode()


def _process(applet: JpkiApplet, command: Command, level: SecurityLevel | None) -> Response:
    try:
        return Response(*applet.process(command, secure=level))
    except Refusal as refusal:
        return Response(b"", refusal.sw)
