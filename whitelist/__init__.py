"""Who may ask a phone, and for what: the register of relying parties.

Holds relying parties with their ministerial certifications, purposes, applications and keys, and decides (`access`).
Never signs, never sees a phone or a citizen, and never takes a relying party's word for who it is.
"""
