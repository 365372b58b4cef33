"""The traces of a process, in OpenTelemetry's format."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from overheard.errors import OverheardError
from overheard.installation import install_command

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

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

    Args:
        attributes: The span's attributes, or None.
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
