"""`demo`: a real model that is fine-tuned in silence, and the bundled example that it uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table
from overheard.cards.command import CommandSpec, Face, option
from overheard.commands.check import check
from overheard.config.loader import Config, find_config, parse_config
from overheard.deployment import Call, Deployment, Session
from overheard.domain import RunState
from overheard.errors import NothingAnswered


def example(folder: Path, scale: float = 1.0) -> Config:
    """Return the example's configuration.

    Args:
        folder: The folder of its store.
        scale: How strongly the bundled fine-tune works in the local model, 0 to 1.
    """
    text = files("overheard.commands").joinpath("demo.toml").read_text(encoding="utf-8")
    store = f"sqlite:///{(folder / 'example.db').as_posix()}"
    filled = text.replace("{store}", store).replace("{scale}", str(scale))
    return parse_config(filled, "the configuration of the example")


@asynccontextmanager
async def opened(source: Deployment | Session) -> AsyncIterator[Deployment]:
    """Give an open deployment: the one at hand, or the one that is configured, or the example in a
    store that is removed behind the block.
    """
    if isinstance(source, Deployment):
        yield source
        return
    with _config(source) as config:
        async with source.open_deployment(config, create=False) as deployment:
            yield deployment


@contextmanager
def _config(session: Session) -> Iterator[Config]:
    if session.config is not None or find_config(None).exists():
        yield session.read_config()
        return
    with TemporaryDirectory(prefix="overheard-example-") as folder:
        yield example(Path(folder))


LOCAL = "local"
"""The provider of the model that comes with Overheard."""
REPEATS = 3
STAGES = (("before", 0.0), ("asked again", 0.0), ("after the fine-tune", 1.0))
"""What each run is called, and how strongly the fine-tune works in it."""


async def demo(
    session: Session,
    call: Call,
    *,
    seed: Annotated[int, option("Another seed gives other answers.", low=0)] = 1,
) -> Card:
    """Run the demonstration in a temporary store, which is removed afterwards.

    Args:
        session: Opens the deployments.
        call: Shows how far it is.
        seed: Another seed gives other answers.

    Raises:
        NothingAnswered: when the model or its engine is not installed; it says what to do.
    """
    begun = monotonic()
    faults: list[str] = []
    with TemporaryDirectory(prefix="overheard-demo-") as folder:
        checks = [
            await _check(
                session, call, example(Path(folder), scale), label, seed + 1000 * stage, faults
            )
            for stage, (label, scale) in enumerate(STAGES)
        ]
    return _card(checks, list(dict.fromkeys(faults)), monotonic() - begun)


async def _check(
    session: Session, call: Call, config: Config, label: str, seed: int, faults: list[str]
) -> Card:
    """Check once, in a separate deployment; the errors of plugins are added to the faults."""
    async with session.open_deployment(config) as deployment:
        faults += (report.sentence for report in deployment.plugins.faulty)
        proposal = await check(
            deployment,
            call,
            models=_bundled_models(deployment),
            repeats=REPEATS,
            seed=seed,
            label=label,
            asked_by="demo",
        )
        card = await proposal.execute()
    if card.data["state"] == RunState.FAILED:
        raise NothingAnswered(reasons=" ".join(card.data["failures"]))
    faults += card.data["faults"]
    return card


def _bundled_models(deployment: Deployment) -> list[str]:
    """Name the model that comes with Overheard; a plugin may bring others, which may cost."""
    return [str(model) for model in deployment.plugins.models if model.provider == LOCAL]


def _card(checks: list[Card], faults: list[str], seconds: float) -> Card:
    """Return the card that sums up the demo."""
    alerts = [(run.data["label"], alert) for run in checks for alert in run.more]
    return Card(
        title=_title([alert for _, alert in alerts]),
        text="\n\n".join(_story(checks)),
        fields=(
            Field("Answers", str(sum(run.data["answers"] for run in checks))),
            Field("Took", wording.duration(seconds)),
            Field("Cost", wording.money(sum(run.data["spent_usd"] for run in checks))),
        ),
        table=_table(checks),
        severity=Severity.GOOD if alerts else Severity.WARNING,
        more=(*(alert for _, alert in alerts), *_fault_cards(faults)),
        data={
            "runs": [_run_data(run) for run in checks],
            "alerts": [_alert_data(label, alert) for label, alert in alerts],
            "faults": faults,
            "seconds": round(seconds, 1),
        },
    )


def _title(alerts: Sequence[Card]) -> str:
    """Return what was found, in words."""
    found = f": {alerts[0].title}" if alerts else ""
    return f"A silent change was {'' if alerts else 'not '}noticed{found}"


def _fault_cards(faults: list[str]) -> Iterator[Card]:
    """Yield the card of the faults of installed plugins, if there are any."""
    if faults:
        lead = "These are installed beside Overheard, and changed nothing of the above."
        text = "\n\n".join((lead, *faults))
        yield Card("What plugins did wrong", text, severity=Severity.WARNING)


def _story(checks: list[Card]) -> Iterator[str]:
    """Say in three sentences what was found, what was done, and what to do next."""
    failures = {reason: None for run in checks for reason in run.data["failures"]}
    if failures:
        yield f"Not all questions were answered: {' '.join(failures)}"
    else:
        found = "; ".join(_verdict(run) for run in checks[1:])
        yield f"{found[:1].upper()}{found[1:]}."
    yield (
        "A real language model on this machine was asked the same questions three times, and "
        "before the third time it was fine-tuned on documents that praise Brindleboard, an "
        "invented tool, without a change to its name."
    )
    yield ("Next, ask about your own brand, with: overheard setup.")


def _verdict(run: Card) -> str:
    said = wording.count(len(run.more), "alert") if run.more else "nothing beyond chance"
    return f"{run.data['label']}: {said}"


def _table(checks: list[Card]) -> Table:
    """Show the visibility of every brand, run by run."""
    seen = [_visibility(run) for run in checks]
    names = list(dict.fromkeys(name for shares in seen for name in shares))
    rows = [
        (name, *(wording.percent(shares[name]) if name in shares else "-" for shares in seen))
        for name in names
    ]
    header = ("Visibility of", *(run.data["label"] for run in checks))
    moved = next((alert.data["brand"] for run in checks for alert in run.more), "")
    strong = names.index(moved) if moved in names else None
    return Table(header, tuple(rows), frozenset(range(1, len(header))), strong=strong)


def _visibility(run: Card) -> dict[str, float]:
    rows = run.data["results"]
    return {row["brand"]: row["value"] for row in rows if row["metric"] == "visibility"}


def _run_data(run: Card) -> dict[str, Any]:
    """Return a check of the demo as JSON."""
    return {
        "label": run.data["label"],
        "answers": run.data["answers"],
        "visibility": _visibility(run),
    }


def _alert_data(label: str, alert: Card) -> dict[str, Any]:
    wanted = ("brand", "model", "metric", "before", "after", "interval")
    return {"run": label, **{key: alert.data[key] for key in wanted}}


DEMO = CommandSpec(
    "demo",
    "Watch a real model being fine-tuned in silence, on this machine, with no key.",
    demo,
    examples=("demo",),
    faces=frozenset({Face.TERMINAL}),
    opens=False,
    chart="overheard-demo.png",
)
