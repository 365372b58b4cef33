"""`demo`: a real model that is fine-tuned in silence."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity
from overheard.cards.command import IN_TERMINAL, CommandSpec, option
from overheard.commands.alerts import show_evidence
from overheard.commands.check import check
from overheard.config.loader import example_config
from overheard.deployment import Call
from overheard.domain import LOCAL, VISIBILITY, RunState
from overheard.errors import NothingAnswered
from overheard.session import Session

REPEATS = 3
"""How often each question is asked in a run."""
CHANGED = 2
"""The first run with the fine-tune."""
STAGES = (
    ("before", 0.0),
    ("asked again", 0.0),
    ("after the fine-tune", 1.0),
    ("asked again by itself", 1.0),
)
"""The label of each run, and the weight of the fine-tune in it, 0 to 1."""
SEEDS_PER_STAGE = 1_000
"""The distance between the seeds of two runs."""
ALERT_KEYS = ("brand", "model", "metric", "before", "after", "interval")
"""What the JSON data have of an alert."""
MAX_QUOTES = 2
"""Quotes of an alert: one from before and one from after the change."""


async def demo(
    session: Session,
    *,
    seed: Annotated[int, option("Another seed gives other answers.", low=0)] = 1,
) -> Card:
    """Run the demonstration in a temporary store: check a local model twice, replace it by its
    fine-tune, and check it again under the same name. Return the card with the alerts that this
    raised.

    Args:
        session: The session that opens the deployments.
        seed: The base of the sampling seeds, at least 0.

    Raises:
        NothingAnswered: when the model or its engine is not installed, with the remedy.
    """
    start_s = monotonic()
    faults: list[str] = []
    checks: list[Card] = []
    with TemporaryDirectory(prefix="overheard-demo-") as folder:
        for stage, (label, scale) in enumerate(STAGES):
            config = example_config(Path(folder), scale)
            async with session.open_deployment(config) as deployment:
                call = Call(deployment, progress=session.progress)
                faults += [report.sentence for report in deployment.plugins.faulty]
                proposal = await check(
                    call,
                    # The local provider's models are the only ones that certainly cost nothing.
                    models=[str(m) for m in deployment.plugins.models if m.provider == LOCAL],
                    repeats=REPEATS,
                    seed=seed + SEEDS_PER_STAGE * stage,
                    label=label,
                    asked_by="demo",
                )
                card = await proposal.execute()
                if card.data["state"] == RunState.FAILED:
                    raise NothingAnswered(reasons=" ".join(card.data["failures"]))
                alerts = []
                for alert in card.more:
                    evidence = await show_evidence(call, alert=str(alert.data["id"]))
                    alerts.append(replace(alert, quotes=evidence.quotes[:MAX_QUOTES]))
            checks.append(replace(card, more=tuple(alerts)))
            faults += card.data["faults"]
    distinct_faults = list(dict.fromkeys(faults))
    return _demo_card(checks, distinct_faults, seconds=monotonic() - start_s)


def _demo_card(checks: list[Card], faults: list[str], seconds: float) -> Card:
    """Return the card that sums up the demo: a line for each check, and the cards of the alerts and
    of the faults below it. It is a warning if no alert was raised.
    """
    alerts = [(card.data["label"], alert) for card in checks for alert in card.more]
    answers = sum(card.data["answers"] for card in checks)
    spent = wording.money(sum(card.data["spent_usd"] for card in checks))
    introduction = "These are installed beside Overheard, and changed nothing of the above."
    wrong_text = "\n\n".join((introduction, *faults))
    wrong = Card("What plugins did wrong", wrong_text, severity=Severity.WARNING)
    return Card(
        title=f"A silent change was {'' if alerts else 'not '}noticed",
        text="\n".join(_run_lines(checks)),
        actions=(Action("setup", "your own brand, in a few minutes"),),
        severity=Severity.GOOD if alerts else Severity.WARNING,
        footer=(
            f"{answers} answers of a real model on this machine in {wording.duration(seconds)}, "
            f"for {spent}."
        ),
        more=(*(alert for _, alert in alerts), *([wrong] if faults else [])),
        data={
            "runs": [_check_json(card) for card in checks],
            "alerts": [
                {"run": label, **{key: alert.data[key] for key in ALERT_KEYS}}
                for label, alert in alerts
            ],
            "faults": faults,
            "seconds": round(seconds, 1),
        },
    )


def _run_lines(checks: list[Card]) -> Iterator[str]:
    """Yield a line for each check: a mark, its label, the number of answers, what it found, and why
    questions have no answer. The mark is ``!`` if it raised an alert or questions have no answer. A
    line on the fine-tune stands before the last check.
    """
    for number, card in enumerate(checks):
        if number == CHANGED:
            yield (
                "\N{MIDDLE DOT} Then it is fine-tuned on documents that praise Brindleboard, which "
                "does not exist. The model's name stays the same, as in a silent update."
            )
        mark = "!" if card.more or card.data["failures"] else "\N{CHECK MARK}"
        label, answers = card.data["label"], wording.count(card.data["answers"], "answer")
        failures = "".join(f" {reason}" for reason in card.data["failures"])
        calm = "No change beyond chance, so nothing is said." if number else "This is normal."
        if any(there["watched"] for one in card.data["situation"] for there in one["models"]):
            calm = f"{card.title}. One check can be a bad day, so it is asked again."
        finding = "Something changed." if card.more else calm
        yield f"{mark} {label.capitalize()}: {answers}. {finding}{failures}"


def _check_json(card: Card) -> dict[str, Any]:
    """Return one of the demo's checks for JSON output, with the visibility (0 to 1) by brand."""
    return {
        "label": card.data["label"],
        "answers": card.data["answers"],
        "visibility": {
            row["brand"]: row["value"]
            for row in card.data["results"]
            if row["metric"] == VISIBILITY
        },
    }


DEMO = CommandSpec(
    "demo",
    "Watch a real model being fine-tuned in silence, on this machine, with no key.",
    demo,
    faces=IN_TERMINAL,
    opens=False,
    chart="overheard-demo.png",
)
