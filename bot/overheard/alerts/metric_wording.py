"""How metrics, their values and their changes are called in alerts."""

from dataclasses import dataclass

from overheard.alerts.evidence import AlertEvidence
from overheard.alerts.story import is_usual
from overheard.cards import wording
from overheard.cards.metric_words import words_of
from overheard.domain import Metric, Shift
from overheard.measure.blocks import Stream
from overheard.measure.trends import USUAL_CHECKS

FAR = 0.3
"""Change of a rate from which on words say "far"."""
LEAST_MOVED = 0.05
"""Change of a rate below which a brand is not named among those that moved."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """The present and the usual value of a brand's metric at a model.

    Attributes:
        now: The mean in the latest check.
        usual: The mean of the checks before the change; None when there was none.
        since: The mean of the checks since the change began; None when there was none.
        answers: The number of answers of each check, when all are of one size; else 0.
    """

    now: float
    usual: float | None
    since: float | None
    answers: int

    def written(self, value: float, metric: Metric) -> str:
        """Return a value of the metric as text: ``8``, a count of answers, for a rate of answers if
        all checks have the same number of answers; otherwise on the metric's scale, as in ``33 %``.

        Args:
            value: The value, on the metric's scale.
        """
        is_count = self.answers and metric.scale.is_yes_or_no
        return (
            wording.share(value, self.answers) if is_count else wording.value(value, metric.scale)
        )

    def cell(self, value: float | None, metric: Metric) -> str:
        """Return a value as a table cell: ``8 of 24`` for a rate of answers if all checks have the
        same number of answers, otherwise on the metric's scale; "-" for None.
        """
        if value is None:
            return "-"
        is_count = self.answers and metric.scale.is_yes_or_no
        return f"{self.written(value, metric)}{f' of {self.answers}' if is_count else ''}"

    def shows(self, value: float | None, change: float, metric: Metric) -> bool:
        """Return whether a value, as it is written for readers, differs from the usual value in the
        direction of a change.

        Args:
            value: The value, on the metric's scale; for None the result is False.
            change: The change, of which only the sign counts.
            metric: The metric. Without a usual value the result is True.
        """
        if value is None:
            return False
        if self.usual is None:
            return True
        looks_different = self.written(value, metric) != self.written(self.usual, metric)
        return looks_different and (value - self.usual) * change > 0

    def words(self, metric: Metric) -> str:
        """Return the present and the usual value as words to follow the metric's name: `` in 8 of
        24 answers, usually 22`` for a rate of answers; `` in 33 % of answers, usually 92 %`` for
        one whose checks have different numbers of answers; ``: +0.42, usually +0.10`` for any other
        metric. Without a usual value the last clause is left out.
        """
        now = self.written(self.now, metric)
        if not metric.scale.is_yes_or_no:
            words = f": {now}"
        else:
            one = words_of(metric.name).counted
            whole = wording.count(self.answers, one) if self.answers else f"{one}s"
            words = f" in {now} of {whole}"
        if self.usual is None:
            return words
        return f"{words}, usually {self.written(self.usual, metric)}"


def shift_phrase(
    shift: Shift, metric: Metric | None, subject: str, *, with_direction: bool = True
) -> str:
    """Return what a model does since a shift, as words to follow the model's name: ``names Acme far
    less``, where "far" stands for a change of a rate by `FAR` or more.

    For a metric without words of its own, for one that is not measured any more, and without a
    direction, the words are ``changed Acme's tone``, with the metric's label or else its name.

    Args:
        metric: The metric of the shift; None when the metric is not measured any more.
        subject: The brand's name, or "it".
        with_direction: Whether the words may say the direction of the shift.
    """
    words = words_of(shift.metric)
    if with_direction and metric and words.better:
        far = " far" if metric.scale.is_rate and abs(shift.change) >= FAR else ""
        became_better = (shift.change > 0) == metric.higher_is_better
        phrase = words.better if became_better else words.worse
        return phrase.format(brand=subject, far=far)
    label = metric.label.lower() if metric else shift.metric
    whose = "its" if subject == "it" else f"{subject}'s"
    return f"changed {whose} {label}"


def later_shift_phrase(shift: Shift, metric: Metric | None, subject: str) -> str:
    """Return what a model does since one shift of an alert, as words to follow the model's name:
    ``names it less``. If the metric rose at some questions, fell at others and moved by less than
    `LEAST_MOVED` on the whole, the words are ``names it for other questions``.

    Args:
        metric: The metric of the shift; None when the metric is not measured any more.
        subject: The brand's name, or "it".
    """
    elsewhere = words_of(shift.metric).elsewhere
    if elsewhere and abs(shift.change) < LEAST_MOVED and went_both_ways(shift):
        return elsewhere.format(brand=subject)
    return shift_phrase(shift, metric, subject)


def went_both_ways(shift: Shift) -> bool:
    """Return whether the metric rose at some questions of a shift and fell at others."""
    rises = {p.after > p.before for p in shift.prompts if p.after != p.before}
    return len(rises) == 2


def metric_value(
    stream: Stream | None, evidence: AlertEvidence, shift: Shift
) -> MetricValue | None:
    """Return the present and the usual value of a metric of a brand at a model; None without a
    stream, or without answers up to the end of the alert.

    The present value is that of the latest run, the usual value the mean of the last
    `USUAL_CHECKS` runs before the alert's change that lie outside of earlier changes (before the
    latest, for statements, which change no level). Without such
    runs, the usual value is the one that a shift of a metric has stored for its own brand, and
    otherwise None.

    Args:
        stream: The stream of the metric, or None.
        evidence: The evidence of the alert, which has the times of its changes.
        shift: The shift of the alert's metric.
    """
    points = evidence.points(stream)
    if not points:
        return None
    changed = points[-1].at if shift.statement else evidence.began
    before = [
        point.mean
        for point in points
        if point.at < changed and is_usual(evidence.earlier, point.at)
    ][-USUAL_CHECKS:]
    is_own_brand = stream is not None and stream.key.brand == shift.brand
    stored = shift.before if is_own_brand and not shift.statement else None
    after = [point.mean for point in points if point.at >= evidence.began]
    answer_counts = {point.n for point in points}
    return MetricValue(
        now=points[-1].mean,
        usual=sum(before) / len(before) if before else stored,
        since=sum(after) / len(after) if after else None,
        answers=answer_counts.pop() if len(answer_counts) == 1 else 0,
    )


def change_of(stream: Stream | None, evidence: AlertEvidence) -> float | None:
    """Return by how much a stream changed when an alert's change began, on the metric's scale: the
    mean of its runs since then minus the mean of all its runs before. Runs after the end of the
    alert do not count. None without a stream, without runs before, and without runs since then.
    """
    points = evidence.points(stream)
    before = [point.mean for point in points if point.at < evidence.began]
    since = [point.mean for point in points if point.at >= evidence.began]
    if not before or not since:
        return None
    return sum(since) / len(since) - sum(before) / len(before)
