"""A small HTTP/1.1 server for a desk that mostly answers from memory: bytes, connections, processes; no Django.

connection   one client: octets to requests by httptools, answers in their order, and an end to what takes too long
workers      sockets and processes: one event loop each, begun again when it dies

Nothing here knows what is asked. A desk takes a request and replies to its connection, at once or later.
"""

from ca.serving.connection import Connection, Desk, Limits, Trouble
from ca.serving.workers import Place, serve

__all__ = ["Connection", "Desk", "Limits", "Place", "Trouble", "serve"]
