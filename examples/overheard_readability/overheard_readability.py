"""A scorer that asks a service over HTTP, and counts what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import aiohttp
from pydantic import Field

from overheard import (
    Answer,
    Metric,
    OverheardError,
    PluginSettings,
    Reading,
    Scale,
    Score,
    ScoredListener,
    Scorer,
    ScoreRecord,
    Settings,
    hookimpl,
)

overheard_api = ">=1.0,<2"


class ReadabilitySettings(Settings):
    """``[scorers.readability]``: the service.

    Attributes:
        url: It is posted ``{"text": ...}`` and returns ``{"ease": 0.0 to 1.0}``.
        timeout: Seconds.
    """

    url: str = Field(default="http://127.0.0.1:8099/ease", pattern=r"^https?://\S+$")
    timeout: float = Field(default=10.0, gt=0)


class ServiceFailed(OverheardError):
    """The service answered without a value, or not at all."""

    message = "The readability service gives no value: {reason}."

    reason: str


class Readability:
    """How easy an answer is to read, as the service has it."""

    name = "readability"
    version = "1"
    metrics: Sequence[Metric] = (Metric("reading_ease", Scale.SHARE, "Ease of reading"),)

    def __init__(self, settings: ReadabilitySettings) -> None:
        self._settings = settings

    async def score(self, reading: Reading) -> list[Score]:
        """Score an answer that names the brand; any other one says nothing of it."""
        if not reading.of(reading.brand.name):
            return []
        ease = await self._ask(reading.body)
        return [Score("reading_ease", min(1.0, max(0.0, ease)))]

    async def _ask(self, text: str) -> float:
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
                session.post(self._settings.url, json={"text": text}) as response,
            ):
                return float((await response.json())["ease"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise ServiceFailed(reason=type(error).__name__) from None


class Tally:
    """Counts the scores that were given, by metric."""

    def __init__(self) -> None:
        self.given: Counter[str] = Counter()

    async def __call__(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:  # noqa: ARG002 - a `ScoredListener`
        """Count."""
        self.given.update(record.score.metric for record in scores)


TALLY = Tally()


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the one scorer of this plugin."""
    yield Readability(settings.one(ReadabilitySettings, "readability"))


@hookimpl
def overheard_answer_scored(settings: PluginSettings) -> Iterator[ScoredListener]:  # noqa: ARG001 - nothing can be set
    """Yield the tally."""
    yield TALLY
