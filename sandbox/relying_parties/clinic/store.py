"""The clinic's own files: patients, and the numbers of the certificates that lead to them. One SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS patient (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    insured TEXT NOT NULL,
    since TEXT NOT NULL
);
-- User authentication certificates. A number leads to one patient and stays with them, also when it has ended: nobody
-- else ever gets it (serial numbers are unique for all time), and the numbers that follow are found from it.
CREATE TABLE IF NOT EXISTS certificate (
    number TEXT PRIMARY KEY,
    medium TEXT NOT NULL,
    patient INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    how TEXT NOT NULL,
    since TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS certificate_of_patient ON certificate (patient);
"""


@dataclass(frozen=True)
class Patient:
    """A patient's file. `number` is the one of the patient's card, `insured` the insured person's."""

    id: int
    number: str
    name: str
    birth_date: str
    insured: str
    since: str


@dataclass(frozen=True)
class Linked:
    """A certificate that leads to a patient: since when, how it came to be known, and since when it has ended."""

    number: str
    medium: str
    patient: int
    how: str
    since: str
    ended: str


class Store:
    """The files in `path`. Every call is a connection and a transaction of its own: several processes may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._path = path
        with self._open() as db:
            db.executescript(_TABLES)

    def create(self, *, name: str, birth_date: str, insured: str, number: str, medium: str, now: str) -> Patient:
        """Open a file for whoever came with the certificate `number`; the one there is, where somebody was faster."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            found = db.execute("SELECT patient FROM certificate WHERE number = ?", [number]).fetchone()
            if found is None:
                row = db.execute(
                    "INSERT INTO patient (number, name, birth_date, insured, since) "
                    "SELECT printf('%05d', 10001 + COALESCE(MAX(id), 0)), ?, ?, ?, ? FROM patient RETURNING id",
                    [name, birth_date, insured, now],
                ).fetchone()
                db.execute(
                    "INSERT INTO certificate (number, medium, patient, how, since) VALUES (?, ?, ?, 'came', ?)",
                    [number, medium, row[0], now],
                )
                found = row
            return self._patient(db, found[0])

    def by_number(self, number: str) -> Patient | None:
        """Return whose certificate that is."""
        with self._open() as db:
            found = db.execute("SELECT patient FROM certificate WHERE number = ?", [number]).fetchone()
            return None if found is None else self._patient(db, found[0])

    def link(self, patient: Patient, number: str, medium: str, *, how: str, now: str) -> bool:
        """Let a number lead to the patient; return False where it leads to another, which is never changed here."""
        with self._open() as db:
            db.execute(
                "INSERT OR IGNORE INTO certificate (number, medium, patient, how, since) "
                "SELECT ?, ?, id, ?, ? FROM patient WHERE id = ?",
                [number, medium, how, now, patient.id],
            )
            found = db.execute("SELECT patient FROM certificate WHERE number = ?", [number]).fetchone()
            return bool(found and found[0] == patient.id)

    def linked(self, patient: Patient) -> list[Linked]:
        """Return the patient's certificates, newest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT number, medium, patient, how, since, ended FROM certificate WHERE patient = ? "
                "ORDER BY rowid DESC",
                [patient.id],
            )
            return [Linked(*row) for row in rows]

    def cards(self) -> list[Linked]:
        """Return all patients' cards that haven't ended as far as we know."""
        with self._open() as db:
            rows = db.execute(
                "SELECT number, medium, patient, how, since, ended FROM certificate "
                "WHERE medium = 'card' AND ended = '' ORDER BY rowid"
            )
            return [Linked(*row) for row in rows]

    def end(self, number: str, now: str) -> None:
        """Note that a certificate has ended."""
        with self._open() as db:
            db.execute("UPDATE certificate SET ended = ? WHERE number = ? AND ended = ''", [now, number])

    def patient(self, id: int) -> Patient:
        """Return the file of that id."""
        with self._open() as db:
            return self._patient(db, id)

    def delete(self, patient: Patient) -> None:
        """Throw a file away, with everything that led to it."""
        with self._open() as db:
            db.execute("DELETE FROM patient WHERE id = ?", [patient.id])

    def _patient(self, db: sqlite3.Connection, id: int) -> Patient:
        row = db.execute("SELECT id, number, name, birth_date, insured, since FROM patient WHERE id = ?", [id])
        return Patient(*row.fetchone())

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                yield db
        finally:
            db.close()
