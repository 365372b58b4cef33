"""An alert as JSON data, which ``--json`` writes."""

from __future__ import annotations

from typing import Any

from overheard.alerts.evidence import AlertEvidence
from overheard.alerts.reasons import certainty
from overheard.alerts.statement_wording import statement_data
from overheard.domain import Alert, Shift


def alert_data(alert: Alert, evidence: AlertEvidence | None = None) -> dict[str, Any]:
    """Return an alert as JSON values: its number, kind (``brand`` or ``model``) and all its shifts,
    with their values on the scale of the metric.

    The first shift stands at the top level with the number of its run, the other shifts of that run
    under ``also``, and those of later runs, each with its run's number, under ``later``.

    Args:
        evidence: The evidence of the alert. With it, ``looks_like`` is the likeliest explanation as
            of now, and ``part_of`` the number of the model-wide alert to which it belongs; either
            may be None. Without it, both are left out.
    """
    from_evidence: dict[str, Any] = {}
    if evidence is not None:
        explanation, model_alert = evidence.explanation, evidence.model_alert
        from_evidence["looks_like"] = explanation.data() if explanation else None
        from_evidence["part_of"] = model_alert.id if model_alert else None
    return {
        "id": alert.id,
        "kind": "model" if alert.of_model else "brand",
        **from_evidence,
        "run_id": alert.shift.run_id,
        **_shift_data(alert.shift),
        "also": [_shift_data(shift) for shift in alert.also],
        "later": [{"run_id": s.run_id, **_shift_data(s)} for s in alert.later],
    }


def _shift_data(shift: Shift) -> dict[str, Any]:
    """Return a shift as JSON values.

    ``before``, ``after``, ``change`` and the two ends of its ``interval`` are on the scale of the
    metric. ``brand`` is None for a model-wide change. ``level`` and ``chance_a_year`` are None
    where the certainty is not known. ``recovery`` says whether the shift takes an earlier one back.
    Only a statement has the key ``statement``.
    """
    return {
        "brand": shift.brand or None,
        "model": str(shift.model),
        "metric": shift.metric,
        "before": shift.before,
        "after": shift.after,
        "change": shift.change,
        "interval": list(shift.interval),
        "level": certainty(shift.chance_a_year),
        "chance_a_year": shift.chance_a_year,
        "explanation": shift.explanation,
        "recovery": shift.recovery,
        **({"statement": statement_data(shift.statement)} if shift.statement else {}),
    }
