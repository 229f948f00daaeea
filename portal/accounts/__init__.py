"""Accounts: who signs in to the site's own areas, with which role, and what each role may do.

Staff today (help desk, officers, operators), service providers later: an account is a person of one realm with one
role, a password and an authenticator. Citizens have no account; they prove themselves with card or phone.
"""
