"""The execution of a command in the terminal: its yes, its progress, its card, its exit status."""

from __future__ import annotations

from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING

from overheard.cards import wording

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from overheard.cards.card import Card, File
from overheard.cards.command import CommandSpec, Step, require_sizes
from overheard.chat.access import ConfiguredAccess, log_use
from overheard.chat.confirmations import Stage, Unagreed, run_command
from overheard.chat.parser import Order
from overheard.chat.terminal import grammar
from overheard.config.secrets import json_line
from overheard.config.sections import Config
from overheard.deployment import Deployment, local_zone
from overheard.domain import TERMINAL
from overheard.errors import (
    BadUsage,
    FileUnwritable,
    NothingToAsk,
    OverheardError,
    RunPaused,
    StoreError,
    StoreMissing,
)
from overheard.plugins import separated_output
from overheard.session import Session


class RichProgress:
    """Shows the progress of a command, on standard error or another console.

    In a terminal, it is a bar. In a file or pipe, it is a line at the start and one at every tenth
    of the work.

    Args:
        console: Where to show the progress; None for standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Begin without a piece of work; nothing is printed, and rich is not imported yet."""
        self._given_console = console
        self._bar: tuple[Progress, TaskID] | None = None
        self._title = ""
        self._total = self._done = 0
        self._began = 0.0

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return self._given_console or Console(stderr=True)

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work; this ends the piece before, and shows the bar or prints a line.

        Args:
            title: The work, in a few words.
            total: The number of steps; 0 when it is not known, and then the bar has no end and no
                line is printed.
        """
        self.finish()
        self._title, self._total, self._done = wording.line(title), total, 0
        self._began = monotonic()
        if self._console.is_terminal:
            bar = _bar(self._console)
            self._bar = bar, bar.add_task(self._title, total=total or None)
            bar.start()
        elif total:
            self._print(f"{self._title}: {total:,} to do")

    def advance(self, steps: int = 1) -> None:
        """Count steps as done.

        The bar is moved. Without a bar, a line is printed if the steps complete a further tenth of
        the work. Nothing is printed if the number of all steps is not known.
        """
        tenths_before = self._tenths_done()
        self._done += steps
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task, steps)
        elif self._tenths_done() > tenths_before:
            time_spent = wording.duration(monotonic() - self._began)
            self._print(f"{self._title}: {self._done:,} of {self._total:,} after {time_spent}")

    def _tenths_done(self) -> int:
        """Return how many tenths of the work are done; 0 if the number of steps is not known."""
        return self._done * 10 // self._total if self._total else 0

    def finish(self) -> None:
        """End the piece of work, and remove its bar; do nothing without one."""
        if self._bar is not None:
            self._bar[0].stop()
        self._bar = None
        self._total = 0

    def _print(self, line: str) -> None:
        """Print a line without reading markup in it and without breaking it."""
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)


def _bar(console: Console) -> Progress:
    """Return a bar with the work's title, counts, the time elapsed and the time left; it is removed
    from the terminal when it stops.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


Result = TypeVar("Result")

PARTIAL = 3
"""The exit status of a command of which only a part was carried out; click's own for usage is 2."""
SIGNALLED = 128
"""The exit status after a signal is its number and this: 130 after Ctrl-C."""
REPEATED_S = 2.0
"""Seconds within which a signal counts once: shells and `timeout` also send it to the group."""


def execute(ctx: click.Context, spec: CommandSpec, values: dict[str, Any]) -> None:
    """Run a command of the terminal, and print its card or its JSON.

    A command that needs a yes asks the person, if standard input is a terminal and no JSON is
    wanted, unless ``--yes`` was given; where nobody can be asked, it fails. The pictures of a
    command that has ``--chart`` are drawn only if they are saved.

    Args:
        ctx: The context of click, whose root has the session and the path of the configuration.
        values: The values of its own options by name, and those of ``--json``, ``--chart`` and
            ``--yes`` under `grammar.JSON`, `grammar.CHART` and `grammar.AGREED`, which are removed
            from it.

    Raises:
        click.exceptions.Exit: with status 1 when the command failed, with `PARTIAL` when it was
            carried out in part only, and with the status of a signal that ended it.
        click.exceptions.Abort: when the person says no.
    """
    as_json, chart_file = values.pop(grammar.JSON), values.pop(grammar.CHART, None)
    agreed = values.pop(grammar.AGREED, False)
    can_ask = not as_json and sys.stdin.isatty()
    config = ctx.find_root().params["config"]
    session = replace(
        ctx.obj,
        config=config,
        ask=_prompt if can_ask else None,
        zone=local_zone(),
        progress=RichProgress(),
    )
    with ExitStack() as stack:
        if chart_file is None and (spec.chart is not None or spec.serves):
            # It imports all kinds of charts, and most commands have none.
            from overheard.cards.charts.renderer import without_pictures

            stack.enter_context(without_pictures())
        missing = tuple(one for one in spec.options if one.required and values[one.name] is None)
        order = Order(spec, values, missing)
        card = _quote_and_execute(session, order, agreed=agreed, can_ask=can_ask)
    _print(card, as_json=as_json, chart_file=chart_file)
    if card.failed or card.partial:
        raise click.exceptions.Exit(1 if card.failed else PARTIAL)


def _prompt(question: str, default: str) -> str:
    """Ask the person at the terminal a question on standard error, and return the answer."""
    read = partial(click.prompt, question, default=default, show_default=bool(default), err=True)
    if threading.current_thread() is not threading.main_thread():
        return str(read())
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C ends the reading
    try:
        return str(read())
    finally:
        signal.signal(signal.SIGINT, handler)


def _quote_and_execute(session: Session, order: Order, *, agreed: bool, can_ask: bool) -> Card:
    """Quote a command, execute it after a yes where it needs one, and return its card.

    After a yes, the command is quoted again, with the random choices of the first quote. If its
    price is then more than 10 % above the agreed one, the person is asked again.
    """
    agreed_usd = inf if agreed else 0.0
    while True:
        result = _run_guarded(partial(_open_and_run, session, order, agreed_usd))
        if isinstance(result, Step):  # only of chats
            return result.card
        if not isinstance(result, Unagreed):
            return result
        if not can_ask:
            _fail(result.needed)
        click.confirm(result.needed.question, abort=True, err=True)
        agreed_usd = result.needed.usd
        order = replace(order, options={**order.options, **result.drawn})


async def _open_and_run(
    session: Session, order: Order, agreed_usd: float
) -> Card | Step | Unagreed:
    """Open the deployment, quote or execute a command, and close the deployment.

    A command that opens deployments itself gets a session for that. The use of a command that
    changes something or may spend is written into the audit log of the deployment, unless it was
    only quoted. Before a command that may spend, the faults of plugins are printed to standard
    error. After any command, it is printed there if the store does not exist.
    """
    spec, stage = order.spec, Stage(quoting=order.spec.asks)
    require_sizes(spec, order.options)
    if not spec.opens:
        open_and_log = partial(_open_and_log, session, order, stage)
        logging_session = replace(session, open_deployment=open_and_log)
        return await run_command(order, logging_session, agreed_usd=agreed_usd, stage=stage)
    config = session.read_config()
    async with session.open_deployment(config, create=spec.creates_store) as deployment:
        if spec.spends:
            for report in deployment.plugins.faulty:
                click.echo(report.sentence, err=True)
        if order.missing:
            from overheard.chat.completion import Completing  # alerts, which few commands need

            order = await Completing(deployment).with_only_values(order)
        if order.missing:
            problem = f"Name the {order.missing[0].placeholder}: there is not exactly one"
            raise BadUsage(problem=problem, usage=spec.usage)
        store, clock = deployment.store, deployment.clock
        call = session.call(deployment)
        if spec.serves:
            from overheard.chat.desk import ChatDesk  # it imports all commands

            access = ConfiguredAccess(deployment.config.access, store, clock)
            call = replace(call, desk=ChatDesk(deployment, access))
        log_entry = log_use(store, clock, spec, TERMINAL, order.words, stage)
        async with _missing_store_reported(deployment), log_entry:
            try:
                return await run_command(order, call, agreed_usd=agreed_usd, stage=stage)
            except NothingToAsk:
                if spec.spends and config.providers and not deployment.plugins.providers:
                    raise click.exceptions.Exit(1) from None  # the faults above are the reason
                raise


@asynccontextmanager
async def _open_and_log(
    session: Session, order: Order, stage: Stage, config: Config, **create: bool
) -> AsyncIterator[Deployment]:
    """Open a deployment within the block, for a command that opens deployments itself."""
    async with (
        session.open_deployment(config, **create) as deployment,
        _missing_store_reported(deployment),
        log_use(deployment.store, deployment.clock, order.spec, TERMINAL, order.words, stage),
    ):
        yield deployment


@asynccontextmanager
async def _missing_store_reported(deployment: Deployment) -> AsyncIterator[None]:
    """Print to standard error, after the block, that the deployment's store does not exist.

    Nothing is printed if it exists, or if the block ends with an error about the store, which names
    it already.
    """
    error_names_store = False
    try:
        yield
    except (StoreError, StoreMissing):
        error_names_store = True
        raise
    finally:
        if deployment.missing_store and not error_names_store:
            click.echo(
                f"There is no store at {deployment.missing_store} yet; overheard check creates it. "
                f"If it is elsewhere, correct [storage] url in {deployment.config.file}.",
                err=True,
            )


def _run_guarded(command: Callable[[], Awaitable[Result]]) -> Result:
    """Run a command in an event loop of its own, and return its result.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP cancel the command. Errors other than those below are raised
    as they are.
    """
    signals: list[int] = []

    async def run_until_signal() -> Result:
        # What plugins print goes to standard error, so that it is not mixed with JSON.
        with separated_output(), _cancelled_by_signals(signals):
            return await command()

    try:
        return asyncio.run(run_until_signal())
    except RunPaused as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(_signal_status(signals)) from None
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
        raise click.exceptions.Exit(_signal_status(signals)) from None


def _signal_status(signals: list[int]) -> int:
    """Return the exit status for the first of some signals; without any, that of Ctrl-C, 130."""
    return SIGNALLED + next(iter(signals), signal.SIGINT)


@contextmanager
def _cancelled_by_signals(received: list[int]) -> Iterator[None]:
    """Cancel the current task, within the block, at the first SIGINT (Ctrl-C), SIGTERM or SIGHUP
    (the terminal is closed).

    A further signal more than `REPEATED_S` seconds after the first raises KeyboardInterrupt in the
    main thread, so that the end of the task is not waited for. A signal that is ignored by the
    process, as SIGHUP is under ``nohup``, stays ignored. In another thread than the main one,
    nothing is done. After the block, the handlers from before are in place again.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    first_at = 0.0

    def on_signal(number: int, _: object) -> None:
        """Record a signal, and cancel the task at the first one.

        Raises:
            KeyboardInterrupt: at a signal more than `REPEATED_S` seconds after the first.
        """
        nonlocal first_at
        if not received:
            first_at = monotonic()
            loop.call_soon_threadsafe(task.cancel if task else loop.stop)
        elif monotonic() - first_at > REPEATED_S:
            raise KeyboardInterrupt
        received.append(number)

    handlers_before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                handlers_before[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in handlers_before.items():
            signal.signal(number, handler)


def _fail(error: OverheardError) -> NoReturn:
    """Print an error to standard error, and end the command with exit status 1."""
    click.echo(str(error), err=True)
    raise click.exceptions.Exit(1)


def _print(card: Card, *, as_json: bool, chart_file: Path | None) -> None:
    """Print a card as text, or its data as JSON, and save its pictures and files."""
    from rich.console import Console  # slow to import, and `run` has its card last

    from overheard.chat.terminal.console import print_card

    # What was paid for is shown before anything else can go wrong.
    if card.title and not as_json:
        print_card(card, Console())
    elif card.text and not as_json:
        click.echo(wording.visible(card.text))
    if chart_file is not None:
        try:
            for file in _save_pictures(card, chart_file):
                click.echo(f"Chart saved as {file}", err=as_json)
        except OSError as error:
            click.echo(f"The chart cannot be saved as {chart_file}: {error.strerror}.", err=True)
    for enclosed in (part.file for part in card.whole() if part.file):
        click.echo(_save_file(enclosed), err=as_json)
    if as_json:
        click.echo(json_line(card.data, sys.stdout))


def _save_file(enclosed: File) -> str:
    """Save a card's file in the working directory, and return the sentence that says so.

    Only the last part of its name is used. No file is overwritten: the second ``acme.html`` becomes
    ``acme-2.html``. If the file cannot be written, the sentence says why.
    """
    first_choice = Path(Path(enclosed.name).name or "file")
    file, number = first_choice, 1
    while file.exists():
        number += 1
        file = first_choice.with_stem(f"{first_choice.stem}-{number}")
    try:
        file.write_bytes(enclosed.content)
    except OSError as error:
        return f"{file} cannot be saved: {error.strerror}."
    return f"Saved as {file}"


def _save_pictures(card: Card, chart_file: Path) -> list[Path]:
    """Save the pictures of a card, and of the cards directly below it, as PNG files.

    Pictures that were not drawn are left out. Existing files are overwritten.
    """
    images = [each.image for each in (card, *card.more) if each.image and each.image.png]
    files = []
    for number, image in enumerate(images, 1):
        stem = chart_file.stem if number == 1 else f"{chart_file.stem}-{number}"
        file = chart_file.with_stem(stem)
        file.write_bytes(image.png)
        files.append(file)
    return files
