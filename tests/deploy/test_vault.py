"""`vault.sh`, with the real age and a real mount: what a deployment's secrets lie in between two uses."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import namespaces
from tests.deploy.units import DEPLOY

LONG_AGO = 1_700_000_000
# A parcel's maker in short: a secret whose time counts, the settings, and a parcel.
FILL = (
    'mkdir -p "$FOLDER/secrets" && echo the-secret >"$FOLDER/secrets/web" '
    '&& touch -d @1700000000 "$FOLDER/secrets/web" && echo A=1 >"$FOLDER/site.env" && echo packed >"$FOLDER/web1.tar"'
)


class Operator:
    """A machine: a folder for the vault, and the keys of who may open it."""

    def __init__(self, place: Path) -> None:
        namespaces.need("age", "mountpoint")
        self.place, self.folder, self.file = place, place / "deployment", place / "deployment.age"
        keys = [self.key(name) for name in ("first", "second")]
        self.recipients = place / "recipients"
        self.recipients.write_text("".join(f"{key}\n" for key in keys))

    def key(self, name: str) -> str:
        """Make a key in a file of that name; return its public line."""
        subprocess.run(["age-keygen", "-o", self.place / name], check=True, capture_output=True)
        shown = subprocess.run(["age-keygen", "-y", self.place / name], check=True, capture_output=True, text=True)
        return shown.stdout.strip()

    def run(self, *lines: str) -> "subprocess.CompletedProcess[str]":
        """Run lines of shell in one mount namespace; when they end, what was mounted is gone, as after a power cut."""
        script = "\n".join(["set -eu", *lines])
        known = {"VAULT": DEPLOY / "vault.sh", "FOLDER": self.folder, "PLACE": self.place}
        environment = os.environ | {name: str(path) for name, path in known.items()}
        return namespaces.run("mount", "bash", "-c", script, env=environment)

    def do(self, *lines: str) -> str:
        """Run lines that must go well, and return what they printed."""
        done = self.run(*lines)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def in_clear(self) -> list[Path]:
        """Return what of the folder is on the disk."""
        return list(self.folder.rglob("*"))


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture
def filled(operator: Operator) -> Operator:
    operator.do('"$VAULT" new "$FOLDER" "$PLACE/recipients"', FILL, '"$VAULT" shut "$FOLDER"')
    return operator


def test_each_who_may_opens_it_and_nothing_is_in_clear_on_the_disk(filled: Operator) -> None:
    assert filled.in_clear == []
    assert b"the-secret" not in filled.file.read_bytes()
    assert not filled.file.stat().st_mode & 0o077
    for name in ("first", "second"):
        seen = filled.do(
            f'"$VAULT" open "$FOLDER" "$PLACE/{name}"',
            'stat --file-system --format=%T "$FOLDER"; stat --format=%a "$FOLDER"',
            'cat "$FOLDER/secrets/web"; stat --format=%Y "$FOLDER/secrets/web"; ls "$FOLDER"',
        )
        assert seen.split() == [
            *("ramfs", "700", "the-secret", str(LONG_AGO)),
            *("recipients", "secrets", "site.env"),  # no parcel: it is packed anew
        ]
        assert filled.in_clear == []


def test_nobody_else_opens_it_and_the_file_stays(filled: Operator) -> None:
    before = filled.file.read_bytes()
    filled.key("stranger")
    done = filled.run('"$VAULT" open "$FOLDER" "$PLACE/stranger"')
    assert done.returncode == 1
    assert "was not opened; it is as it was" in done.stderr
    assert filled.file.read_bytes() == before
    broken = bytearray(before)
    broken[-20] ^= 1
    filled.file.write_bytes(broken)
    done = filled.run('"$VAULT" open "$FOLDER" "$PLACE/first" || { mountpoint -q "$FOLDER" && echo open; exit 1; }')
    assert (done.returncode, done.stdout) == (1, ""), "half of a vault is none"


def test_what_was_kept_is_there_after_a_power_cut_and_the_one_before_beside_it(filled: Operator) -> None:
    filled.do(
        '"$VAULT" open "$FOLDER" "$PLACE/first"',
        'echo newer >"$FOLDER/secrets/web"; "$VAULT" keep "$FOLDER"; echo lost >"$FOLDER/secrets/web"',
    )
    read = 'cat "$FOLDER/secrets/web"'
    assert filled.do('"$VAULT" open "$FOLDER" "$PLACE/first"', read) == "newer\n"
    filled.do('mv "$PLACE/deployment.age.before" "$PLACE/deployment.age"')
    assert filled.do('"$VAULT" open "$FOLDER" "$PLACE/first"', read) == "the-secret\n"


def test_who_may_open_it_is_what_stands_in_it(filled: Operator) -> None:
    filled.do(
        '"$VAULT" open "$FOLDER" "$PLACE/first"',
        'sed -i 1d "$FOLDER/recipients"',
        '"$VAULT" shut "$FOLDER"',
    )
    assert filled.run('"$VAULT" open "$FOLDER" "$PLACE/first"').returncode == 1
    assert filled.do('"$VAULT" open "$FOLDER" "$PLACE/second"', 'ls "$FOLDER"').split()[0] == "recipients"
    # A line that is no key: nothing is taken away, in clear or encrypted.
    before = filled.file.read_bytes()
    done = filled.run(
        '"$VAULT" open "$FOLDER" "$PLACE/second"',
        'echo nobody >"$FOLDER/recipients"',
        '"$VAULT" shut "$FOLDER" || { cat "$FOLDER/secrets/web"; exit 1; }',
    )
    assert (done.returncode, done.stdout) == (1, "the-secret\n")
    assert filled.file.read_bytes() == before


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['"$VAULT" new "$FOLDER" "$PLACE/recipients"'], "is there: open it"),
        (['"$VAULT" keep "$FOLDER"'], "is not open"),
        (['"$VAULT" shut "$FOLDER"'], "is not open"),
        (['"$VAULT" open "$FOLDER" "$PLACE/first"', '"$VAULT" open "$FOLDER" "$PLACE/first"'], "is open"),
        (['mkdir -p "$FOLDER"; touch "$FOLDER/old"', '"$VAULT" open "$FOLDER" "$PLACE/first"'], "files on a disk"),
        (['"$VAULT" open "$FOLDER"'], "vault.sh new FOLDER RECIPIENTS"),
        (['"$VAULT" throw "$FOLDER"'], "vault.sh new FOLDER RECIPIENTS"),
        (['rm "$FOLDER.age"; echo nobody >"$PLACE/none"', '"$VAULT" new "$FOLDER" "$PLACE/none"'], "names nobody"),
    ],
)
def test_what_cannot_be_done_is_named(filled: Operator, lines: list[str], told: str) -> None:
    *before, last = lines
    done = filled.run(*before, f'{last} || {{ stat --file-system --format=%T "$FOLDER"; exit 1; }}')
    assert done.returncode == 1
    assert told in done.stderr
    assert ("ramfs" in done.stdout) == (told == "is open"), "what was refused opened nothing"


def test_a_parcel_is_there_when_its_secrets_are_kept_and_not_before(operator: Operator) -> None:
    parcels = f'"{DEPLOY}/parcels.sh" "$FOLDER" "{DEPLOY}/hosts.example"'
    done = operator.run(
        '"$VAULT" new "$FOLDER" "$PLACE/recipients"',
        f"{parcels} || [ $? = 3 ]",
        'cp "$FOLDER/recipients" "$PLACE/kept"; echo nobody >"$FOLDER/recipients"',
        f"if {parcels}; then exit 1; fi",
        'ls -A "$FOLDER" | grep -E "tar|work" && exit 1',
        f'cp "$PLACE/kept" "$FOLDER/recipients"; {parcels}',
        'cp "$FOLDER/web1.internal.tar" "$PLACE"',
    )
    assert done.returncode == 0, done.stderr
    assert "web1.internal.tar: web" in done.stdout
    kept = operator.do('"$VAULT" open "$FOLDER" "$PLACE/first"', 'cat "$FOLDER/secrets/database/web"').strip()
    packed = ["tar", "-xOf", operator.place / "web1.internal.tar", "etc/jpki/credentials/web/database_url"]
    assert f":{kept}@" in subprocess.run(packed, check=True, capture_output=True, text=True).stdout
