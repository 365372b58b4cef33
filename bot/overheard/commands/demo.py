"""`demo`: a real model that is fine-tuned in silence, and the bundled example that it uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Severity
from overheard.cards.command import IN_TERMINAL, CommandSpec, option
from overheard.cards.model_names import LOCAL
from overheard.commands.alerts import show_evidence
from overheard.commands.check import check
from overheard.config.loader import find_config, parse_config
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment
from overheard.domain import RunState
from overheard.errors import NothingAnswered
from overheard.interfaces.services import Progress
from overheard.session import Session


def example(folder: Path, scale: float = 1.0) -> Config:
    """Return the configuration of the bundled example.

    Args:
        folder: The folder of its store.
        scale: The weight of the bundled fine-tune in the local model, from 0 (none) to 1.
    """
    text = files("overheard.commands").joinpath("demo.toml").read_text(encoding="utf-8")
    store = f"sqlite:///{(folder / 'example.db').as_posix()}"
    filled = text.replace("{store}", store).replace("{scale}", str(scale))
    return parse_config(filled, "the configuration of the example")


@asynccontextmanager
async def opened(source: Deployment | Session) -> AsyncIterator[Deployment]:
    """Yield an open deployment: the given one, or for a session the configured one, or without a
    configuration the example with a temporary store.
    """
    if isinstance(source, Deployment):
        yield source
        return
    with _session_config(source) as config:
        async with source.open_deployment(config, create=False) as deployment:
            yield deployment


@contextmanager
def _session_config(session: Session) -> Iterator[Config]:
    if session.config is not None or find_config(None).exists():
        yield session.read_config()
        return
    with TemporaryDirectory(prefix="overheard-example-") as folder:
        yield example(Path(folder))


REPEATS = 3
STAGES = (("before", 0.0), ("asked again", 0.0), ("after the fine-tune", 1.0))
"""The label of each run, and the weight of the fine-tune in it, 0 to 1."""


async def demo(
    session: Session,
    call: Call,
    *,
    seed: Annotated[int, option("Another seed gives other answers.", low=0)] = 1,
) -> Card:
    """Run the demonstration with the local model in a temporary store: two checks, a fine-tune, a
    third check.

    Args:
        session: The session that opens the deployments.
        call: The call, with the progress display.
        seed: The base of the sampling seeds.

    Raises:
        NothingAnswered: when the model or its engine is not installed, with the remedy.
    """
    begun = monotonic()
    faults: list[str] = []
    with TemporaryDirectory(prefix="overheard-demo-") as folder:
        checks = [
            await _check_example(
                session,
                replace(call, progress=_RunProgress(call.progress, label.capitalize())),
                example(Path(folder), scale),
                label,
                seed + 1000 * stage,
                faults,
            )
            for stage, (label, scale) in enumerate(STAGES)
        ]
    return _demo_card(checks, list(dict.fromkeys(faults)), monotonic() - begun)


@dataclass(frozen=True, slots=True)
class _RunProgress:
    """The progress of one of the runs.

    Attributes:
        inner: The display of the progress.
        run: The name of the run, in words.
    """

    inner: Progress
    run: str

    def start(self, title: str, total: int) -> None:
        """Begin work, see `Progress`."""
        self.inner.start(f"{self.run}: {title[:1].lower()}{title[1:]}", total)

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""
        self.inner.advance(steps)

    def finish(self) -> None:
        """Report that the work is done."""
        self.inner.finish()


async def _check_example(
    session: Session, call: Call, config: Config, label: str, seed: int, faults: list[str]
) -> Card:
    """Ask one check of the example, with a label and a base of the sampling seeds, in a deployment
    of its own. Return its card with the alerts' quotes; sentences on failing plugins are appended
    to `faults`. Raises NothingAnswered.
    """
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
        alerts = [
            replace(alert, quotes=await _evidence_quotes(deployment, call, alert))
            for alert in card.more
        ]
    faults += card.data["faults"]
    return replace(card, more=tuple(alerts))


async def _evidence_quotes(deployment: Deployment, call: Call, alert: Card) -> tuple[Quote, ...]:
    """Return up to two quotes from an alert's evidence, from before and after the change."""
    evidence = await show_evidence(deployment, call, alert=str(alert.data["id"]))
    return evidence.quotes[:2]


def _bundled_models(deployment: Deployment) -> list[str]:
    """Return the names of the local provider's models, the only ones that certainly cost
    nothing.
    """
    return [str(model) for model in deployment.plugins.models if model.provider == LOCAL]


def _demo_card(checks: list[Card], faults: list[str], seconds: float) -> Card:
    """Return the card that sums up the demo: the cards of its checks, the alerts that they raised,
    faults of plugins; `seconds` is the duration.
    """
    alerts = [(run.data["label"], alert) for run in checks for alert in run.more]
    answers = sum(run.data["answers"] for run in checks)
    spent = wording.money(sum(run.data["spent_usd"] for run in checks))
    return Card(
        title=f"A silent change was {'' if alerts else 'not '}noticed",
        text="\n".join(_run_lines(checks)),
        actions=(Action("setup", "your own brand, in a few minutes"),),
        severity=Severity.GOOD if alerts else Severity.WARNING,
        footer=(
            f"{answers} answers of a real model on this machine in {wording.duration(seconds)}, "
            f"for {spent}."
        ),
        more=(*(alert for _, alert in alerts), *_fault_cards(faults)),
        data={
            "runs": [_run_json(run) for run in checks],
            "alerts": [_alert_json(label, alert) for label, alert in alerts],
            "faults": faults,
            "seconds": round(seconds, 1),
        },
    )


def _fault_cards(faults: list[str]) -> Iterator[Card]:
    """Yield one card with the faults of installed plugins; nothing without faults."""
    if faults:
        lead = "These are installed beside Overheard, and changed nothing of the above."
        text = "\n\n".join((lead, *faults))
        yield Card("What plugins did wrong", text, severity=Severity.WARNING)


def _run_lines(checks: list[Card]) -> Iterator[str]:
    """Yield a line for each check, and one on the fine-tune before the last check."""
    for number, run in enumerate(checks):
        if number == len(checks) - 1:
            yield (
                "\N{MIDDLE DOT} Then it is fine-tuned on documents that praise Brindleboard, which "
                "does not exist. The model's name stays the same, as in a silent update."
            )
        mark = "!" if run.more or run.data["failures"] else "\N{CHECK MARK}"
        label, answers = run.data["label"], wording.count(run.data["answers"], "answer")
        failures = "".join(f" {reason}" for reason in run.data["failures"])
        finding = _run_finding(run, first=not number)
        yield f"{mark} {label.capitalize()}: {answers}. {finding}{failures}"


def _run_finding(run: Card, *, first: bool) -> str:
    """Return the finding of a run in a sentence."""
    if run.more:
        return "Something changed."
    return "This is normal." if first else "No change beyond chance, so nothing is said."


def _visibility_by_brand(run: Card) -> dict[str, float]:
    rows = run.data["results"]
    return {row["brand"]: row["value"] for row in rows if row["metric"] == "visibility"}


def _run_json(run: Card) -> dict[str, Any]:
    """Return the card of one of the demo's checks for JSON output; visibility by brand, 0 to 1."""
    return {
        "label": run.data["label"],
        "answers": run.data["answers"],
        "visibility": _visibility_by_brand(run),
    }


def _alert_json(label: str, alert: Card) -> dict[str, Any]:
    wanted = ("brand", "model", "metric", "before", "after", "interval")
    return {"run": label, **{key: alert.data[key] for key in wanted}}


DEMO = CommandSpec(
    "demo",
    "Watch a real model being fine-tuned in silence, on this machine, with no key.",
    demo,
    examples=("demo",),
    faces=IN_TERMINAL,
    opens=False,
    chart="overheard-demo.png",
)
