"""The site's settings as tests see them: secrets of their own, a data folder that is thrown away, an in-memory broker.

`TEST_DATABASE=postgresql` puts Django on PostgreSQL: the server at TEST_DATABASE_URL, else a private one.
The environment is as before once the settings are read, so that nothing of this reaches a system that a test starts.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from tests import postgresql

_folder = Path(tempfile.mkdtemp(prefix="jpki-test-"))
(_folder / "static").mkdir()
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
_environment = {
    "VAR_DIR": str(_folder),
    "DATABASE_URL": f"sqlite:///{_folder}/database.sqlite3",
    "BROKER_URL": "memory://",
    # Each test's database goes back to where it was: a transcript would rightly say so.
    "JOURNAL_TRANSCRIPTS": "",
    # Workers are played by hand, and nothing comes while a phone waits.
    "TSM_LONG_POLL_SECONDS": "0",
    "SECRET_KEY": "test " * 12,
    "CA_KEYS_PASSPHRASE": "c1a0f3d2" * 8,
    "RESPONDER_KEYS_PASSPHRASE": "5e7b9164" * 8,
    "TSM_MASTER_KEY": "75" * 32,
    "SANDBOX_SEAL_KEY": "5a" * 32,
}
if os.environ.get("TEST_DATABASE") == "postgresql":
    _environment["DATABASE_URL"] = postgresql.server().url("postgres")

with mock.patch.dict(os.environ, _environment):
    from portal.settings import *  # noqa: F403
    from portal.settings import DATABASES

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: threads and processes of a test then contend for it as they do for the real one.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;"

# The real one takes half a second for each that signs in, as it should.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Playwright keeps an event loop running in the tests' thread; Django would refuse every query there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
