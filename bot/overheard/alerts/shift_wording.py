"""The words for the shifts of an alert: what moved, from where to where, and how far.

The words for the values of a metric are in ``metric_wording.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from overheard.alerts.statement_wording import statement_cell, statement_clause
from overheard.cards import wording
from overheard.domain import VISIBILITY, Alert, Metric, Shift

NAMED = "named"
"""What a table calls the rate of answers that name a brand."""
MAX_PATH_VALUES = 3
"""Steps of an alert's way that a table names."""


def shift_words(shift: Shift, metrics: Mapping[str, Metric]) -> str:
    """Return a shift in words: ``visibility fell from 70 % to 45 %``; for a metric of which less is
    better, ``drawbacks became worse, from 5 % to 20 %``; for a statement, what the model says. A
    change of 0 counts as a fall.

    Args:
        metrics: The metrics that are measured, by name. One that is missing is called by its name.
    """
    if shift.statement:
        return statement_clause(shift.statement)
    label, before, after = metric_words(shift, metrics)
    metric = metrics.get(shift.metric)
    up, down = "rose", "fell"
    if metric and not metric.higher_is_better:  # "rose" would read as good news
        up, down = "became worse,", "became better,"
    return f"{label} {up if shift.change > 0 else down} from {before} to {after}"


def movement_words(alert: Alert, metrics: Mapping[str, Metric]) -> str:
    """Return in words how the first metric of an alert moved until now, its returns included:
    ``visibility fell from 70 % to 45 %, then to 20 %``. For an alert that begins with a statement,
    return what the model says; for a model-wide alert, that the model changed.

    Args:
        metrics: The metrics that are measured, by name.
    """
    if alert.shift.statement:
        return shift_words(alert.shift, metrics)
    if alert.of_model:
        return "the model as a whole changed"
    then = (f", then to {metric_words(shift, metrics)[2]}" for shift in later_metric_shifts(alert))
    return shift_words(alert.shift, metrics) + "".join(then)


def metric_path(alert: Alert, metrics: Mapping[str, Metric]) -> str:
    """Return what an alert reports as a table cell: its statements, if it begins with one, and the
    values of its first metric: ``price “$49”; named 70 % → 45 % → 20 %``.

    If more than `MAX_PATH_VALUES` values follow the first one, only the last of them is shown,
    after an ellipsis. For a model-wide alert the cell is ``how it speaks of 4 brands``.

    Args:
        metrics: The metrics that are measured, by name.
    """
    if alert.of_model:
        return f"how it speaks of {wording.count(len(alert.brands), 'brand')}"
    moved = [shift for shift in alert.moved if not shift.statement]
    path = [shift for shift in moved if shift.metric == moved[0].metric]
    parts = [statement_cell(alert.statements)] if alert.shift.statement else []
    if path:
        steps = [metric_words(shift, metrics) for shift in path]
        label, before, _ = steps[0]
        label = NAMED if path[0].metric == VISIBILITY else label
        after = [step[2] for step in steps]
        shown = after if len(after) <= MAX_PATH_VALUES else ["\N{HORIZONTAL ELLIPSIS}", after[-1]]
        parts.append(f"{label} {' → '.join((before, *shown))}")
    return "; ".join(parts)


def later_metric_shifts(alert: Alert) -> list[Shift]:
    """Return the shifts that an alert got after it was raised, growth and returns, in the metric of
    its first shift, in the order of the runs.
    """
    return [shift for shift in alert.later if shift.metric == alert.shift.metric]


def metric_words(shift: Shift, metrics: Mapping[str, Metric]) -> tuple[str, str, str]:
    """Return the label of a shift's metric in lower case, and its values before and after the shift
    as text: ``("visibility", "70 %", "45 %")``. For a metric that is not among ``metrics``, because
    it is not measured any more, return its name and numbers with two decimals.
    """
    metric = metrics.get(shift.metric)
    if metric is None:  # its scorer is not installed any more
        return shift.metric, f"{shift.before:.2f}", f"{shift.after:.2f}"
    before, after = (wording.value(number, metric.scale) for number in (shift.before, shift.after))
    return metric.label.lower(), before, after
