"""The execution of a command in the terminal: its yes, its progress, its card, its exit status."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn, TypeVar

import click

from overheard.cards.card import Card, File
from overheard.cards.charts.renderer import without_pictures
from overheard.cards.command import CommandSpec, Step, require_sizes
from overheard.chat.access import log_use
from overheard.chat.confirmations import Stage, Unagreed, run_command
from overheard.chat.parser import Order
from overheard.chat.terminal import grammar
from overheard.chat.terminal.progress import RichProgress
from overheard.config.redaction import json_line
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment, local_zone
from overheard.errors import (
    FileUnwritable,
    NothingToAsk,
    OverheardError,
    RunPaused,
    StoreError,
    StoreMissing,
)
from overheard.plugins import separated_output
from overheard.session import OpenDeployment, Session

Result = TypeVar("Result")

PARTIAL = 3
"""The exit status of a command of which only a part was carried out; click's own for usage is 2."""
SIGNALLED = 128
"""The exit status after a signal is its number and this: 130 after Ctrl-C."""
REPEATED_S = 2.0
"""Seconds within which a signal counts once: shells and `timeout` also send it to the group."""


def execute(ctx: click.Context, spec: CommandSpec, values: dict[str, Any]) -> None:
    """Run a command, ask the person at the terminal for a yes where it needs one, and print its
    card.

    Args:
        ctx: The context of click, whose root has the session.
        spec: The command.
        values: The values of its options and of `AGREED`, `CHART` and `JSON`, which are removed.

    Raises:
        click.exceptions.Exit: with a status other than 0 when the command failed, or was only
            carried out in part (`PARTIAL`).
    """
    as_json, chart = values.pop(grammar.JSON), values.pop(grammar.CHART, None)
    agreed, ask = values.pop(grammar.AGREED, False), not as_json and sys.stdin.isatty()
    config = ctx.find_root().params["config"]
    session = replace(ctx.obj, config=config, ask=_prompt if ask else None)
    call = Call(zone=local_zone(), progress=RichProgress())
    with nullcontext() if chart or spec.chart is None else without_pictures():
        card = _quote_and_execute(session, call, Order(spec, values), agreed=agreed, ask=ask)
    _print(card, as_json, chart)
    if card.failed or card.partial:
        raise click.exceptions.Exit(1 if card.failed else PARTIAL)


def _prompt(question: str, default: str) -> str:
    """Ask the person at the terminal a question and return the answer; `default` for an empty line.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
    """
    read = partial(click.prompt, question, default=default, show_default=bool(default), err=True)
    if threading.current_thread() is not threading.main_thread():
        return str(read())
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C ends the reading
    try:
        return str(read())
    finally:
        signal.signal(signal.SIGINT, handler)


def _quote_and_execute(
    session: Session, call: Call, order: Order, *, agreed: bool, ask: bool
) -> Card:
    """Quote a command and execute it, after a yes where it needs one; return its card.

    Args:
        session: Opens the deployment.
        call: The use of the command.
        order: The command and its options.
        agreed: Whether the person has agreed to any price in advance.
        ask: Whether a person at the terminal can be asked.

    Raises:
        click.exceptions.Exit: when the command fails, or needs a yes that cannot be asked for.
        click.exceptions.Abort: when the person says no.
    """
    agreed_usd = inf if agreed else 0.0
    while True:
        given = _run_guarded(partial(_carry_out, session, call, order, agreed_usd))
        if isinstance(given, Step):  # only of chats
            return given.card
        if not isinstance(given, Unagreed):
            return given
        if not ask:
            _fail(given.needed)
        click.confirm(given.needed.question, abort=True, err=True)
        agreed_usd = given.needed.usd
        order = replace(order, options={**order.options, **given.drawn})


async def _carry_out(
    session: Session, call: Call, order: Order, agreed_usd: float
) -> Card | Step | Unagreed:
    """Carry out a command, see `_open_and_run`; what a plugin prints during it goes to stderr."""
    with separated_output():
        return await _open_and_run(session, call, order, agreed_usd)


async def _open_and_run(
    session: Session, call: Call, order: Order, agreed_usd: float
) -> Card | Step | Unagreed:
    """Open the deployment if the command needs one, run the command, and close the deployment.

    The use is written into the audit log.

    Args:
        session: Opens the deployment.
        call: The use of the command.
        order: The command and its options.
        agreed_usd: The price in dollars that the person has agreed to; infinite for any, 0 for
            none.

    Raises:
        OverheardError: what the command raises.
        click.exceptions.Exit: when no question can be asked because of the faults printed before.
    """
    spec, stage = order.spec, Stage(quoting=order.spec.asks)
    require_sizes(spec, order.options)
    if not spec.opens:
        noting = partial(_open_and_log, session.open_deployment, call, order, stage)
        opener = replace(session, open_deployment=noting)
        return await run_command(order, opener, call, agreed_usd=agreed_usd, stage=stage)
    config = session.read_config()
    async with session.open_deployment(config, create=spec.creates_store) as deployment:
        if spec.spends:
            for report in deployment.plugins.faulty:
                click.echo(report.sentence, err=True)
        store, clock = deployment.store, deployment.clock
        used = log_use(store, clock, spec, call.who, order.words, stage)
        async with _store_named_after(deployment), used:
            try:
                return await run_command(
                    order, deployment, call, agreed_usd=agreed_usd, stage=stage
                )
            except NothingToAsk:
                if spec.spends and config.providers and not deployment.plugins.providers:
                    raise click.exceptions.Exit(1) from None  # the faults above are the reason
                raise


@asynccontextmanager
async def _open_and_log(
    open_deployment: OpenDeployment,
    call: Call,
    order: Order,
    stage: Stage,
    config: Config,
    *,
    create: bool = True,
) -> AsyncIterator[Deployment]:
    """Open a deployment for a command that does so itself, and log the use of the command in it.

    Args:
        open_deployment: Opens the deployment.
        call: The use of the command.
        order: The command and its options.
        stage: Whether the command has only been quoted.
        config: The configuration.
        create: Whether a missing store is created.
    """
    async with (
        open_deployment(config, create=create) as deployment,
        _store_named_after(deployment),
        log_use(deployment.store, deployment.clock, order.spec, call.who, order.words, stage),
    ):
        yield deployment


@asynccontextmanager
async def _store_named_after(deployment: Deployment) -> AsyncIterator[None]:
    """Print, after the block, which store was missing and not created, unless the block's error
    says so.
    """
    is_named = False
    try:
        yield
    except (StoreError, StoreMissing):
        is_named = True
        raise
    finally:
        if not is_named:
            _print_missing_store(deployment)


def _print_missing_store(deployment: Deployment) -> None:
    """Print to stderr that the deployment's store does not exist; do nothing when it does."""
    if deployment.missing_store:
        click.echo(
            f"There is no store at {deployment.missing_store} yet; overheard check creates it. If "
            f"it is elsewhere, correct [storage] url in {deployment.config.file}.",
            err=True,
        )


def _run_guarded(command: Callable[[], Awaitable[Result]]) -> Result:
    """Run a command to its end and return its result; print a known error as one sentence.

    Raises:
        click.exceptions.Exit: with status 1 after an error, or with the status of a signal.
    """
    signals: list[int] = []

    async def awaited() -> Result:
        with _cancelled_by_signals(signals):
            return await command()

    try:
        return asyncio.run(awaited())
    except RunPaused as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(_status(signals)) from None
    except OverheardError as error:
        _fail(error)
    except OSError as error:
        if not error.filename:
            raise
        _fail(FileUnwritable(file=error.filename, reason=error.strerror))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        if not signals and isinstance(error, asyncio.CancelledError):
            raise
        click.echo("Stopped. A check that was cut off goes on with the same command.", err=True)
        raise click.exceptions.Exit(_status(signals)) from None


def _status(signals: list[int]) -> int:
    return SIGNALLED + next(iter(signals), signal.SIGINT)


@contextmanager
def _cancelled_by_signals(received: list[int]) -> Iterator[None]:
    """Cancel this task at Ctrl-C, at SIGTERM, and when its terminal is closed.

    A second signal after `REPEATED_S` raises KeyboardInterrupt.

    Args:
        received: The list to which the numbers of received signals are added.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    began = 0.0

    def on_signal(received_number: int, _: object) -> None:
        """Record a signal, and cancel the task at the first one.

        Raises:
            KeyboardInterrupt: at a signal more than `REPEATED_S` after the first.
        """
        nonlocal began
        if not received:
            began = monotonic()
            loop.call_soon_threadsafe(task.cancel if task else loop.stop)
        elif monotonic() - began > REPEATED_S:
            raise KeyboardInterrupt  # a second signal means: do not wait for the end
        received.append(received_number)

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` does
                before[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(error: OverheardError) -> NoReturn:
    click.echo(str(error), err=True)
    raise click.exceptions.Exit(1)


def _print(card: Card, as_json: bool, chart: Path | None = None) -> None:
    """Print a card as text, or its data as JSON, and save its pictures and files.

    Args:
        card: The card.
        as_json: Whether to print JSON, as the last line of stdout; other words then go to stderr.
        chart: The file for the pictures, or None to save none.
    """
    from rich.console import Console  # slow to import, and `run` has its card last

    from overheard.chat.terminal.console import print_card

    # What was paid for is shown before anything else can go wrong.
    if card.title and not as_json:
        print_card(card, Console())
    for file in _guarded_save(card, chart) if chart else []:
        click.echo(f"Chart saved as {file}", err=as_json)
    for enclosed in (part.file for part in card.whole() if part.file):
        click.echo(_save_file(enclosed), err=as_json)
    if as_json:
        click.echo(json_line(card.data, sys.stdout))


def _save_file(enclosed: File) -> str:
    """Save a card's file in the working directory under a new name; return a sentence with the name
    or the problem.
    """
    name = file = Path(Path(enclosed.name).name or "file")
    number = 1
    while file.exists():
        number += 1
        file = name.with_stem(f"{name.stem}-{number}")
    try:
        file.write_bytes(enclosed.content)
    except OSError as error:
        return f"{file} cannot be saved: {error.strerror}."
    return f"Saved as {file}"


def _guarded_save(card: Card, chart: Path) -> list[Path]:
    try:
        return _save(card, chart)
    except OSError as error:
        click.echo(f"The chart cannot be saved as {chart}: {error.strerror}.", err=True)
        return []


def _save(card: Card, chart: Path) -> list[Path]:
    """Save the pictures of a card and of those directly below it as PNG files, and return the
    files.

    The first is `chart`, the second ``chart-2``, and so on.

    Raises:
        OSError: when a file cannot be written.
    """
    images = [part.image for part in (card, *card.more) if part.image and part.image.png]
    files = [
        chart.with_stem(f"{chart.stem}-{n}") if n > 1 else chart for n in range(1, len(images) + 1)
    ]
    for image, file in zip(images, files, strict=True):
        file.write_bytes(image.png)
    return files
