"""The JPKI application of the My Number Card: written by the municipality, its authentication certificate free."""

from typing import ClassVar

from sandbox.virtual.jpki.application import JpkiApplication
from tsm.jpki import CARD_LABEL, File, Key


class CardApplication(JpkiApplication):
    """The application on a card. Passwords are there from the start; only VERIFY opens their change."""

    LABEL = CARD_LABEL
    MODEL = "E16R01NJ"
    GUARDED: ClassVar = {File.SIGNATURE_CERTIFICATE: Key.SIGNATURE}
    SETS_FIRST_PASSWORD = False
