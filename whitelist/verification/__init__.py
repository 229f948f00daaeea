"""Verification: what registered verifiers may ask of the authorities' records, and what is kept of each answer."""
