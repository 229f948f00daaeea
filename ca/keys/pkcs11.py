"""Keys behind PKCS#11: in a token of a hardware module, or of SoftHSM2. Private keys are made in it and never leave.

`pkcs11:<path of the module>?token=<label>`, for instance `pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=jpki-ca`;
the passphrase is the token user's PIN.

One session a process, opened when the first key is asked for. A token that went away is looked for again at the next
use; a child of a fork begins anew, as PKCS#11 2.40 (6.6.1) asks of it.
"""

import contextlib
import hashlib
import os
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from ca.errors import KeyNotFound, KeysUnavailable
from ca.profiles import RSA_BITS

# DigestInfo of a SHA-256, but for the digest (RFC 8017 9.2). The digest is made here and only it goes into the token,
# so that a list of a million entries costs a slow token no more than a certificate.
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
# Seconds before each look for a token. SoftHSM2 leaves out a token that another process is just reading, which happens
# when the children of a fork all begin at once.
_PAUSES = (0.0, 0.02, 0.1, 0.3)
# So long a library isn't begun anew again for a key that isn't found.
_ANEW_SECONDS = 5.0
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Address:
    """Where the keys are: the module's file, and the label of the token in it."""

    module: str
    token: str


def parse(place: str) -> Address:
    """Read `<path of the module>?token=<label>`. Raises ValueError."""
    module, _, query = place.partition("?")
    asked = urllib.parse.parse_qs(query, strict_parsing=True)
    if not module.startswith("/") or set(asked) != {"token"} or len(asked["token"]) != 1:
        raise ValueError("not /path/of/module.so?token=label")
    return Address(urllib.parse.unquote(module), asked["token"][0])


class _Module:
    """One PKCS#11 library in this process. It is told of no threads, so its lock lets in one at a time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.began_in = 0  # the process that initialised it
        self.begun = 0  # how often it was: sessions of before are gone, and their numbers become others'
        self.logins: dict[str, str] = {}  # token: SHA-256 of the PIN that this process logged in with

    def begin(self, *, anew: bool = False) -> "pkcs11._pkcs11.lib":
        """Return the library, initialised by this very process; `anew` makes it look at its slots from the start."""
        library = pkcs11.lib(self.path)
        if anew or self.began_in not in {0, os.getpid()}:
            self.logins.clear()
            with contextlib.suppress(pkcs11.PKCS11Error):  # a child of a fork may have nothing to finish
                library.finalize()
            library.initialize()
            self.begun += 1
        self.began_in = os.getpid()
        return library


_modules: dict[str, _Module] = {}
_modules_lock = threading.Lock()


def _module(path: str) -> _Module:
    with _modules_lock:
        return _modules.setdefault(path, _Module(path))


def _renew_locks() -> None:
    # A thread that held one at the fork is not there any more to let it go.
    global _modules_lock
    _modules_lock = threading.Lock()
    for module in _modules.values():
        module.lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_locks)


class TokenSigner:
    """A private key that stays in the token."""

    def __init__(self, store: "TokenKeyStore", label: str, public_key: bytes) -> None:
        self._store = store
        self._label = label
        self.public_key = public_key

    def sign(self, tbs: bytes) -> bytes:
        """Return the RSA PKCS#1 v1.5 signature with SHA-256 of `tbs`. Raises KeysUnavailable, KeyNotFound."""
        return self._store.sign(self._label, _SHA256_INFO + hashlib.sha256(tbs).digest())


class TokenKeyStore:
    """The keys of one token."""

    def __init__(self, address: Address, pin: str) -> None:
        self._address = address
        self._pin = pin
        self._module = _module(address.module)
        self._refused = False
        self._opened_in = (0, 0)
        self._anew_from = 0.0
        self._session: pkcs11.Session | None = None
        self._private: dict[str, Any] = {}  # handles, good for this session alone
        self._signers: dict[str, TokenSigner] = {}

    def create(self, label: str) -> bytes:
        """Make a key in the token, sensitive and not extractable; return its SubjectPublicKeyInfo, DER."""

        def make(session: pkcs11.Session) -> None:
            if _find(session, label, ObjectClass.PRIVATE_KEY) or _find(session, label, ObjectClass.PUBLIC_KEY):
                raise KeysUnavailable(f"there is a key {label!r} already")
            # Only making needs a session that may write. It shares the login, so its end is no logout.
            writing = session.token.open(rw=True)
            try:
                writing.generate_keypair(
                    KeyType.RSA,
                    RSA_BITS,
                    id=hashlib.sha256(label.encode()).digest()[:20],
                    label=label,
                    store=True,
                    public_template={Attribute.VERIFY: True, Attribute.ENCRYPT: False, Attribute.WRAP: False},
                    private_template={
                        Attribute.PRIVATE: True,
                        Attribute.SENSITIVE: True,
                        Attribute.EXTRACTABLE: False,
                        Attribute.SIGN: True,
                        Attribute.DECRYPT: False,
                        Attribute.UNWRAP: False,
                    },
                )
            finally:
                writing.close()

        # Not tried a second time: the first may have made the key before it failed.
        self._use(make, tries=1)
        return self.open(label).public_key

    def open(self, label: str) -> TokenSigner:
        """Return the key of that label; it is looked for once, then kept. Raises KeysUnavailable, KeyNotFound."""
        with self._module.lock:
            signer = self._signers.get(label)
            if signer is None:
                public_key = self._use(lambda session: self._public_key(session, label))
                signer = self._signers[label] = TokenSigner(self, label, public_key)
        return signer

    def sign(self, label: str, digest_info: bytes) -> bytes:
        """Return the raw RSA PKCS#1 v1.5 signature of a DigestInfo. Raises KeysUnavailable, KeyNotFound."""
        # A second signature of the same bytes is the same one: trying again can't make two.
        signature: bytes = self._use(
            lambda session: self._private_key(session, label).sign(digest_info, mechanism=Mechanism.RSA_PKCS)
        )
        return signature

    def _use(self, deed: Callable[[pkcs11.Session], _Result], *, tries: int = 2) -> _Result:
        """Do something in the session; when the token lets us down, open another and do it again."""
        with self._module.lock:
            for left in reversed(range(tries)):
                # Another store's session may have the number of ours by now, and its token is another.
                if self._opened_in != (os.getpid(), self._module.begun):
                    self._forget()
                session = self._session or self._open_session()
                try:
                    return deed(session)
                except KeyNotFound:
                    # Another process may have made it: a library can go on with the token's objects as it read them.
                    if not left or not self._look_anew():
                        raise
                except pkcs11.PKCS11Error as error:
                    self._forget()
                    if not left:
                        raise self._unavailable(error) from None
        raise AssertionError("at least one try")

    def _look_anew(self) -> bool:
        """Have the library read the token again; False where it did a moment ago, for that costs sessions."""
        if time.monotonic() < self._anew_from:
            return False
        self._anew_from = time.monotonic() + _ANEW_SECONDS
        self._forget()
        with contextlib.suppress(pkcs11.PKCS11Error):  # opening the session says what is wrong
            self._module.begin(anew=True)
        return True

    def _forget(self) -> None:
        # Not closed: it is lost, or a parent's. What a token still keeps open ends with the process.
        self._session = None
        self._private.clear()

    def _open_session(self) -> pkcs11.Session:
        if self._refused:
            # Each wrong PIN brings the token nearer to locking it.
            raise KeysUnavailable(f"token {self._address.token!r} refused the PIN: not tried again by this process")
        for pause in _PAUSES:
            time.sleep(pause)
            try:
                # At first with the library as it is; it may remember slots as they were, and then begins anew. Other
                # stores of it lose their sessions by that, and find out.
                self._session = self._log_in(anew=pause > 0)
            except pkcs11.PKCS11Error as error:
                if self._refused:
                    raise KeysUnavailable(f"token {self._address.token!r} refuses the PIN") from None
                last = error
            else:
                self._opened_in = (os.getpid(), self._module.begun)
                return self._session
        raise self._unavailable(last)

    def _log_in(self, *, anew: bool) -> pkcs11.Session:
        library = self._module.begin(anew=anew)
        token = library.get_token(token_label=self._address.token)
        known = hashlib.sha256(self._pin.encode()).hexdigest()
        try:
            session = token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:
            # A login holds for the whole process; whoever comes second must know the PIN all the same.
            if self._module.logins.get(self._address.token) != known:
                raise KeysUnavailable(f"token {self._address.token!r} refuses the PIN") from None
            return token.open()
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired):
            self._refused = True
            raise
        self._module.logins[self._address.token] = known
        return session

    def _public_key(self, session: pkcs11.Session, label: str) -> bytes:
        private = self._private_key(session, label)
        if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
            raise KeysUnavailable(f"key {label!r} can be taken out of the token: not used")
        found = _find(session, label, ObjectClass.PUBLIC_KEY)
        if len(found) != 1:
            raise KeyNotFound(f"no public key {label!r}, or more than one, in token {self._address.token!r}")
        exponent, modulus = (int.from_bytes(found[0][name]) for name in (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS))
        return (
            rsa.RSAPublicNumbers(exponent, modulus)
            .public_key()
            .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def _private_key(self, session: pkcs11.Session, label: str) -> Any:
        key = self._private.get(label)
        if key is None:
            found = _find(session, label, ObjectClass.PRIVATE_KEY)
            if not found:
                raise KeyNotFound(f"no key {label!r} in token {self._address.token!r}")
            if len(found) > 1:
                raise KeysUnavailable(f"more than one key {label!r} in token {self._address.token!r}")
            key = self._private[label] = found[0]
        return key

    def _unavailable(self, error: pkcs11.PKCS11Error) -> KeysUnavailable:
        said = type(error).__name__ + (f": {error}" if str(error) else "")
        return KeysUnavailable(f"token {self._address.token!r} of {self._address.module} does not serve ({said})")


def _find(session: pkcs11.Session, label: str, kind: ObjectClass) -> list[Any]:
    wanted = {Attribute.CLASS: kind, Attribute.KEY_TYPE: KeyType.RSA, Attribute.LABEL: label}
    return list(session.get_objects(wanted))
