"""The card's end of the JPKI application: one core, and its two variants for card and phone."""

from sandbox.virtual.jpki.applet import JpkiApplet
from sandbox.virtual.jpki.application import JpkiApplication
from sandbox.virtual.jpki.card import CardApplication
from sandbox.virtual.jpki.key_pair import KeyPair
from sandbox.virtual.jpki.password import Password

__all__ = ["CardApplication", "JpkiApplet", "JpkiApplication", "KeyPair", "Password"]
