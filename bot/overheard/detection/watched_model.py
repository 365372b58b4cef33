"""The streams of a brand at one model as its monitor watches them, and their analysis after a run.

The baseline of the model is in ``baseline.py``; the monitor that goes from run to run in
``monitor.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from overheard.detection.baseline import Baseline
from overheard.detection.control_variate import StreamGroup
from overheard.detection.statistic import Statistic
from overheard.domain import Model, ModelUpdate
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, np

UPDATE_WEIGHT = 3.0
"""How much likelier a change is in a run in which an update was announced or another model was
served, than in other runs."""
UNWEIGHTED_SOURCES = frozenset({"style", "canary"})
"""Signs of an update that go with the run effects of a session: they carry no weight."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamAnalysis:
    """The analysis of one stream after a run.

    Attributes:
        stream: The stream, cut to the runs of its baseline and the analysed run.
        found: The evidence for a change.
        excess: The logarithm of the statistic above its threshold.
    """

    stream: Stream
    found: Statistic
    excess: float

    @property
    def largest(self) -> float:
        """The largest logarithm of a Bayes factor among the runs with which a change may have
        begun.
        """
        return float(self.found.logs.max())


@dataclass(eq=False)
class WatchedModel:
    """The streams of the brand at one model, and the baseline of the model.

    Attributes:
        baseline: The runs that count as normal.
        streams: The brand's streams by metric.
        groups: The same streams, each with those of the rivals, by metric.
        answered: Number of answers in each run, R, by metric.
    """

    model: Model
    baseline: Baseline
    streams: dict[str, Stream]
    groups: dict[str, StreamGroup] = field(default_factory=dict)
    answered: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, own: Iterable[Stream], everything: Iterable[Stream], model: Model) -> WatchedModel:
        """Return the brand's streams at a model, each grouped with the rivals' streams of the same
        metric, and an empty baseline.

        Args:
            own: The brand's streams at all models; at least one is of ``model``.
        """
        by_metric = {s.key.metric: s for s in own if s.key.model == model}
        watched = cls(model, Baseline(next(iter(by_metric.values())).runs), by_metric)
        for metric, stream in by_metric.items():
            rivals = [
                s
                for s in everything
                if (s.key.model, s.key.metric) == (model, metric) and s is not stream
            ]
            watched.groups[metric] = StreamGroup.of(stream, rivals)
            watched.answered[metric] = stream.n.sum(axis=1)
        return watched

    def prior_weights(self, updates: Iterable[ModelUpdate]) -> Floats:
        """Return how likely a change is to begin with each of the model's R runs, relative to the
        runs up to it, before any answer is seen.

        The first run at the time of an update or later weighs `UPDATE_WEIGHT`, any other run 1.
        Each weight is then divided by the mean weight of the runs up to its own, that included,
        because frequent updates say little.

        Args:
            updates: Known updates, in any order. Left out are those of other models, those after
                the last run, and those from `UNWEIGHTED_SOURCES`.
        """
        runs = self.baseline.runs
        weights = np.ones(len(runs))
        for update in updates:
            if update.model != self.model or update.source in UNWEIGHTED_SOURCES:
                continue
            first = next((row for row, run in enumerate(runs) if run.at >= update.at), None)
            if first is not None:
                weights[first] = UPDATE_WEIGHT
        mean_so_far = np.cumsum(weights) / np.arange(1, len(runs) + 1)
        return np.asarray(weights / mean_so_far)
