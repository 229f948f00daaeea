"""The load file store: every version of the applet's package, signed by the provider, checked before it is loaded."""

import functools
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from ca import clock
from tsm import jpki, keysets
from tsm.errors import LoadFileRefused
from tsm.globalplatform import loadfile
from tsm.globalplatform.errors import LoadFileMalformed
from tsm.models import LoadFile

# The version that comes with the house, for a store in which nothing was put yet.
FIRST_VERSION = (1, 0)
_SIGNED = ec.ECDSA(Prehashed(SHA256()))


@functools.cache
def example(version: tuple[int, int] = FIRST_VERSION) -> bytes:
    """Return a JPKI applet's load file data block.

    Its header and applet components are a real CAP's; the code component stands in for byte code that only a Java
    Card could run, in the size of a real one, so that loading costs what it costs.
    """
    seed = b"JPKI applet %d.%d %%d" % version
    code = b"".join(hashlib.sha256(seed % block).digest() for block in range(320))
    return loadfile.build(jpki.PACKAGE_AID, version=version, modules=[jpki.AID], code=code)


def add(content: bytes) -> LoadFile:
    """Put a load file data block into the store, signed. Needs the provider's master key.

    Raises `LoadFileRefused` when it isn't the applet's, can't be read, or another of that version is there already.
    """
    try:
        described = loadfile.parse(content)
    except LoadFileMalformed as error:
        raise LoadFileRefused(f"not a load file data block: {error}") from error
    if described.package_aid != jpki.PACKAGE_AID or jpki.AID not in described.modules:
        raise LoadFileRefused(f"package {described.package_aid.hex().upper()} isn't the JPKI applet's")
    digest = loadfile.digest(content)
    major, minor = described.version
    row, made = LoadFile.objects.get_or_create(
        package_aid=described.package_aid.hex().upper(),
        major=major,
        minor=minor,
        defaults={
            "content": content,
            "digest": digest.hex(),
            "signature": keysets.load_file_key().sign(digest, _SIGNED),
            "added_at": clock.machine(),
        },
    )
    if not made and row.digest != digest.hex():
        raise LoadFileRefused(f"version {row.version} is in the store with another content: give it a new version")
    return row


def withdraw(version: str) -> None:
    """Take a version out of use: it is loaded no more. Raises `LoadFileRefused` when there is no such version."""
    major, minor = _numbers(version)
    if not LoadFile.objects.filter(major=major, minor=minor, withdrawn_at=None).update(withdrawn_at=clock.machine()):
        raise LoadFileRefused(f"there is no version {version} in use")


def newest() -> LoadFile | None:
    """Return the newest version that may be loaded, or None."""
    return LoadFile.objects.filter(withdrawn_at=None).defer("content").order_by("major", "minor").last()


def to_load() -> LoadFile:
    """Return the version to be loaded now; the first one comes with the house. Needs the provider's master key."""
    found = newest()
    if found is None and not LoadFile.objects.exists():
        found = add(example())
    if found is None:
        raise LoadFileRefused("every version in the store is withdrawn: add one")
    return found


def content(version: str) -> bytes:
    """Return the load file data block of a version. Raises `LoadFileRefused` when its signature doesn't hold."""
    major, minor = _numbers(version)
    row = LoadFile.objects.filter(major=major, minor=minor).first()
    if row is None:
        raise LoadFileRefused(f"there is no version {version} in the store")
    block = bytes(row.content)
    try:
        keysets.load_file_key().public_key().verify(bytes(row.signature), loadfile.digest(block), _SIGNED)
    except InvalidSignature as error:
        raise LoadFileRefused(f"version {version}'s content isn't what the provider signed") from error
    return block


@functools.lru_cache(maxsize=8)
def of_digest(version: str, digest: str) -> bytes:
    """Return the block of a version with that SHA-256 (hex): read and checked once, for what was signed stays so.

    Raises `LoadFileRefused`, also when the version has another content now.
    """
    block = content(version)
    if loadfile.digest(block).hex() != digest:
        raise LoadFileRefused(f"version {version} has another content than was planned with")
    return block


def is_outdated(version: str) -> bool:
    """Tell whether there is a newer version than the one that was loaded; False where that isn't known."""
    found = newest()
    return bool(version) and found is not None and (found.major, found.minor) > _numbers(version)


def _numbers(version: str) -> tuple[int, int]:
    try:
        major, minor = version.split(".")
        return int(major), int(minor)
    except ValueError:
        raise LoadFileRefused(f"{version!r} is no version: write it like 1.0") from None
