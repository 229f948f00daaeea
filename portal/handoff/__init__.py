"""The hand-off: a service's request to the citizen's phone, from link to result.

Shows who asks and for what, from the register; takes the phone's signature and checks it before the service gets it.
Never sees a PIN or password, never takes a service's word for its name, never sends a citizen to an address that isn't
registered.
"""
