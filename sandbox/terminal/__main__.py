"""`python -m sandbox.terminal`: serve a card reader to services until Ctrl-C."""

import argparse
import os
import sys

from sandbox.terminal.reader import Reader
from sandbox.terminal.server import PORT, Terminal, checked


def main() -> int:
    """Parse, listen, serve."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.terminal", description="Serve a PC/SC reader on this machine to services' pages."
    )
    parser.add_argument("--reader", default="", help="the reader's name, or its beginning; without it, the only one")
    parser.add_argument(
        "--service",
        action="append",
        metavar="ADDRESS",
        help="a service that may ask (again for more; default: SAMPLES_URL, or http://localhost:8002)",
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"where pages reach it (default {PORT}, 0: a free one)")
    given = parser.parse_args()
    try:
        services = checked(given.service or [os.environ.get("SAMPLES_URL", "http://localhost:8002")])
        terminal = Terminal(Reader(given.reader), services, port=given.port)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(f"The terminal is at {terminal.url} for {', '.join(sorted(services))}; Ctrl-C ends it.\n")
    sys.stdout.flush()
    try:
        terminal.serve_forever()
    except KeyboardInterrupt:
        sys.stdout.write("Ended.\n")
    finally:
        terminal.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
