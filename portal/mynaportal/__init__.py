"""Mynaportal: the first service that the phone's certificates are used for.

Sign in by phone, find a procedure, fill it in, sign it, keep the receipt; see one's own data and notices. It is a
relying party like any other: it stands in the register (article 17(1) item 1), asks by hand-off, and gets what a
hand-off gives. What it knows of somebody begins with the certificate that signed in.
"""
