"""The headless sandbox: there in a moment, whole, and gone without a trace."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from portal.supervision import folder
from portal.supervision.child import end_all

pytestmark = pytest.mark.running

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90


@dataclass
class Started:
    """A headless sandbox of ours: what it told, its data folder, its launcher."""

    told: dict[str, Any]
    var: Path
    popen: subprocess.Popen[bytes]
    ready_file: Path

    def token(self) -> str:
        """Return a token for the key that was told."""
        now = int(time.time())
        claims = {"iss": self.told["client_id"], "sub": self.told["client_id"], "aud": self.told["token_endpoint"]}
        claims |= {"iat": now, "exp": now + 60, "jti": os.urandom(8).hex()}  # type: ignore[dict-item]
        signed = jwt.encode(claims, self.told["private_key"], "ES256", headers={"kid": self.told["key_id"]})
        answer = httpx.post(
            self.told["token_endpoint"],
            json={
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": signed,
            },
        )
        return str(answer.json()["access_token"])

    def processes(self) -> list[int]:
        """Return the numbers of everything that was started."""
        return list(json.loads(folder.state_file(self.var).read_text())["processes"].values())


def command(*options: str) -> list[str]:
    return [sys.executable, "manage.py", "sandbox", *options]


def begin(tmp_path: Path) -> Started:
    """Start one whose data folder is in `tmp_path`, and wait until it is ready."""
    ready = tmp_path / "ready.json"
    environment = os.environ | {
        "TMPDIR": str(tmp_path),
        "VAR_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    popen = subprocess.Popen(
        command("--ephemeral", "--port", "0", "--ready-file", str(ready)), cwd=ROOT, env=environment
    )
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        assert popen.poll() is None, "it ended before it was ready"
        assert time.monotonic() < deadline, "it is never ready"
        time.sleep(0.05)
    told = json.loads(ready.read_text())
    var = next(found for found in tmp_path.glob("jpki-sandbox-*") if folder.state_file(found).exists())
    return Started(told, var, popen, ready)


def gone(number: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def headless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    started = begin(tmp_path_factory.mktemp("headless"))
    yield started
    end_all([started.popen], seconds=20)


def test_a_service_may_ask_at_once(headless: Started) -> None:
    answer = httpx.post(
        f"{headless.told['api']}/handoffs",
        headers={"Authorization": f"Bearer {headless.token()}"},
        json={
            "purpose": "user_authentication",
            "return_url": headless.told["callback_urls"][0],
            "code_challenge": "x" * 43,
        },
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["link"].startswith(headless.told["url"])
    realm = headless.told["realm"]
    assert httpx.get(f"{headless.told['responder']}/authority/{realm}/signature.cer").status_code == 200
    assert httpx.get(headless.told["url"]).status_code == 200


def test_what_it_told_is_its_owners_alone(headless: Started) -> None:
    assert headless.ready_file.stat().st_mode & 0o077 == 0
    assert not (headless.var / "workspace.json").exists()


def test_nothing_is_left_by_one_that_was_told_to_end_nor_in_the_end_by_one_that_was_killed(tmp_path: Path) -> None:
    killed = begin(tmp_path)
    numbers = killed.processes()
    assert len(numbers) >= 4
    killed.popen.kill()
    killed.popen.wait()
    assert all(map(gone, numbers)), "the processes end with whoever started them"
    assert killed.var.exists()
    killed.ready_file.unlink()

    following = begin(tmp_path)
    try:
        assert not killed.var.exists()
        numbers = following.processes()
    finally:
        following.popen.send_signal(signal.SIGTERM)
        assert following.popen.wait(30) == 0
    assert list(tmp_path.iterdir()) == []
    assert all(map(gone, numbers))
    with pytest.raises(httpx.ConnectError):
        httpx.get(following.told["url"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "say --ephemeral"),
        (("--ephemeral", "--port", "70000"), "--port must be"),
        (("--ephemeral", "--ready-file", "/nowhere/at/all/ready.json"), "there is no folder /nowhere/at/all"),
    ],
)
def test_what_it_is_told_wrong_is_named(options: tuple[str, ...], said: str) -> None:
    done = subprocess.run(command(*options), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
