"""Passwords of roles and users: random, a file each, and told to no server but as what it verifies them with."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

ITERATIONS = 4096  # PostgreSQL's own figure; the passwords are random, so none is found by trying


def password(folder: Path, name: str) -> str:
    """Return the password in the folder's file of that name; one that isn't there is made, readable by us alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    made = secrets.token_hex(32)
    with open(number, "w") as file:
        file.write(made + "\n")
    return made


def scram(word: str, salt: bytes | None = None) -> str:
    """Return PostgreSQL's SCRAM-SHA-256 verifier of a password in ASCII (RFC 5803): it opens nothing by itself."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", word.encode("ascii"), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256")
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ITERATIONS, *parts)


def rabbitmq(word: str, salt: bytes | None = None) -> str:
    """Return RabbitMQ's hash of a password (`rabbit_password_hashing_sha256`)."""
    salt = salt or secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + word.encode()).digest()).decode()
