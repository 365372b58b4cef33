"""The description of a shift that the monitor found: how far, since when, which updates fit, why.

The comparison of the sides is in ``comparison.py``, the cause in ``explanation.py``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from overheard.detection.baseline import run_slice
from overheard.detection.comparison import compare_sides
from overheard.detection.decision_inputs import StreamEvidence, measured_change
from overheard.detection.explanation import explain, falls_among
from overheard.detection.watched_model import StreamAnalysis, WatchedModel
from overheard.domain import Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream


class ShiftDescription:
    """Describes the shifts of one brand.

    Args:
        streams: The brand's streams and those of its rivals, at all models of the brand.
        watched: The brand's streams and baseline at each model, as they are at the time.
        updates: The known updates of the models.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        watched: Mapping[Model, WatchedModel],
        updates: Sequence[ModelUpdate],
    ) -> None:
        self._streams = streams
        self._watched = watched
        self._updates = updates

    def describe(
        self, evidence: StreamEvidence, analysis: StreamAnalysis, run: RunKey, chance_a_year: float
    ) -> StreamEvidence:
        """Return the evidence of a stream with its shift and the change to expect of many more
        answers; unchanged when nothing can be compared before and after the likeliest first run.

        Args:
            evidence: The evidence without a shift.
            analysis: The analysis of the stream after the run.
            chance_a_year: How often a year chance shows as much as the brand does.
        """
        key, found = analysis.stream.key, analysis.found
        runs = self._watched[key.model].baseline.runs
        began = runs[found.likeliest]
        tau2 = found.series.shared + found.variance
        compared = compare_sides(analysis.stream, began.id, tau2)
        if compared is None:
            return evidence
        first_runs = tuple(runs[row] for row in found.dates())
        updates = falls_among(self._updates, key.model, first_runs, runs)
        shift = Shift(
            brand=key.brand,
            model=key.model,
            metric=key.metric,
            run_id=run.id,
            before=compared.before,
            after=compared.after,
            change=compared.change,
            interval=compared.interval,
            prompts=compared.prompts,
            answers=compared.answers,
            began=began.id,
            likely_first_runs=tuple(first_run.id for first_run in first_runs),
            chance_a_year=chance_a_year,
            updates=updates,
            explanation=self._explanation(analysis, began, run, updates),
        )
        return replace(evidence, change=measured_change(compared, analysis.stream), shift=shift)

    def _explanation(
        self,
        analysis: StreamAnalysis,
        began: RunKey,
        run: RunKey,
        updates: Sequence[ModelUpdate],
    ) -> str:
        """Return sentences on the likely cause of a shift, judged by which brands and models moved
        with it.

        Args:
            run: The latest run that counts.
        """
        key = analysis.stream.key
        same_metric = [stream for stream in self._streams if stream.key.metric == key.metric]
        past = [
            run_slice(
                stream, self._first_row(stream.key.model, began), bisect_right(stream.runs, run)
            )
            for stream in same_metric
        ]
        return explain(key, past, began, updates).text

    def _first_row(self, model: Model, began: RunKey) -> int:
        """Return the row of the first run of the brand's baseline at a model; 0, the first run of
        all, when the baseline is empty or does not begin before a change (``began``).
        """
        watched = self._watched[model]
        rows = watched.baseline.rows
        return rows[0] if rows and watched.baseline.runs[rows[0]] < began else 0
