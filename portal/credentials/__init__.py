"""An organisation's keys: issue, rotate, disable; and what is wrong with a client assertion.

The rules are `whitelist.credentials`; here are the screens, which ask for the second factor anew.
"""
