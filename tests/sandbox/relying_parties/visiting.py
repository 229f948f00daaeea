"""The samples' street: their process, and how a visitor and a citizen's phone act there, without JavaScript."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ca.profiles import Medium
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from tests.portal.handoff.citizens import Citizen

ROOT = Path(__file__).resolve().parents[3]
ALL_HOLD = {"signature": "holds", "chain": "holds", "status": "holds", "medium": "holds"}


@dataclass(frozen=True)
class Street:
    """Where the samples are, what they keep, and the port where they look for a reader's terminal."""

    url: str
    folder: Path
    terminal_port: int


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def open_street(folder: Path, jpki_url: str) -> Iterator[Street]:
    """Start the samples beside the system at `jpki_url`."""
    street = Street(f"http://localhost:{free_port()}", folder, free_port())
    environment = {
        "PATH": os.environ["PATH"],
        "JPKI_URL": jpki_url,
        "SAMPLES_URL": street.url,
        "SAMPLES_KEYS_DIR": str(folder),
        "SAMPLES_DATA_DIR": str(folder),
        "TERMINAL_URL": f"http://localhost:{street.terminal_port}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--no-ws",
        "--port",
        street.url.rsplit(":", 1)[1],
    ]
    with (folder / "samples.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "sandbox.relying_parties.wsgi:application"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        for _ in range(300):
            try:
                httpx.get(street.url)
                break
            except httpx.ConnectError:
                assert process.poll() is None, (folder / "samples.log").read_text()
                time.sleep(0.1)
        yield street
    finally:
        process.terminate()
        process.wait(10)


def press(browser: httpx.Client, page: str, action: str, **fields: str) -> httpx.Response:
    """Submit the form of a page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page).text)
    assert token is not None
    return browser.post(
        action, data={"csrfmiddlewaretoken": token[1], **fields}, headers={"Referer": f"{browser.base_url}{page}"}
    )


def hand_off_of(link: str) -> HandOff:
    return hand_offs.by_token(urllib.parse.urlsplit(link).path.split("/")[2])


def answer(link: str, citizen: Citizen, medium: Medium = Medium.PHONE) -> str:
    """Answer as the phone does, through the system's pages; return where it goes back to at the service."""
    with httpx.Client() as phone:
        assert phone.get(link).status_code == 200
        went_on = answered(phone, link, citizen, medium)
        back = phone.get(urllib.parse.urljoin(link, went_on))
    assert back.status_code == 302, back.text
    return back.headers["Location"]


def answered(phone: httpx.Client, link: str, citizen: Citizen, medium: Medium = Medium.PHONE) -> str:
    response = phone.post(
        f"{link}answer",
        json=citizen.posted(hand_off_of(link), medium),
        headers={"X-CSRFToken": phone.cookies["jpki_csrf"]},
    )
    assert response.status_code == 200, response.text
    return str(response.json()["return_url"])


def sign_in(
    browser: httpx.Client, citizen: Citizen, place: str = "bank", medium: Medium = Medium.PHONE
) -> httpx.Response:
    """Sign in at the service below `/<place>/` by link, and go on to where it leads."""
    asked = press(browser, f"/{place}/", f"/{place}/sign-in", way="browser")
    assert asked.status_code == 302, asked.text
    return browser.get(answer(asked.headers["Location"], citizen, medium), follow_redirects=True)


def four_lines(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'data-check="(\w+)" data-outcome="(\w+)"', page.text))
