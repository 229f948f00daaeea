"""The citizen's app: choose a phone, apply with the card, watch, set passwords, stop.

It renders what `tsm` knows and stands in for the Mynaportal app. What needs the card or the element is done by the
page itself, over the device bridge. It never sees a password, decides nothing and changes no certificate.
"""
