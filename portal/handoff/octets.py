"""Bytes that come in JSON: base64, and no more than there may be."""

import base64
import binascii


def decode(value: object, *, longest: int) -> bytes:
    """Return the bytes of a member, at most `longest` and not none; raise ValueError with a sentence otherwise."""
    if not isinstance(value, str):
        raise ValueError("must be a text in base64")
    if len(value) > 4 * ((longest + 2) // 3):
        raise ValueError(f"must be at most {longest} bytes")
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be in base64") from None
    if not 0 < len(decoded) <= longest:
        raise ValueError(f"must be at most {longest} bytes, and not none")
    return decoded
