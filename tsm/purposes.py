"""Which of the JPKI application's two keys a certificate is for."""

from ca.profiles import Purpose
from tsm.jpki import Key

KEYS = {Purpose.SIGNATURE: Key.SIGNATURE, Purpose.USER_AUTHENTICATION: Key.AUTHENTICATION}
PURPOSES = {key: purpose for purpose, key in KEYS.items()}
