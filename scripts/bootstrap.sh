#!/usr/bin/env bash
# Make .venv hold what the locks name, and nothing when it does already: stamped with the locks' hash.
# venv -> the pinned uv, by that venv's pip -> requirements.lock by hash -> the card readers' lock, if it can be built.
# All of it is compiled once: with PYTHONDONTWRITEBYTECODE, or a folder that can't be written, each of the system's
# processes would do it anew, a second and more at every start.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
python=.venv/bin/python

stamp_of() { { cat "$@"; "$python" -VV; } | sha256sum; }
stamped() { [ -x "$python" ] && [ "$(cat ".venv/$1.stamp" 2>/dev/null)" = "$(stamp_of "${@:2}")" ]; }

if ! stamped requirements requirements-uv.lock requirements.lock; then
    command -v python3 >/dev/null || { echo "python3 is missing: Python 3.11 or newer is needed" >&2; exit 1; }
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || { echo "$(python3 -V) is too old: Python 3.11 or newer is needed" >&2; exit 1; }
    scripts/system-packages.sh venv || exit 1
    echo "setting up .venv (the first time takes about half a minute)"
    "$python" -c '' 2>/dev/null || { rm -rf .venv; python3 -m venv .venv; }
    if "$python" -m pip install --quiet --require-hashes -r requirements-uv.lock; then
        .venv/bin/uv pip install --quiet --compile-bytecode --python "$python" --require-hashes -r requirements.lock
    else
        echo "uv can't be installed here: going on with plain pip, which is slower" >&2
        "$python" -m pip install --quiet --require-hashes -r requirements.lock
    fi
    stamp_of requirements-uv.lock requirements.lock >.venv/requirements.stamp
fi

# The client of sandbox/client is a package of its own: importable here as it stands, without being built.
packages=$(echo .venv/lib/python3*/site-packages)
[ -e "$packages/jpki_client.pth" ] || echo "../../../../sandbox/client/src" >"$packages/jpki_client.pth"

# Card readers must never break the rest: whatever goes wrong here is said in a line, and ends with 0.
# pyscard is built with the setuptools and swig of its own lock, so these go first.
readers() { PATH="$PWD/.venv/bin:$PATH" .venv/bin/uv pip install --quiet --python "$python" --require-hashes --no-build-isolation -r "$1"; }
if ! stamped pcsc requirements-pcsc.lock && scripts/system-packages.sh readers; then
    tools=.venv/pcsc-tools.txt log=.venv/pcsc.log
    awk '/^[a-z]/ { keep = /^(setuptools|swig)==/ } keep' requirements-pcsc.lock >"$tools"
    if { readers "$tools" && readers requirements-pcsc.lock; } >"$log" 2>&1; then
        stamp_of requirements-pcsc.lock >.venv/pcsc.stamp
    else
        echo "pyscard can't be built here: card readers are off; all else works ($log says why)" >&2
    fi
fi
"$python" -m compileall -q ca tsm whitelist portal sandbox || true
exit 0
