"""An integrator's service, as small as it gets: a real HTTP server on this machine that writes down who came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Service:
    """`/start` leads to `link` with a cookie; the return address leads to `/in`."""

    url: str = ""
    link: str = ""
    came: list[dict[str, str]] = field(default_factory=list)  # what each callback brought
    cookies: list[str] = field(default_factory=list)  # with which cookies

    @property
    def callback(self) -> str:
        return f"{self.url}/return"


@contextmanager
def serving() -> Iterator[Service]:
    """Serve until the block ends."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            status, headers = 200, {"Content-Type": "text/html"}
            if path == "/start":
                status, headers = 302, {"Location": service.link, "Set-Cookie": "shop=basket; Path=/; HttpOnly"}
            if path == "/elsewhere":
                status, headers = 302, {"Location": "http://localhost:9/"}
            if path == "/return":
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                service.came.append(query)
                service.cookies.append(self.headers.get("Cookie", ""))
                status, headers = 303, {"Location": "/in"}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"welcome" if path == "/in" else b"")

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
