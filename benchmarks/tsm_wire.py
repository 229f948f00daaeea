"""What the wire costs: SCP03 wrapping against raw AES-CMAC of the same bytes, and an APDU's way through pcscd.

    make bench-tsm
    python -m benchmarks.tsm_wire [--rounds 15] [--apdus 500]

A command of 200 bytes at level 33 is wrapped by the host and its answer unwrapped, in one thread; beside it the
library's AES-CMAC is computed over the bytes that the command's MAC covers, one call each. By turns, the median of the
rounds' ratios: the machine's other work falls on both. Through pcscd, a virtual card answers SELECT and a READ
BINARY of 256 bytes over vpcd, and the same card answers the same commands when called directly: the difference is the
way there and back. It needs what the `pcsc` tests need; without it that half is left out, and said so.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import report

COMMANDS = 400  # a round and way
DATA = bytes(range(200))
BAR = 1.0  # ms an APDU


def main() -> None:
    """Measure both halves and tell."""
    parser = argparse.ArgumentParser(description="SCP03 against AES-CMAC, and the latency of PC/SC")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--apdus", type=int, default=500, help="through pcscd")
    parser.add_argument("--through", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.through:
        sys.stdout.write(json.dumps(_through(chosen.through, chosen.apdus)))
        return
    figures: dict[str, Any] = {"scp03": scp03(chosen.rounds)}
    report.table("SCP03, level 33, 200 bytes, one core", figures["scp03"]["per_second"], "a second")
    report.table("against raw AES-CMAC of the same bytes", figures["scp03"]["of_cmac"], "ratio")
    bars = {}
    found = figures["pcsc"] = pcsc(chosen.apdus)
    if found:
        report.table("an APDU through pcscd", found, "ms")
        slowest = max(found["SELECT, median"], found["READ BINARY 256, median"])
        bars[f"PC/SC: under {BAR:.0f} ms an APDU"] = slowest < BAR
    report.keep("tsm_wire", figures, bars)


def scp03(rounds: int) -> dict[str, Any]:
    """Return how often a second, and as a share of the library's AES-CMAC."""
    from tsm.globalplatform.apdu import Command, Response
    from tsm.globalplatform.scp03.messaging import cmac

    command, response = Command(0x80, 0xE2, 0x88, 0x00, DATA), Response(DATA, 0x9000)
    seconds: dict[str, list[float]] = {}

    def timed(what: str, work: Callable[[], object]) -> None:
        begin = time.perf_counter()
        work()
        seconds.setdefault(what, []).append(time.perf_counter() - begin)

    for _ in range(rounds):
        host, card = _pair()
        wrapped: list[Command] = []
        timed("wrap", lambda h=host, out=wrapped: out.extend(h.wrap(command) for _ in range(COMMANDS)))  # type: ignore[misc]
        answers = []
        for one in wrapped:
            card.unwrap(one)
            answers.append(card.wrap(response).encode())
        # Chaining value, header and length, data as sent: what a C-MAC covers; an R-MAC's bytes are as many.
        covered = bytes(16) + wrapped[0].header + b"\x00" + wrapped[0].data[:-8]
        timed("AES-CMAC", lambda over=covered: [cmac(bytes(16), over) for _ in range(COMMANDS)])  # type: ignore[misc]
        timed("unwrap", lambda h=host, told=answers: [h.unwrap(one) for one in told])  # type: ignore[misc]
    ratios = {
        what: statistics.median(mac / own for mac, own in zip(seconds["AES-CMAC"], seconds[what], strict=True))
        for what in ("wrap", "unwrap")
    }
    return {
        "per_second": {what: COMMANDS / statistics.median(each) for what, each in seconds.items()},
        "of_cmac": ratios,
    }


def _pair() -> tuple[Any, Any]:
    """Return both ends of an open session."""
    from tsm.globalplatform import commands
    from tsm.globalplatform.scp03 import CardSession, HostSession, KeySet, card_challenge

    keys = KeySet(bytes([1]) * 16, bytes([2]) * 16, bytes([3]) * 16, 0x30)
    aid = commands.ISSUER_SECURITY_DOMAIN_AID
    host = HostSession.planned(keys, host_challenge=bytes(8), sequence_counter=1, aid=aid)
    card = CardSession(
        keys,
        parameter=0x70,
        key_diversification_data=bytes(10),
        host_challenge=bytes(8),
        card_challenge=card_challenge(keys.enc, 1, aid),
        sequence_counter=1,
    )
    host.initialize_update()
    host.check_initialize_update(card.initialize_update_data + b"\x90\x00")
    card.external_authenticate(host.external_authenticate())
    host.check_external_authenticate(b"\x90\x00")
    return host, card


def pcsc(apdus: int) -> dict[str, float]:
    """Return milliseconds an APDU through pcscd and called directly; empty where there is no pcscd."""
    from sandbox.virtual.card import MyNumberCard
    from tests.pcsc import conftest
    from tsm import jpki
    from tsm.jpki import File

    reason = conftest.missing()
    if reason:
        report.say(f"PC/SC is left out: {reason}")
        return {}
    card = MyNumberCard.manufacture(authentication_pin="1234", signature_password="ABC123")  # noqa: S106  (of a card that is thrown away)
    card.write_certificates({File.AUTHENTICATION_CA_CERTIFICATE: bytes.fromhex("308203FC") + bytes(1020)})
    select = [jpki.select_application().encode(), jpki.select_file(File.AUTHENTICATION_CA_CERTIFICATE).encode()]
    read = jpki.read_binary(0).encode()
    found: dict[str, float] = {}
    card.power_on()
    for name, figure in _timed(card, select, read, apdus).items():
        found[f"{name}, called directly, median"] = figure["median"]
    with (
        tempfile.TemporaryDirectory(prefix="jpki-bench-") as folder,
        conftest.daemon(Path(folder), "/dev/null") as at,
        conftest.inserted(at, card),
    ):
        # In a process of its own, as a reader's user is: the card answers here.
        command = [sys.executable, "-m", "benchmarks.tsm_wire", "--through", at.name, "--apdus", str(apdus)]
        said = subprocess.run(command, check=True, stdout=-1, env=os.environ.copy())  # noqa: S603
    through: dict[str, dict[str, float]] = json.loads(said.stdout)
    for name, figure in through.items():
        found |= {f"{name}, {kind}": value for kind, value in figure.items()}
    return found


def _through(reader: str, apdus: int) -> dict[str, dict[str, float]]:
    from tsm import jpki
    from tsm.jpki import File
    from tsm.transports.pcsc import PcscTransport

    select = [jpki.select_application().encode(), jpki.select_file(File.AUTHENTICATION_CA_CERTIFICATE).encode()]
    with PcscTransport.connect(reader) as transport:
        return _timed(transport, select, jpki.read_binary(0).encode(), apdus)


def _timed(card: Any, select: list[bytes], read: bytes, apdus: int) -> dict[str, dict[str, float]]:
    found = {}
    for name, apdu in (("SELECT", select[0]), ("READ BINARY 256", read)):
        for one in select:
            card.transmit(one)
        times = []
        for _ in range(apdus):
            begin = time.perf_counter()
            answer = card.transmit(apdu)
            times.append(1000 * (time.perf_counter() - begin))
            if answer[-2:] != b"\x90\x00":
                raise SystemExit(f"{name} was answered with {answer[-2:].hex()}")
        times.sort()
        found[name] = {"median": statistics.median(times), "99 of 100": times[int(0.99 * len(times))]}
    return found


if __name__ == "__main__":
    main()
