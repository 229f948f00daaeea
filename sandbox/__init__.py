"""The pretend world: people with cards, phones with secure elements, sample services, and the town hall's counter.

Everything here speaks to the system as the real thing would: cards and elements by APDU, phones by SERAM, services by
the API. Nothing imports it, production doesn't install it, and it never decides what a certificate is worth.
"""
