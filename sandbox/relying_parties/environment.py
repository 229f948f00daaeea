"""Where the system is, where we are, and where our keys lie: what an operator may change."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Started next to the system, the system's own address is in the environment.
JPKI_URL = (os.environ.get("JPKI_URL") or os.environ.get("PUBLIC_URL") or "http://localhost:8000").rstrip("/")
SAMPLES_URL = os.environ.get("SAMPLES_URL", "http://localhost:8002").rstrip("/")
VAR = Path(os.environ.get("VAR_DIR") or HERE.parent.parent / "var")
SAMPLES_KEYS_DIR = Path(os.environ.get("SAMPLES_KEYS_DIR") or VAR / "samples")
# What the samples keep of their own.
SAMPLES_DATA_DIR = Path(os.environ.get("SAMPLES_DATA_DIR") or VAR / "samples")
# Where the terminal of a card reader is, if there is one: `python -m sandbox.terminal`.
TERMINAL_URL = os.environ.get("TERMINAL_URL", "http://localhost:9640").rstrip("/")
