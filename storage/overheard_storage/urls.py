"""URLs of stores, and the errors of stores that cannot be opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from overheard.errors import StoreError
from overheard.installation import install_command
from overheard_storage.faults import shown, store_error

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_REMEDIES = {
    "sqlite": "check that the path is right and that this user may write there",
    "postgresql": "check that the server runs, and the host, user, password and database in it",
}
_KINDS = "write it as sqlite:///path/to/file.db or postgresql://user:password@host/database"


def parse_url(url: str) -> URL:
    """Parse a store's URL, or the bare path of an SQLite file.

    Raises:
        StoreError: when the URL is of neither kind.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return URL.create(_DRIVERS["sqlite"], database=_file(url))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            url=f"{scheme}://...", reason="the URL cannot be read", remedy=_KINDS
        ) from None
    return _with_driver(parsed)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Convert errors of opening a store into a `StoreError`.

    Raises:
        StoreError: with the URL (its password hidden), the reason and the remedy.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise StoreError(
            url=shown(url),
            reason=f"the package {error.name} is missing",
            remedy=f"install it with: {install_command(extra='postgres')}",
        ) from error
    except (SQLAlchemyError, OSError) as error:
        remedy = _REMEDIES[url.get_backend_name()]
        explained_error = store_error(url, error)
        raise explained_error or StoreError(
            url=shown(url), reason=_reason(error), remedy=remedy
        ) from error


def is_missing(url: URL) -> bool:
    """Return whether a URL names an SQLite file that does not exist."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def _with_driver(url: URL) -> URL:
    """Return a URL with the driver of its database, and with a full path of an SQLite file."""
    kind = url.drivername.partition("+")[0]
    if kind not in _DRIVERS:
        reason = f"{kind} is neither SQLite nor PostgreSQL"
        raise StoreError(url=f"{kind}://...", reason=reason, remedy=_KINDS)
    if kind == "sqlite":
        url = url.set(database=_file(url.database or ""))
    return url.set(drivername=_DRIVERS[kind])


def _file(path: str) -> str:
    if path in {"", ":memory:"}:
        reason = "it names no file, and a store that is not kept cannot be shared"
        raise StoreError(url=f"sqlite:///{path}", reason=reason, remedy=_KINDS)
    return str(Path(path).expanduser())


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}"
    return str(cause).strip().partition("\n")[0]
