"""Independent notice: what happened to a holder's certificates, told by another way than the phone.

The journal says what happened, whoever caused it; each event is told once, by mail or by letter. The database is the
outbox. Never a secret in a notice, never a link that opens anything by itself.
"""
