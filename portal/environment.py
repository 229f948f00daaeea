"""Settings that come from the environment, each with a type and a default that works.

Secrets have no default. On embedded defaults `make run` writes them to files under `var/secrets/`
and gives each process the ones it needs, and no others; in a real deployment the operator does.
"""

import os
import re
import urllib.parse
from pathlib import Path
from typing import Any


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def number(name: str, default: int) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise SystemExit(f"{name} must be a whole number, not {value!r}") from None


def decimal(name: str, default: float) -> float:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return float(value)
    except ValueError:
        raise SystemExit(f"{name} must be a number of seconds, not {value!r}") from None


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise SystemExit(f"{name} must be 1 or 0, not {value!r}")


def database(url: str) -> dict[str, Any]:
    """Return Django's description of the database at `sqlite:///path[?mode=ro]` or `postgresql://user:pass@host:port/name`."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "sqlite":
        if parts.query == "mode=ro":
            # For a process that only reads, as the responder: not even by a mistake of ours could it write.
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"file:{parts.path.removeprefix('/')}?mode=ro",
                "OPTIONS": {"timeout": 20},
            }
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path.removeprefix("/"),
            # IMMEDIATE takes the one write lock when a transaction opens: with the default, two
            # readers that both turn into writers end in "database is locked" whatever the timeout.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme in {"postgresql", "postgres"}:
        query = dict(urllib.parse.parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.removeprefix("/"),
            "USER": urllib.parse.unquote(parts.username or ""),
            "PASSWORD": urllib.parse.unquote(parts.password or ""),
            "HOST": query.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": query,
            "CONN_MAX_AGE": 60,
            # A connection that a restart or a failover broke is noticed before a request is lost to it.
            "CONN_HEALTH_CHECKS": True,
        }
    raise SystemExit(f"DATABASE_URL must begin with sqlite:/// or postgresql://, not {parts.scheme!r}")


def secret(name: str, root: Path) -> str | None:
    """Return the secret from the environment, or from the file that `NAME_FILE` points to, or None."""
    value = os.environ.get(name)
    if value:
        return value
    file = os.environ.get(f"{name}_FILE")
    if file:
        path = Path(file) if Path(file).is_absolute() else root / file
        try:
            return path.read_text().strip()
        except OSError as error:
            raise SystemExit(f"{name}_FILE: {path} can't be read ({error.strerror})") from None
    return None


def key(name: str, root: Path, *, strong: bool) -> str | None:
    """Return a secret as `secret` does, of which a key is made or by which a key file is encrypted.

    Where `strong`, stop unless it has 128 bits as it is written: what is made of it is not stretched, or hardly
    (PKCS#8 by OpenSSL: 2,048 rounds), and a word would be found.
    """
    value = secret(name, root)
    if strong and value and not is_key(value):
        raise SystemExit(
            f"{name} must be a key of 128 bits or more and no word: 32 or more hex digits, or 22 or more characters "
            "of base64. `openssl rand -hex 32` makes one."
        )
    return value


def is_key(value: str) -> bool:
    """Tell whether a text looks like 128 random bits in hex or base64; of such a thousand, one may not."""
    if re.fullmatch(r"[0-9A-Fa-f]{32,}", value):
        return len(set(value.lower())) >= 8  # no digit over and over
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]")  # words joined have no digits, and seldom capitals
    return bool(re.fullmatch(r"[\w+/-]{22,}={0,2}", value, re.ASCII)) and all(re.search(one, value) for one in kinds)
