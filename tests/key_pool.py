"""RSA keys from a pool: made once a process and given to each test anew, never one twice within a test.

An enrolment makes four, each a tenth of a second and more, and no test can tell a key that another had before it. Only
what makes a key of its own for each card, phone, authority and specimen gets it from here, and only while a test runs;
what is kept from one test to the next is made by `afresh`.
"""

import contextlib
import sys
import threading
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

_MAKERS = {"ca.keys.software", "sandbox.virtual.jpki.key_pair", "sandbox.specimens"}
_make = rsa.generate_private_key
_lock = threading.Lock()
_pool: list[rsa.RSAPrivateKey] = []
_given = 0
_in_test = False


def _give(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
    global _given
    maker = sys._getframe(1).f_globals.get("__name__")
    if not _in_test or (public_exponent, key_size) != (65537, 2048) or maker not in _MAKERS:
        return _make(public_exponent, key_size)
    with _lock:
        _given += 1
        if _given > len(_pool):
            _pool.append(_make(public_exponent, key_size))
        return _pool[_given - 1]


def open_() -> None:
    """Let keys come from the pool in this process."""
    rsa.generate_private_key = _give


@contextlib.contextmanager
def test() -> Iterator[None]:
    """Run a test: every key may be given again."""
    global _given, _in_test
    _given, _in_test = 0, True
    try:
        yield
    finally:
        _in_test = False


@contextlib.contextmanager
def afresh() -> Iterator[None]:
    """Make keys that no test has had or will have."""
    global _in_test
    before, _in_test = _in_test, False
    try:
        yield
    finally:
        _in_test = before
