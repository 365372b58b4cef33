"""The log and the traces of a process, with secrets covered.

The log has one line for each event, with the ids of what it is about. It contains no secret and no
text of a model: known secrets are covered, and an error that is logged with its traceback appears
by its class and places alone, since its text may quote its input. Traces are in OpenTelemetry's
format.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from overheard.config.secrets import redacted
from overheard.config.sections import LoggingTable
from overheard.errors import OverheardError
from overheard.installation import install_command

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

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


Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Given, Coroutine[Any, Any, Result]]
Attributes = Callable[..., Mapping[str, str]]
_tracer: list[Tracer] = []
"""The tracer of the process, if it is traced."""


class TracesUnavailable(OverheardError):
    """A package that traces need is missing."""

    message = (
        "[telemetry] needs the package {package}; install it with: {command}, or write "
        "traces = false."
    )

    package: str | None
    command: str


def begin_traces(service: str, exporter: SpanExporter | None = None) -> TracerProvider:
    """Record spans in this process from now on, and return their source. Unsent spans are sent when
    the process ends.

    Args:
        service: The name of this deployment, unless ``OTEL_SERVICE_NAME`` or
            ``OTEL_RESOURCE_ATTRIBUTES`` gives one.
        exporter: Sends the spans; None means by OTLP over HTTP to the address in OpenTelemetry's
            own variables, such as ``OTEL_EXPORTER_OTLP_ENDPOINT``.

    Raises:
        TracesUnavailable: when a package is missing.
    """
    try:
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ModuleNotFoundError as error:
        raise TracesUnavailable(package=error.name, command=install_command(extra="otel")) from None
    named = Resource({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer[:] = [provider.get_tracer("overheard")]
    return provider


def traced(
    name: str, describe: Attributes | None = None
) -> Callable[[Work[Given, Result]], Work[Given, Result]]:
    """Return a decorator that records a span for each call of an async function.

    While traces are off, the function is called without a span.

    Args:
        describe: Returns the span's attributes from the arguments of the call; None for a span
            without attributes.
    """

    def decorate(work: Work[Given, Result]) -> Work[Given, Result]:
        """Return a function that runs an async function within a span, or without one while traces
        are off.
        """

        @wraps(work)
        async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            if not _tracer:
                return await work(*args, **kwargs)
            attributes = describe(*args, **kwargs) if describe else None
            return await _within_span(name, attributes, work(*args, **kwargs))

        return run

    return decorate


async def _within_span(
    name: str, attributes: Mapping[str, str] | None, work: Coroutine[Any, Any, Result]
) -> Result:
    """Return the result of work that is awaited within a span. Traces must be on.

    An error is raised as it is; it sets the span's status to its class, without its text.
    """
    from opentelemetry.trace import Status, StatusCode

    with _tracer[0].start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            return await work
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
