"""Citizens for a trial: cards from the card's side, phones from the maker's, and a host on which they are used.

What the deployment has no door for is done by whoever owns the tables: cards' certificates are ordered by the
municipalities' system, which is none of its processes (docs/operating.md).
"""

import json
import secrets
from typing import Any

from tests.trial.hosts import Host
from tests.trial.page import ROOT
from tests.trial.walking import Deployment, tell_names

SITE = "https://site.jpki.example"
IIN = "9999990003"
# As the owner of the tables: a holder, and two requests for a card's certificates. Nothing is signed here.
CARD = """
from datetime import date
from ca import issuance
from ca.models import Holder, Realm
from ca.profiles import Medium, Purpose
realm = Realm.objects.get(slug="production")
holder = Holder.objects.create(
    realm=realm, name="試験　花子", name_substitution="00000", sex="2", birth_date="419990301",
    born_on=date(1999, 3, 1), address="東京都清瀬市観布子南１２－７", address_substitution="00000000000000",
    prefecture="Tokyo-to", municipality="Kiyose-shi", municipality_code="13221",
)
for purpose, key in ((Purpose.SIGNATURE, "{signature}"), (Purpose.USER_AUTHENTICATION, "{user_authentication}")):
    row = issuance.request(
        realm=realm, purpose=purpose, medium=Medium.CARD, holder=holder, public_key=bytes.fromhex(key),
        request_key=f"card {{holder.reference}} {{purpose}}",
    )
    print("asked", row.pk)
"""
ISSUED = """
import base64, json
from ca.models import Issuance
rows = [Issuance.objects.select_related("certificate").get(pk=pk) for pk in ({ids})]
if all(row.certificate_id for row in rows):
    print("issued", json.dumps([[row.certificate.serial_number, base64.b64encode(bytes(row.certificate.der)).decode()]
                                for row in rows]))
else:
    print([(row.state, row.error_code) for row in rows])
"""
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
        deployment, cin = self._deployment, secrets.token_hex(8)
        made = told(self.python("work1", "tsm", PHONE.format(iin=IIN, cin=cin)), "made")
        keys = self.run(f"{name} make {IIN} {cin} '{json.dumps(made.pop('keys'))}'")
        asked = self.python("ca1", "owner", CARD.format(**keys))
        ids = [line.split()[1] for line in asked.splitlines() if line.startswith("asked")]
        # The order of whatever system asks for them; without it the sweep finds the rows.
        wake = f"from ca import messages; messages.send('ca.issue', [{','.join(ids)}])"
        self.python("ca1", "ceremony", wake)
        script = f"""for turn in $(seq 40); do
            jpki-manage reader shell -v0 <<'END' | grep ^issued && exit 0
{ISSUED.format(ids=", ".join(ids))}
END
            sleep 1
        done
        exit 1"""
        issued = told(deployment.on("ca1", script), "issued")
        state = self.host.path(f"/root/{name}.json")
        known = json.loads(state.read_text()) | made | {"certificate": issued[0][1]}
        state.write_text(json.dumps(known))
        return {"signature": issued[0][0], "user_authentication": issued[1][0]}

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
