"""The Containerfile's steps, done on a host of their own, and what comes of them: no engine for containers is needed.

    make trial        (python -m pytest tests/trial/container.py; needs root and a release in dist/)

What an engine adds (layers, the base image's own files, a registry) is not tried; the base is this machine's Debian.
"""

import json
import re
import shutil

import pytest

from tests.conftest import missing
from tests.trial import hosts as trials
from tests.trial.page import ROOT
from tests.trial.walking import PRELUDE, RELEASE

# As `podman run` would: the image's user, nothing of root's, secrets as files, and an environment of its own.
START = """
mkdir -p /run/secrets && echo {key} >/run/secrets/secret_key && chmod 644 /run/secrets/secret_key
cd /opt/jpki/current
setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs --bounding-set=-all \\
    env -i PATH=/usr/bin:/bin PUBLIC_URL=https://site.example ALLOWED_HOSTS='site.example 127.0.0.1' PORT=8123 \\
    {entry} web >/tmp/said 2>&1 &
for turn in $(seq 300); do curl --silent http://127.0.0.1:8123/healthz && break; sleep 0.2; done
ps -o uid= -o args= -p $! || cat /tmp/said
tr '\\0' '\\n' </proc/$!/environ | grep -c {key} || true
kill $!
"""


def steps() -> list[tuple[str, str]]:
    """Return the instructions, each in one line."""
    lines = [line for line in (ROOT / "deploy/Containerfile").read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(name, value) for name, _, value in (line.partition(" ") for line in whole) if name]


def test_its_steps_make_what_starts_as_nobody_in_particular() -> None:
    release = next(RELEASE.glob("jpki-*.tar.gz"), None)
    if release is None:
        missing("there is no release in dist/: make release")
    try:
        with trials.hosts() as trial:
            host = trial.boot("container.internal")
            shutil.copy(release, host.path("/root/release.tar.gz"))
            host.run("mkdir /root/context && tar -C /root/context --strip-components=1 -xf /root/release.tar.gz")
            where = "/"
            for name, value in steps():
                if name == "COPY":
                    assert value == ". /opt/jpki/current"
                    host.run("mkdir -p /opt/jpki && cp -a /root/context /opt/jpki/current")
                elif name == "WORKDIR":
                    where = value
                elif name == "RUN":
                    # The lists of packages are this machine's own; a container's are its own, too.
                    host.run(
                        f"{PRELUDE}\ncd {where}\n{value.replace('rm -rf /var/lib/apt/lists/*', 'true')}", seconds=1500
                    )
            user, group = next(value for name, value in steps() if name == "USER").split(":")
            (entry,) = json.loads(next(value for name, value in steps() if name == "ENTRYPOINT"))
            said = host.run(START.format(key="3f" * 32, user=user, group=group, entry=entry))
    except trials.Missing as error:
        pytest.skip(str(error))
    assert f"{user} .venv/bin/python -m granian" in re.sub(" +", " ", said), said
    assert '"alive": true' in said.lower().replace(" :", ":")
    assert said.strip().endswith("0"), "the secret is in the environment"
