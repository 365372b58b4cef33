"""What errors of a database mean, each as one sentence with its remedy.

All connections of a store convert their errors here, so that no caller sees an error of a driver.
Errors of our own statements, such as a violated constraint, are bugs and remain as they are.
"""

import shutil
import sqlite3
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from overheard.errors import StoreError

_FULL = ("the disk is full", "make room and run the same command again; what is stored is kept")
_READ_ONLY = (
    "it may not be written to",
    "let this user write to the file and to its folder, on a disk that is not read-only",
)
_BUSY = (
    "another process is writing to it for too long",
    "end that process or wait for it, then try again",
)
_DAMAGED = (
    "the file is damaged",
    "move it away and restore a backup; without one, sqlite3 saves what is readable: .recover",
)
_NO_DATABASE = (
    "the file is not an SQLite database",
    "correct the path, or move the file away and restore a backup",
)
_UNOPENED = (
    "the file cannot be opened",
    "check that the path is right and that this user may write there",
)
_DISK_ERROR = (
    "the disk reports an error",
    "check the disk and the system's log; if it remains, restore a backup on another disk",
)
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _NO_DATABASE,
    sqlite3.SQLITE_CANTOPEN: _UNOPENED,
    sqlite3.SQLITE_IOERR: _DISK_ERROR,
}
_BY_STATE = {
    "53100": ("the server's disk is full", "make room there, then run the same command again"),
    "25006": ("the server accepts no writes", "name the primary server, not a replica"),
    "42501": ("this user may not do that", "give the user of the URL all rights in its database"),
    "28": ("the server refuses the user or the password", "correct them in the URL"),
    "3D000": ("the server has no such database", "create it, or correct the URL"),
    "XX00": ("the server's files are damaged", "restore a backup"),
    "53": ("the server has too few resources", "see the server's log, then try again"),
}
"""Faults by prefixes of PostgreSQL's SQLSTATE."""
_TRANSIENT_STATES = ("08", "40", "53300", "57P")
"""SQLSTATE prefixes of lost connections, deadlocks, too many connections, server restarts."""
_AWAY = (
    "the server cannot be reached",
    "check that the server runs, and the host, user, password and database in it",
)
_BY_ERRNO = {
    **dict.fromkeys((ENOSPC, EDQUOT), _FULL),
    **dict.fromkeys((EACCES, EPERM, EROFS), _READ_ONLY),
}
_NO_TEXT = "Could not decode to UTF-8"
"""How `sqlite3` reports a damaged text, which has no code."""
FREE_BYTES = 2**16
"""With less room than this, SQLite reports a full disk as an error of the disk."""


class StoreAway(StoreError):
    """The same statement may succeed soon: after a restart of the server or a deadlock."""

    message = "The store at {url} cannot be used: {reason}; {remedy}."


def shown(url: URL) -> str:
    """Return the URL for messages: without its password, driver and parameters."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def store_error(url: URL, error: BaseException) -> StoreError | None:
    """Return the `StoreError` that explains an error of a driver or of the file system; None for a
    bug.

    Args:
        error: An error of `sqlite3`, `psycopg`, SQLAlchemy or the operating system.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    fault: tuple[str, str] | None = None
    kind = StoreError
    if isinstance(cause, OSError):
        fault = _BY_ERRNO.get(cause.errno or 0)
    elif isinstance(cause, sqlite3.Error):
        fault = _sqlite_fault(url, cause)
    elif isinstance(cause, UnicodeDecodeError) and url.get_backend_name() == "sqlite":
        fault = _DAMAGED  # SQLite's message quotes bytes of the file that are no text
    elif type(cause).__module__.startswith("psycopg"):
        fault, kind = _server_fault(cause)
    return kind(url=shown(url), reason=fault[0], remedy=fault[1]) if fault else None


def _sqlite_fault(url: URL, error: sqlite3.Error) -> tuple[str, str] | None:
    """Return (reason, remedy) of an error of SQLite, as clauses; None for a bug of our own.

    A failed read or write on a disk without room counts as a full disk, and text that cannot be
    decoded as a damaged file.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and _is_disk_full(url):
        return _FULL
    if str(error).startswith(_NO_TEXT):
        return _DAMAGED
    return _BY_SQLITE_CODE.get(code)


def _is_disk_full(url: URL) -> bool:
    """Return whether the disk of an SQLite file has no room left."""
    try:
        return shutil.disk_usage(Path(url.database or "").absolute().parent).free < FREE_BYTES
    except OSError:
        return False


def _server_fault(error: Any) -> tuple[tuple[str, str] | None, type[StoreError]]:
    """Return ((reason, remedy), class to raise) of an error of PostgreSQL.

    The reason and the remedy are clauses; None for a bug of our own. The class is `StoreAway` if
    the same statement may succeed soon, as after a lost connection, else `StoreError`.
    """
    import psycopg  # comes with the extra `postgres`

    state = error.sqlstate
    if state is None:  # psycopg reached no server, or lost it
        is_away = isinstance(error, psycopg.OperationalError)
        return (_AWAY, StoreAway) if is_away else (None, StoreError)
    fault = next((fault for start, fault in _BY_STATE.items() if state.startswith(start)), None)
    if state.startswith(_TRANSIENT_STATES):
        return fault or _AWAY, StoreAway
    return fault, StoreError
