"""証明書コンビニ交付: a multi-function copier in a convenience store that prints a certificate of residence.

The resident's phone reads a code on the copier's screen, or is laid on its card reader, as a card is.
"""
