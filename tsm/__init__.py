"""Phones, their secure elements, and what is written into them.

Holds enrolments and drives each, leg by leg, over GlobalPlatform and SERAM: SEI-TSM and SP-TSM.
Never sees a password of a card or a phone, never signs a certificate, never waits for a phone.
"""
