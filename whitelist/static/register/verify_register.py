#!/usr/bin/env python3
"""Check the signed register of services, and the proof that a record of it stands in the sealed journal.

A stranger's tool: it needs Python 3.9 or newer and the package `cryptography`, and nothing of the system it checks.

    curl -O $SITE/register/register.jws -O $SITE/register/jwks.json
    curl -o proof.json $SITE/register/CLIENT_ID/records/SEQUENCE/proof.json
    python3 verify_register.py --keys jwks.json --register register.jws --proof proof.json

`--trust FINGERPRINT` takes no other key than the one whose SubjectPublicKeyInfo has this SHA-256, which the operator
publishes elsewhere; without it the key set is believed, and a line says so. `--openssl FOLDER` writes what was signed,
the signatures and the key as files, with the commands by which `openssl` checks them.
It ends with 0 when all holds, 1 when something doesn't, and says what.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class Wrong(Exception):
    """Say what doesn't hold."""


def main(arguments: list[str] | None = None) -> int:
    """Check what the arguments name; return the exit code."""
    options = _options().parse_args(arguments)
    try:
        keys = read_keys(json.loads(Path(options.keys).read_text("utf-8")), options.trust)
        if not options.trust:
            say("note: the keys are believed as served; --trust holds them to a fingerprint from elsewhere")
        register = None
        if options.register:
            register = check_register(Path(options.register).read_text("ascii").strip(), keys, options)
        for name in options.proof:
            check_proof(json.loads(Path(name).read_text("utf-8")), keys, register, options)
    except Wrong as problem:
        say(f"WRONG: {problem}")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as problem:
        say(f"WRONG: can't be read: {type(problem).__name__}: {problem}")
        return 1
    return 0


def read_keys(jwks: Any, trust: str) -> dict[str, rsa.RSAPublicKey]:
    """Return {kid: public key} of a key set."""
    keys = {}
    for jwk in jwks["keys"]:
        numbers = rsa.RSAPublicNumbers(*(int.from_bytes(octets(jwk[name]), "big") for name in ("e", "n")))
        key = numbers.public_key()
        spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if not trust or hashlib.sha256(spki).hexdigest().upper() == trust.upper().replace(":", ""):
            keys[jwk["kid"]] = key
    if not keys:
        raise Wrong("no key of the key set has the trusted fingerprint" if trust else "the key set is empty")
    return keys


def check_register(jws: str, keys: dict[str, rsa.RSAPublicKey], options: Any) -> Any:
    """Check a register as JWS (RFC 7515, compact); return what it says."""
    protected, payload, signature = jws.split(".")
    header, said = (json.loads(octets(part)) for part in (protected, payload))
    if header.get("alg") != "RS256" or header.get("typ") != "jpki-register+jws":
        raise Wrong(f"the register's header is {header}")
    check_signature("register", keys, header.get("kid"), f"{protected}.{payload}".encode(), octets(signature), options)
    say(
        f"ok: register {said['number']} of {said['realm']}, signed {moment(said['iat'])}, "
        f"{len(said['entries'])} entries in force"
    )
    if said["exp"] <= time.time() and not options.allow_stale:
        raise Wrong(f"the register is stale: there should be a new one since {moment(said['exp'])} (--allow-stale)")
    return said


def check_proof(proof: Any, keys: dict[str, rsa.RSAPublicKey], register: Any, options: Any) -> None:
    """Check that a record stands in the sealed journal, and what it says of the entry."""
    if proof["format"] != "jpki-register-proof-1":
        raise Wrong(f"the format is {proof['format']}")
    seal, client_id = proof["seal"], proof["client_id"]
    check_signature("seal", keys, seal["kid"], seal["statement"].encode(), base64.b64decode(seal["signature"]), options)
    title, realm, size, _, root, at = seal["statement"].rstrip("\n").split("\n")
    if title != "JPKI JOURNAL SEAL 2" or (int(size), root) != (seal["sequence"], seal["root"]):
        raise Wrong("the seal says something else than its statement")
    text = proof["entry"]["text"]
    said = json.loads(text)
    if (said["sequence"], said["realm"]) != (proof["entry"]["sequence"], realm):
        raise Wrong("the journal's entry is another one")
    leaf = hashlib.sha256(b"\0" + hashlib.sha256(text.encode()).digest()).digest()
    if climb(leaf, said["sequence"] - 1, int(size), [bytes.fromhex(one) for one in proof["path"]]) != root:
        raise Wrong("the path doesn't lead from the journal's entry to the sealed root")
    if said["kind"] != "register.entry" or said["subject"] != client_id:
        raise Wrong("the journal's entry is no record of this client")
    if said["data"]["entry_sha256"] != hashlib.sha256(proof["content"].encode()).hexdigest():
        raise Wrong("the content isn't the one whose digest stands in the journal")
    content = json.loads(proof["content"])
    say(
        f"ok: {client_id} {said['data']['event']} at {said['at']}, entry {said['sequence']} of the journal of {realm}, "
        f"sealed at {at} with {size} entries"
    )
    if register is not None:
        compare(register, realm, client_id, content)


def compare(register: Any, realm: str, client_id: str, content: Any) -> None:
    """Say whether the register says of a client what the record does."""
    if register["realm"] != realm:
        raise Wrong(f"the register is {register['realm']}'s, the proof {realm}'s")
    now = [one for one in register["entries"] if one["client_id"] == client_id]
    if now == [content]:
        say(f"ok: {client_id} stands in the register with exactly this content")
    elif now:
        say(f"note: {client_id} stands in the register with another content: this record is not its newest")
    else:
        say(f"note: {client_id} is not in force in this register")


def check_signature(
    what: str, keys: dict[str, rsa.RSAPublicKey], kid: str, signed: bytes, signature: bytes, options: Any
) -> None:
    """Check RSASSA-PKCS1-v1_5 with SHA-256."""
    if kid not in keys:
        raise Wrong(f"the {what}'s key {kid} is not among the keys")
    if options.openssl:
        write_for_openssl(Path(options.openssl), what, keys[kid], signed, signature)
    try:
        keys[kid].verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Wrong(f"the {what}'s signature doesn't hold") from None


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> str | None:
    """Return the root (hex) to which an audit path leads; RFC 9162 2.1.3.2."""
    last, reached = size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            reached = hashlib.sha256(b"\1" + step + reached).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            reached = hashlib.sha256(b"\1" + reached + step).digest()
        index, last = index >> 1, last >> 1
    return reached.hex() if last == 0 else None


def write_for_openssl(folder: Path, what: str, key: rsa.RSAPublicKey, signed: bytes, signature: bytes) -> None:
    """Write files for openssl, and the command."""
    folder.mkdir(parents=True, exist_ok=True)
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for ending, content in ((".pem", pem), (".signed", signed), (".sig", signature)):
        (folder / (what + ending)).write_bytes(content)
    say(f"openssl dgst -sha256 -verify {what}.pem -signature {what}.sig {what}.signed")


def say(line: str) -> None:
    """Tell one line."""
    sys.stdout.write(f"{line}\n")


def octets(text: str) -> bytes:
    """Return what base64url without padding says."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def moment(seconds: float) -> str:
    """Return a time as text, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--keys", required=True, help="jwks.json")
    parser.add_argument("--register", help="register.jws")
    parser.add_argument("--proof", action="append", default=[], help="proof.json; may be given several times")
    parser.add_argument("--trust", default="", help="SHA-256 of the only key that is taken (SubjectPublicKeyInfo)")
    parser.add_argument("--allow-stale", action="store_true", help="take a register whose time is over")
    parser.add_argument("--openssl", default="", help="folder for files that openssl can check")
    return parser


if __name__ == "__main__":
    sys.exit(main())
