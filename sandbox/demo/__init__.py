"""The whole path in the terminal, over the public interfaces only: pages, APIs, the device bridge, CRL and OCSP.

It holds no row of the database and no key of the system: what it shows, anybody could see for themselves.
"""
