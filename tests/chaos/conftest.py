"""Chaos is made by `make chaos` alone (CHAOS=1): the rest of the tests don't wait for it."""

import os

collect_ignore_glob = [] if os.environ.get("CHAOS") else ["test_*.py"]
