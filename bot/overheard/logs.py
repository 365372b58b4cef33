"""The log of a process, with secrets covered.

The log has one line for each event, with the ids of what it is about. It contains no secret and no
text of a model: known secrets are covered, and an error that is logged with its traceback appears
by its class and places alone, since its text may quote its input.
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

from overheard.config.redaction import redacted
from overheard.config.sections import LoggingTable

LOGGER = "overheard"
"""The logger whose level the configuration sets; libraries log warnings only."""
MAX_PLACES = 8
"""Places of a traceback that are logged, those nearest to the error."""

_TASK_IDS: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed


def about(**ids: str) -> None:
    """Add ids to all later log lines of this asyncio task, and of tasks that it starts.

    Ids that were set before stay; a new value of the same name replaces the old one.

    Args:
        ids: Such as ``run`` (its key), ``command`` (the platform's id of a request) or ``task``.
    """
    _TASK_IDS.set({**_TASK_IDS.get(), **ids})


def write_log(settings: LoggingTable, secrets: Collection[str] = ()) -> None:
    """Make this process write its log to standard error, where service managers collect it.

    Overheard's own lines have the configured level; other libraries log warnings and errors only.
    An earlier set-up of the log is replaced.

    Args:
        settings: The level and format of the log.
        secrets: Texts to cover, in addition to the secrets of the environment.
    """
    formatter = RedactedJsonLines if settings.format == "json" else RedactedLines
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(secrets))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LOGGER).setLevel(settings.level.upper())


class RedactedLines(logging.Formatter):
    """Formats lines for people.

    Args:
        secrets: Texts to cover.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return a log record as one line: time, logger, message, ids, and an error's class and
        places.

        Secrets in the message are covered. Ids and the error are left out where there are none.
        """
        ids = " ".join(f"{key}={value}" for key, value in _TASK_IDS.get().items())
        error = _error_and_places(record)
        line = f"{self.formatTime(record)} {record.name}: {self._message(record)}"
        line += f" [{ids}]" if ids else ""
        return line + (f" {error[0]} at {', '.join(error[1])}" if error else "")

    def _message(self, record: logging.LogRecord) -> str:
        """Return the message of a record with secrets covered."""
        return redacted(record.getMessage(), self._secrets)


class RedactedJsonLines(RedactedLines):
    """Formats lines for programs: one JSON object each, with ``at``, ``level``, ``logger``,
    ``message``, the ids, and an error's kind and ``places``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a log record as one line of JSON, with secrets in the message covered.

        ``at`` is in UTC. ``error`` and ``places`` are there only with an error.
        """
        error = _error_and_places(record)
        fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
            **_TASK_IDS.get(),
            **({"error": error[0], "places": error[1]} if error else {}),
        }
        return json.dumps(fields, ensure_ascii=False)


def _error_and_places(record: logging.LogRecord) -> tuple[str, list[str]] | None:
    """Return the class name of a record's error, and the places of its traceback; None without an
    error. The error's text is left out, because it may quote an answer.
    """
    kind, _, trace = record.exc_info or (None, None, None)
    if not kind:
        return None
    frames = traceback.extract_tb(trace)[-MAX_PLACES:]
    return kind.__name__, [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
