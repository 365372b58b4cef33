"""Traces, where somebody wants them: which part of a run takes how long, by OpenTelemetry.

Spans hold names and ids, and nothing that was asked or answered. Of an error they hold its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from overheard.errors import OverheardError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Given, Coroutine[Any, Any, Result]]
Told = Callable[..., Mapping[str, str]]

_tracer: list[Tracer] = []
"""Whoever makes spans: one for the process, as in every program that is traced, or none."""


class TracesUnavailable(OverheardError):
    """[telemetry] needs the package {package}; install it with: pip install 'overheard[otel]', or say traces = false."""  # noqa: E501 - the docstring is the message


def begin_traces(service: str, exporter: SpanExporter | None = None) -> TracerProvider:
    """Make spans from now on; what is left of them is sent when the process ends.

    Args:
        service: What this deployment is called beside others, unless ``OTEL_SERVICE_NAME`` says.
        exporter: Where they go; by default by OTLP over HTTP to where OpenTelemetry's own
            variables say, such as ``OTEL_EXPORTER_OTLP_ENDPOINT``.

    Raises:
        TracesUnavailable: when a package is missing.
    """
    try:
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = exporter or _otlp()
    except ModuleNotFoundError as error:
        raise TracesUnavailable(package=error.name) from None
    named = Resource({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer[:] = [provider.get_tracer("overheard")]
    return provider


def end_traces() -> None:
    """Make no more spans."""
    _tracer.clear()


def traced(
    name: str, told: Told | None = None
) -> Callable[[Work[Given, Result]], Work[Given, Result]]:
    """Make a span of each call to an async function, where traces are wanted.

    Args:
        name: What the span is called.
        told: Returns what else it says, from what the function is called with.
    """

    def decorate(work: Work[Given, Result]) -> Work[Given, Result]:
        @wraps(work)
        async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            if not _tracer:
                return await work(*args, **kwargs)
            attributes = told(*args, **kwargs) if told else None
            return await _within_span(name, attributes, work(*args, **kwargs))

        return run

    return decorate


async def _within_span(
    name: str, attributes: Mapping[str, str] | None, work: Coroutine[Any, Any, Result]
) -> Result:
    from opentelemetry.trace import Status, StatusCode

    with _tracer[0].start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            return await work
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _otlp() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
