"""The log: one line for each thing that people should hear of, with the ids of what it is about.

No secret and nothing that a model wrote is in it: known secrets are covered, and of an error that
is logged with its traceback, its kind and its places are told and not its text, which may quote
whatever it stumbled over.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from overheard.plugins.wording import redacted
from overheard.tables.deployment import LoggingTable

OURS = "overheard"
"""The logger whose level the configuration sets; those of the parts say warnings alone."""
PLACES = 8
"""Places of a traceback that are told, those nearest to the error."""

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed


def about(**ids: str) -> None:
    """Say what this asyncio task, and whatever it starts, is about from now on.

    Args:
        ids: Such as ``run`` (its key), ``command`` (the platform's id of a request) or ``task``.
    """
    _ABOUT.set({**_ABOUT.get(), **ids})


def write_log(settings: LoggingTable, secrets: Collection[str] = ()) -> None:
    """Write the log to standard error, where a service manager looks for it.

    Args:
        settings: How much, and in which form.
        secrets: What must not be seen in it, beside the secrets of the environment.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonLines if settings.format == "json" else Lines)(secrets))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(OURS).setLevel(settings.level.upper())


class Lines(logging.Formatter):
    """Writes lines for people.

    Args:
        secrets: What must not be seen in them.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        ids = " ".join(f"{key}={value}" for key, value in _ABOUT.get().items())
        error = _error(record)
        line = f"{self.formatTime(record)} {record.name}: {self._message(record)}"
        line += f" [{ids}]" if ids else ""
        return line + (f" {error[0]} at {', '.join(error[1])}" if error else "")

    def _message(self, record: logging.LogRecord) -> str:
        return redacted(record.getMessage(), self._secrets)


class JsonLines(Lines):
    """Writes lines for programs: one JSON object each, with ``at``, ``level``, ``logger``,
    ``message``, the ids of what it is about, and an error's kind and ``places``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        error = _error(record)
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
            **_ABOUT.get(),
            **({"error": error[0], "places": error[1]} if error else {}),
        }
        return json.dumps(told, ensure_ascii=False)


def _error(record: logging.LogRecord) -> tuple[str, list[str]] | None:
    """Return the kind of an error that comes with a record, and where it came from."""
    kind, _, trace = record.exc_info or (None, None, None)
    return (kind.__name__, _places(trace)) if kind else None


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-PLACES:]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
