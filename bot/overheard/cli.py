"""The terminal face: it reads arguments, calls a command, and shows the card."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from overheard.cards.card import Card
from overheard.chat.console import RichProgress, show
from overheard.commands import export as exporting
from overheard.commands.check import check as check_command
from overheard.commands.context import Context, Migrate, OpenContext
from overheard.commands.demo import demo as demo_command
from overheard.commands.history import import_history
from overheard.commands.plugins import plugins as plugins_command
from overheard.commands.report import report as report_command
from overheard.commands.simulate import simulate as simulate_command
from overheard.config import Config, find_config, load_config
from overheard.domain import RunState
from overheard.errors import ConfirmationNeeded, OverheardError
from overheard.plugins import load_plugins

# Tracebacks are shown without the values of variables: those may be secrets.
app = typer.Typer(
    help="Hear what AI models say about your brand, and when a model update changes it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
db = typer.Typer(help="The store's schema.", no_args_is_help=True)
app.add_typer(db, name="db")

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document as the last line of stdout.")
]
Chart = Annotated[
    Path | None, typer.Option("--chart", metavar="FILE", help="Save the chart as a PNG file.")
]
Brands = Annotated[
    list[str] | None, typer.Argument(metavar="[BRAND]...", help="Brands; without one, all.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="PROVIDER/MODEL", help="Ask this model; can be repeated."),
]


@dataclass(frozen=True, slots=True)
class Session:
    """What commands are given: how to open a deployment, and which."""

    open_context: OpenContext
    migrate: Migrate
    config: Path | None = None


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("overheard"))
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="The configuration; else $OVERHEARD_CONFIG, else config.toml."
        ),
    ] = None,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hear what AI models say about your brand, and when a model update changes it."""
    ctx.obj = replace(ctx.obj, config=config)


@app.command()
def demo(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other answers.")] = 1,
    chart: Chart = Path("overheard-demo.png"),
    as_json: AsJson = False,
) -> None:
    """Watch a real model being fine-tuned in silence, on this machine, with no key."""
    session: Session = ctx.obj
    card = _guarded(lambda: demo_command(session.open_context, RichProgress(), seed=seed))
    _print(card, as_json, chart)


@app.command()
def check(
    ctx: typer.Context,
    brands: Brands = None,
    model: Models = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each prompt is asked.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking first.")] = False,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Ask the models what buyers ask, score the answers, and say what changed.

    A check that was cut off is taken up again by the same command.
    """

    def command(agreed: bool) -> Callable[[Context], Awaitable[Card]]:
        return lambda context: check_command(
            context, brands=brands or (), models=model or (), repeats=repeats, agreed=agreed
        )

    try:
        card = _run(ctx, command(yes), asks=True)
    except ConfirmationNeeded as needed:
        if as_json or not sys.stdin.isatty():
            _fail(needed)
        typer.confirm(f"{needed.details['price']}. Go on?", abort=True, err=True)
        card = _run(ctx, command(True), asks=True)
    _print(card, as_json, chart)
    if card.data["state"] == RunState.FAILED:
        raise typer.Exit(1)


@app.command()
def report(
    ctx: typer.Context, brands: Brands = None, chart: Chart = None, as_json: AsJson = False
) -> None:
    """Show how a brand stands with each model, beside its competitors, over time."""
    _print(_run(ctx, lambda context: report_command(context, brands or ())), as_json, chart)


@app.command()
def plugins(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show what is installed, and what is wrong with it."""
    session: Session = ctx.obj

    async def shown() -> Card:
        return plugins_command(load_plugins(_config(session.config, needed=False)))

    _print(_guarded(shown), as_json)


@app.command()
def simulate(
    drop: Annotated[float, typer.Option(min=1, max=40, help="Points that visibility falls.")] = 10,
    tau: Annotated[
        float, typer.Option(min=0, max=1, help="How moody runs are: sd of their shock, logits.")
    ] = 0.25,
    prompts: Annotated[int, typer.Option(min=5, max=200, help="Prompts in a run.")] = 30,
    repeats: Annotated[int, typer.Option(min=1, max=20, help="How often each is asked.")] = 3,
    sparse: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of prompts that carry it; 0: all.")
    ] = 0,
    brands: Annotated[
        int, typer.Option(min=1, max=20, help="Brands that the moods are learnt from.")
    ] = 5,
    panels: Annotated[int, typer.Option(min=20, help="Brands that are simulated.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other answers.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Try the streaming detector on simulated brands: its false alarms and its delay."""
    card = simulate_command(
        RichProgress(),
        drop=drop,
        tau=tau,
        prompts=prompts,
        repeats=repeats,
        sparse=sparse,
        brands=brands,
        panels=panels,
        seed=seed,
    )
    _print(card, as_json)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines, one answer a line.")],
    as_json: AsJson = False,
) -> None:
    """Read history from elsewhere; doing it twice changes nothing."""
    _print(_run(ctx, lambda context: import_history(context, file)), as_json)


@app.command()
def export(
    ctx: typer.Context,
    what: Annotated[exporting.What, typer.Argument(help="What to write.")],
    form: Annotated[
        exporting.Format, typer.Option("--format", help="How to write it.")
    ] = exporting.Format.JSONL,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write answers or scores, in the form that import reads."""

    async def written(context: Context) -> Card:
        with exporting.replacing(out) if out else nullcontext(sys.stdout) as stream:
            return await exporting.export(context, what, form, stream)

    card = _run(ctx, written)
    if out or as_json:
        _print(card, as_json)


@db.command()
def upgrade(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Bring the store's schema to this version."""
    session: Session = ctx.obj

    async def upgraded() -> Card:
        before, after = await session.migrate(_config(session.config).storage.url)
        done = f"It is at revision {after}{' already' if before == after else ''}."
        return Card("Store upgraded", done, data={"before": before, "after": after})

    _print(_guarded(upgraded), as_json)


def _run(
    ctx: typer.Context, command: Callable[[Context], Awaitable[Card]], *, asks: bool = False
) -> Card:
    """Open the deployment, run a command in it, and close it."""
    session: Session = ctx.obj

    async def opened() -> Card:
        config = _config(session.config)
        async with session.open_context(config, RichProgress()) as context:
            if asks:
                for report in context.plugins.faulty:
                    typer.echo(f"Plugin {report.name}: {report.problem}", err=True)
            return await command(context)

    return _guarded(opened)


def _guarded(command: Callable[[], Awaitable[Card]]) -> Card:
    """Run a command to its end; what we know can go wrong ends in one sentence."""

    async def awaited() -> Card:
        return await command()

    try:
        return asyncio.run(awaited())
    except ConfirmationNeeded:
        raise
    except OverheardError as error:
        _fail(error)
    except KeyboardInterrupt:
        typer.echo("Stopped. A check that was cut off goes on with the same command.", err=True)
        raise typer.Exit(130) from None


def _fail(error: OverheardError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(1)


def _config(named: Path | None, *, needed: bool = True) -> Config:
    file = find_config(named)
    if not needed and named is None and not file.exists():
        return Config()
    return load_config(file)


def _print(card: Card, as_json: bool, chart: Path | None = None) -> None:
    # What was paid for is shown before anything else can go wrong.
    if not as_json:
        show(card, Console())
    for file in _guarded_save(card, chart) if chart else []:
        typer.echo(f"Chart saved as {file}", err=as_json)
    if as_json:
        typer.echo(json.dumps(dict(card.data), ensure_ascii=False, default=str))


def _guarded_save(card: Card, chart: Path) -> list[Path]:
    try:
        return _save(card, chart)
    except OSError as error:
        typer.echo(f"The chart cannot be saved as {chart}: {error.strerror}.", err=True)
        return []


def _save(card: Card, chart: Path) -> list[Path]:
    """Save the pictures of a card and of those below it; the second one as FILE-2, and so on."""
    images = [one.image for one in (card, *card.more) if one.image]
    files = [
        chart.with_stem(f"{chart.stem}-{n}") if n > 1 else chart for n in range(1, len(images) + 1)
    ]
    for image, file in zip(images, files, strict=True):
        file.write_bytes(image.png)
    return files
