"""PDFium's turn: the library has state of its own and is not made for two threads at once.

Every room that opens a file with it takes this one lock: two locks would let two of a process's threads in.
"""

import threading

TURN = threading.Lock()
