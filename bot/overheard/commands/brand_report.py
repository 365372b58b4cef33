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
    read_stories,
    without_covered,
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
        names: The names of the brand and of its competitors, the brand's first.
        lines: Streams (one brand, model and metric over time) of the metrics that were read, of
            all these brands.
        runs: For each model its runs with answers about the brand, the oldest first.
        rows: The level of each metric of these brands in the newest run of each model.
        places: The visibility of the brand at each model.
        alerts: The brand's alerts that are not over, the newest first.
        stories: What has happened to the brand at each model: steady, watching, moved or recovered.
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
        """For each model at which the brand has moved: the time at which the change began."""
        return {
            story.model: story.began
            for story in self.stories.values()
            if story.state is StoryState.MOVED and story.began
        }

    def is_usual(self, at: datetime) -> bool:
        """Return whether a run at a time shows the present usual level of the brand at every model:
        outside of every change, and after the last change that a person accepted.
        """
        return all(story.is_usual(at) for story in self.stories.values())

    @property
    def own_rows(self) -> list[MetricLevel]:
        """The metric levels of the brand itself, without its competitors."""
        return [row for row in self.rows if row.brand == self.brand.name]

    @property
    def headline_lines(self) -> list[Stream]:
        """The streams of visibility: the brand's own first, then those of the competitors in the
        order of `names`; those of one brand are sorted by model.
        """
        visibility = [line for line in self.lines if line.key.metric == VISIBILITY]
        return sorted(
            visibility, key=lambda line: (self.names.index(line.key.brand), line.key.model)
        )


async def read_report(deployment: Deployment, brand: Brand, *, metric: str | None = None) -> Report:
    """Return the report of a brand from the store. Without answers about the brand, `Report.runs`
    and all that is measured are empty.

    The report's alerts are those that are not over. An alert on the brand is left out if an alert
    on a model as a whole that is not over either reports the same change.

    Args:
        metric: The only metric to read, such as ``visibility``; None for all.
    """
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(deployment, names, metric=metric)
    own_lines = [line for line in lines if line.key.brand == brand.name]
    runs = _runs_by_model(own_lines)
    newest_ids = {model: model_runs[-1].id for model, model_runs in runs.items()}
    rows = [
        row
        for row in standings_in(lines, names, deployment.scoring)
        if row.point.run_id == newest_ids.get(row.model)
    ]
    alerts = await alerts_about(deployment.store, brand.name, live=True)
    measured_at = [(brand.name, model) for model in runs]
    stories = await read_stories(deployment, brand.name, included=measured_at)
    own_visibility = [line for line in own_lines if line.key.metric == VISIBILITY]
    return Report(
        brand=brand,
        names=names,
        lines=lines,
        runs=runs,
        rows=rows,
        places=visibility_by_model(brand.name, rows, own_visibility, stories),
        alerts=await without_covered(deployment.store, alerts),
        stories=stories,
    )


def _runs_by_model(streams: Iterable[Stream]) -> dict[Model, list[RunKey]]:
    """Return for each model of the streams its distinct runs with answers, the oldest first."""
    runs: dict[Model, set[RunKey]] = {}
    for stream in streams:
        with_answers = {stream.runs[row] for row in rows_with_answers(stream)}
        runs.setdefault(stream.key.model, set()).update(with_answers)
    return {model: sorted(model_runs) for model, model_runs in runs.items()}


async def silent_models(deployment: Deployment, report: Report) -> dict[Model, datetime]:
    """Return the models that were asked in the newest run with answers and did not answer, sorted;
    for each the start of the older run that its figures come from. Models without any older answer
    are left out.

    Empty if all answered, if the report has no runs, and if it is not known which models the run
    asked.
    """
    if not report.runs:
        return {}
    latest = max(runs[-1] for runs in report.runs.values())
    stored = await deployment.store.runs.find(until=latest.at, limit=1)
    panel = stored[0].panel if stored and stored[0].id == latest.id else None
    asked_models = panel.models if panel else ()
    return {
        model: runs[-1].at
        for model, runs in sorted(report.runs.items())
        if runs[-1] != latest and model in asked_models
    }


def silent_sentence(
    deployment: Deployment, call: Call, report: Report, silent: Mapping[Model, datetime]
) -> str:
    """Return a sentence on the models that did not answer in the newest run, and on the days of
    their figures: ``Claude did not answer on 25 May; its figures are of 18 May.`` Days that
    several models share are named once. Empty if `silent` is empty.

    Args:
        call: The person who asks; days are those of the person's time zone.
        silent: The models that did not answer, with the time of their figures.
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
