"""The certification authorities: reserve, assemble, lint, sign, revoke, publish, journal, and say what holds.

Each realm has two authorities, for signature and for user authentication; card and phone share keys and serial numbers.
It never knows a phone or a relying party, never signs inside a database transaction, and calls nobody back on its own.
"""
