"""A card reader on a counter: what stands between a PC/SC reader and the services that it reads for.

A service sends its visitor's browser here, with a challenge. The terminal shows who asks, takes the PIN on a page of
its own, has card or phone sign the challenge, and sends the browser back with a code, for which the service fetches
certificate and signature. No service ever sees a PIN, and the terminal judges nothing: whether the certificate is good
is for the service to find out.

Written to be copied: it imports nothing of this project, and needs pyscard and Python alone.
"""
