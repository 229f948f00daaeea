"""My certificates: both in plain words and in full, what they stand on, every use of them, and a way to object.

Only for the holder, who proves himself on the phone (portal.screen_lock.proof). It decides nothing about a certificate.
"""
