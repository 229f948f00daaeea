"""Citizens for a trial: cards ordered at a counter, phones from the maker's side, and a host on which they are used."""

import json
import secrets
import time
import uuid
from typing import Any

from tests.ca.counter import HANAKO
from tests.trial.hosts import Host
from tests.trial.page import ROOT
from tests.trial.walking import Deployment, tell_names

SITE = "https://site.jpki.example"
IIN = "9999990003"
COUNTER = "jpki-manage counter order_cards --realm production"
# As a maker does it who was given the element's own keys; the masters stay where they are.
PHONE = """
import json
from ca.models import Realm
from tsm import keysets, registering
iin, cin = bytes.fromhex("{iin}"), bytes.fromhex("{cin}")
made = registering.add(Realm.objects.get(slug="production"), "sakura-8", iin, cin)
keys = keysets.issuer(iin + cin)
print("made", json.dumps({{"phone": str(made.phone.reference), "token": made.token, "keys": {{
    "enc": keys.enc.hex(), "mac": keys.mac.hex(), "dek": keys.dek.hex(), "version": keys.version}}}}))
"""


class People:
    """The host on which cards and phones are, and what they do."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.host: Host = deployment.trial.boot("phones.internal")
        tell_names(deployment.trial)
        # A phone believes what its maker put there; here, the trial's own public authority.
        believed = (deployment.trial.folder / "public/internal-ca.pem").read_text()
        bundles = [
            *ROOT.glob(".venv/lib/python3*/site-packages/certifi/cacert.pem"),
            "/etc/ssl/certs/ca-certificates.crt",
        ]
        for bundle in bundles:
            with self.host.path(str(bundle)).open("a") as file:
                file.write(believed)

    def newcomer(self, name: str) -> dict[str, str]:
        """Give somebody a card with both certificates, and a registered phone; return the card's serial numbers."""
        cin = secrets.token_hex(8)
        made = told(self.python("work1", "tsm", PHONE.format(iin=IIN, cin=cin)), "made")
        keys = self.run(f"{name} make {IIN} {cin} '{json.dumps(made.pop('keys'))}'")
        issued = self._ordered(f"{name}-{cin}", keys)
        state = self.host.path(f"/root/{name}.json")
        known = json.loads(state.read_text()) | made | {"certificate": issued["signature"]["certificate"]}
        state.write_text(json.dumps(known))
        return {purpose: issued[purpose]["serial_number"] for purpose in keys}

    def _ordered(self, order: str, requests: dict[str, str]) -> dict[str, Any]:
        """Order a card's certificates for a newcomer at the counter, and wait for them; return what came of it."""
        line = json.dumps({"order": order, **HANAKO, "holder": str(uuid.uuid4()), **requests}, ensure_ascii=False)
        said = self._deployment.on("work1", f"{COUNTER} --counter 'a desk' <<'END'\n{line}\nEND")
        assert f"order {order}: the holder is new" in said, said
        for _ in range(40):
            told: dict[str, Any] = json.loads(
                self._deployment.on("work1", f"{COUNTER} --issued {order}").splitlines()[-1]
            )
            if told["state"] == "issued":
                return told
            assert told["state"] == "asked", told
            time.sleep(1)
        raise AssertionError(f"{order} was not issued")

    def does(self, name: str, what: str) -> dict[str, str]:
        """Let somebody do something with card or phone; return what came of it."""
        return self.run(f"{name} {what} {SITE}")

    def run(self, arguments: str) -> dict[str, str]:
        name, rest = arguments.split(" ", 1)
        command = f".venv/bin/python -m tests.trial.phone /root/{name}.json {rest}"
        said = self.host.run(f"cd {ROOT} && {command}", seconds=400)
        found: dict[str, str] = json.loads(said.splitlines()[-1])
        return found

    def python(self, host: str, process: str, lines: str) -> str:
        """Run lines of Python as a process on a host."""
        return self._deployment.on(host, f"jpki-manage {process} shell -v0 <<'END'\n{lines}\nEND")


def told(said: str, word: str) -> Any:
    """Return what stands behind a word at the beginning of a line, as JSON."""
    line = next(line for line in said.splitlines() if line.startswith(f"{word} "))
    return json.loads(line.removeprefix(f"{word} "))
