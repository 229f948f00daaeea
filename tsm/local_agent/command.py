"""The agent as a program: its options, what it says at the start, and its two tasks until Ctrl-C."""

import argparse
import sys
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tsm.local_agent import confirmation, readers, troubles
from tsm.local_agent.bridge import PORT, Bridge, Target
from tsm.local_agent.errand import IDLE_SECONDS, Errands, Identity
from tsm.transports import pcsc
from tsm.transports.base import TransportError

DESCRIPTION = (
    "The local agent: lets pages of the site use the card in a reader, once you allow it here, and plays what the TSM "
    "sends into the secure element in another reader. Listens on 127.0.0.1 only. Ctrl-C ends it."
)


class Refused(Exception):
    """The agent can't start; the text says why, and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--identity", type=Path, help="the file that `manage.py register_element` wrote")
    parser.add_argument("--site", default="", help="the site's address (default: the identity's)")
    parser.add_argument("--origin", action="append", default=[], help="a further origin whose pages may ask")
    parser.add_argument("--card-reader", default="", help="the card's reader: its name, or a beginning of it")
    parser.add_argument("--element-reader", default="", help="the element's reader, likewise; it may be the same one")
    parser.add_argument("--port", type=int, default=PORT, help=f"where pages reach the agent (default {PORT})")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds between two questions to the TSM")
    parser.add_argument("--yes", action="store_true", help="allow everything without asking: for tests only")


def main() -> None:
    """Run as `phone-agent`."""
    parser = argparse.ArgumentParser(prog="phone-agent", description=DESCRIPTION)
    add_arguments(parser)
    try:
        run(parser.parse_args())
    except Refused as error:
        sys.exit(f"phone-agent: {error}")


def run(options: argparse.Namespace) -> None:
    """Serve until Ctrl-C; raises Refused."""
    try:
        identity = Identity.read(options.identity) if options.identity else None
        card = readers.choose(options.card_reader, "card")
        element = readers.choose(options.element_reader, "element") if identity else ""
    except (ValueError, TransportError) as error:
        raise Refused(troubles.sentence(error) if isinstance(error, TransportError) else str(error)) from error
    site = options.site or (identity.site if identity else "")
    if not site:
        raise Refused("say whose pages may ask: --site http://…, or --identity FILE")
    targets = {"/card/session": Target("card", partial(readers.card, card), partial(pcsc.insertion, card))}
    if identity is not None:
        open_element = partial(readers.element, element, bytes.fromhex(identity.element))
        targets["/element/session"] = Target("element", open_element, partial(pcsc.insertion, element))
    confirm = confirmation.always if options.yes else confirmation.at_terminal
    try:
        bridge = Bridge(
            targets,
            origins=frozenset(origin(one) for one in (site, *options.origin)),
            confirm=confirm,
            tell=tell,
            port=options.port,
        )
    except OSError as error:
        raise Refused(f"port {options.port} of 127.0.0.1 is taken ({error.strerror}): choose one by --port") from error
    with bridge:
        threading.Thread(target=bridge.serve_forever, name="bridge", daemon=True).start()
        tell(f"Pages of {', '.join(sorted(bridge.origins))} reach the card in {card} at {bridge.url}.")
        stop = threading.Event()
        try:
            if identity is None:
                stop.wait()
            else:
                errands = Errands(identity, open_element, tell=tell)
                tell(f"The element is in {element}; the TSM is asked at {identity.site}.")
                _tell_pages(errands)
                errands.serve(stop, idle=options.idle)
        except KeyboardInterrupt:
            tell("Ended.")
        finally:
            stop.set()
            bridge.shutdown()


def origin(url: str) -> str:
    """Return the origin of an address, as browsers tell it; raises Refused."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{url!r} is no address of a site: write it like http://localhost:8000")
    return f"{parts.scheme}://{parts.netloc}"


def tell(line: str) -> None:
    """Say a line at the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _tell_pages(errands: Errands) -> None:
    try:
        tell(f"Within a minute, open the phone's pages: {errands.page_link()}")
    except httpx.HTTPError as error:
        tell(f"The site gave no link to the phone's pages: {error}")
