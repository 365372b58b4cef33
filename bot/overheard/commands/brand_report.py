"""What a brand's report, page, share of voice and comparison with another brand are drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.alerts.story import (
    BrandAtModel,
    Story,
    StoryState,
    alerts_about,
    leading,
    read_stories,
)
from overheard.cards import wording
from overheard.commands.standings import (
    MetricLevel,
    ModelVisibility,
    read_streams,
    standings_in,
    visibility_by_model,
)
from overheard.deployment import Call, Deployment
from overheard.detection.baseline import rows_with_answers
from overheard.domain import VISIBILITY, Alert, Brand, Model
from overheard.measure.blocks import RunKey, Stream


@dataclass(frozen=True, slots=True)
class Report:
    """The stored scores, alerts and stories of a brand and its competitors.

    Attributes:
        brand: The brand.
        names: The names of the brand and of its competitors, the brand's first.
        lines: Streams of all metrics of these brands.
        runs: The runs that scored the brand, in the order of time, by model.
        rows: Standings of the newest run of each model.
        places: The visibility of the brand at each model.
        alerts: The brand's open alerts, the newest first.
        stories: The course of the brand at each model, which tells usual runs from changed ones.
    """

    brand: Brand
    names: Sequence[str]
    lines: Sequence[Stream]
    runs: Mapping[Model, Sequence[RunKey]]
    rows: Sequence[MetricLevel]
    places: Sequence[ModelVisibility]
    alerts: Sequence[Alert]
    stories: Mapping[BrandAtModel, Story]

    @property
    def changed(self) -> dict[Model, datetime]:
        """The time at which the change of an open alert began, by model."""
        return {
            story.model: story.began
            for story in self.stories.values()
            if story.state is StoryState.MOVED and story.began
        }

    def is_usual(self, at: datetime) -> bool:
        """Return whether a run at a time was usual at every model."""
        return all(story.is_usual(at) for story in self.stories.values())

    @property
    def own_rows(self) -> list[MetricLevel]:
        """The standings of the brand itself."""
        return [row for row in self.rows if row.brand == self.brand.name]

    @property
    def headline_lines(self) -> list[Stream]:
        """The streams of the headline metric, the brand's own first, by model."""
        shown = [line for line in self.lines if line.key.metric == VISIBILITY]
        return sorted(shown, key=lambda s: (self.names.index(s.key.brand), s.key.model))


async def read_report(deployment: Deployment, brand: Brand, *, metric: str | None = None) -> Report:
    """Return the report of a brand from the store; `Report.runs` is empty without answers.

    Args:
        deployment: The open deployment.
        brand: The brand.
        metric: The metric to read; None for all.
    """
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(deployment, names, metric=metric)
    own_lines = [line for line in lines if line.key.brand == brand.name]
    runs = _runs_by_model(own_lines)
    newest = {model: found[-1].id for model, found in runs.items()}
    rows = [
        row
        for row in standings_in(lines, names, deployment.scoring)
        if row.point.run_id == newest.get(row.model)
    ]
    alerts = await alerts_about(deployment.store, brand.name, live=True)
    alerts = await leading(deployment.store, alerts)
    known = [(brand.name, model) for model in runs]
    found_stories = await read_stories(deployment, brand.name, known=known)
    history = [line for line in own_lines if line.key.metric == VISIBILITY]
    brand_places = visibility_by_model(brand.name, rows, history, found_stories)
    return Report(brand, names, lines, runs, rows, brand_places, alerts, found_stories)


def _runs_by_model(streams: Iterable[Stream]) -> dict[Model, list[RunKey]]:
    """Return the runs with answers, in the order of time, by model."""
    runs: dict[Model, set[RunKey]] = {}
    for stream in streams:
        runs.setdefault(stream.key.model, set()).update(
            stream.runs[row] for row in rows_with_answers(stream)
        )
    return {model: sorted(found) for model, found in runs.items()}


async def silent_models(deployment: Deployment, report: Report) -> dict[Model, datetime]:
    """Return the models that were asked in the newest run and did not answer, with the time of the
    run that their figures come from.
    """
    if not report.runs:
        return {}
    latest = max(runs[-1] for runs in report.runs.values())
    found = await deployment.store.runs.find(until=latest.at, limit=1)
    panel = found[0].panel if found and found[0].id == latest.id else None
    asked = panel.models if panel else ()
    return {
        model: runs[-1].at
        for model, runs in sorted(report.runs.items())
        if runs[-1] != latest and model in asked
    }


def silent_sentence(
    deployment: Deployment, call: Call, report: Report, silent: Mapping[Model, datetime]
) -> str:
    """Return a sentence on the models that did not answer in the newest run, and on the age of
    their figures; empty without any.

    Args:
        deployment: The open deployment.
        call: The person who asks, and the channel.
        report: The report with the figures.
        silent: The models, see `silent_models`.
    """
    if not silent:
        return ""
    names = wording.listing([deployment.names.name(model) for model in silent])
    days = dict.fromkeys(wording.short_day(at, call.zone) for at in silent.values())
    latest = max(runs[-1].at for runs in report.runs.values())
    whose = "its" if len(silent) == 1 else "their"
    return (
        f"{names} did not answer on {wording.short_day(latest, call.zone)}; {whose} figures are "
        f"of {wording.listing(list(days))}."
    )
