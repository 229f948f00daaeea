"""The phone's screen lock in place of the authentication PIN, never of the signature password.

The PIN is sealed in the browser under a secret of the phone's authenticator and a share that the server gives out once
it has verified a gesture; the server never has the PIN, nor that secret. Here too: the holder's proof, by the phone's
authentication key, that opens for some minutes what a phone's session alone may not see.
"""
