"""Commands of plugins behind their guards, and the view of the deployment that they get."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from overheard.cards.card import Card, Image
from overheard.cards.charts.bars import Bars, Rates
from overheard.cards.charts.forest import Spans
from overheard.cards.command import CommandSpec, Proposal
from overheard.config.secrets import safe_str
from overheard.domain import Answer, Block, ScoreRecord
from overheard.errors import CommandRefused, ConfirmationNeeded, OverheardError, PluginFault
from overheard.hookspecs import PluginSettings
from overheard.interfaces import Approvals, History, Store, View, Work
from overheard.interfaces.services import Progress
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Result, core_code

COMMAND_TIMEOUT_S = 600.0
"""Seconds that a command may take."""
ASKING_TIMEOUT_S = 86_400.0
"""The same once a person has agreed to a price: models answer at their own pace."""


def guarded_command(spec: CommandSpec, guard: Guard) -> CommandSpec:
    """Return a plugin's command behind a guard; its function gets a `View`, not the call.

    A call may take `COMMAND_TIMEOUT_S`, and has to return a valid card. The function of a command
    that spends money raises `ConfirmationNeeded` with the price; the returned command answers with
    a `Proposal` instead, and calls the function again with ``agreed=True`` when the person has
    agreed.
    """

    async def run(call: Any, **options: Any) -> Card | Proposal:
        """Carry out the command with a `View`. A command that spends money returns a `Proposal` if
        it asks for a confirmation.

        Args:
            call: The call, or in a terminal the session of a command that opens a deployment
                itself.

        Raises:
            OverheardError: what the function raises for the person who asked.
            PluginFault: when the function fails, takes too long, or returns no valid card.
        """
        priced: Counter[Any] = Counter()

        async def card(more: Mapping[str, Any], view: View) -> Card:
            return validation.validated_card(await spec.run(view, **options, **more))

        async def guarded(**more: Any) -> Card:
            work = partial(card, more)
            return await _call_command(work, spec, guard, call, priced=priced, **more)

        if not spec.spends:
            return await guarded()
        try:
            return await guarded(agreed=False)
        except ConfirmationNeeded as needed:
            price = needed.reason.removesuffix(".")
            return Proposal(price, needed.usd, partial(guarded, agreed=True))

    async def fill(call: Any, **options: Any) -> Mapping[str, Any]:
        """Return the values with which the command's form is filled in. Raises as `run` does."""

        async def values(view: View) -> Mapping[str, Any]:
            return validation.validated_values(await spec.fill(view, **options))  # type: ignore[misc] # not None

        return await _call_command(values, spec, guard, call, priced=Counter())

    return replace(spec, run=run, fill=fill if spec.fill else None)


async def _call_command(
    work: Callable[[View], Awaitable[Result]],
    spec: CommandSpec,
    guard: Guard,
    call: Any,
    *,
    priced: Counter[Any],
    agreed: bool = False,
) -> Result:
    """Call a function of a plugin's command with a view of the deployment; return the result."""
    async with call.opened() as opened:
        view = _view(opened, guard.plugin, opened.priced_asking(spec.name, priced, agreed=agreed))
        timeout_s = ASKING_TIMEOUT_S if agreed else None if spec.serves else COMMAND_TIMEOUT_S
        try:
            return await guard.call(partial(work, view), timeout_s, passing=(OverheardError,))
        except OverheardError as error:
            raise _command_error(error, spec, guard) from None
        finally:
            view.progress.finish()


def _view(call: Any, plugin: str, asking: Any) -> View:
    """Return what a command of a plugin, given by its name, may see and use of a call."""

    @cache
    def reader() -> Any:
        from overheard.reading.reader import Reader  # slow to import, and few commands read

        return Reader(call.catalogue.brands)

    async def score(answers: Iterable[Answer], *, judged: bool = True) -> list[ScoreRecord]:
        with core_code():
            current = call.deployment.current
            scores: list[ScoreRecord] = await current.score(answers, judged=judged)
            return scores

    def readable(text: str) -> str:
        from overheard.reading.markdown import readable as prose  # as slow as the reader

        return prose(text)

    async def draw(chart: Spans | Bars | Rates, name: str) -> Image:
        from overheard.cards.charts.renderer import picture

        with core_code():
            return await picture(chart, name)

    def p_values(blocks: Iterable[Block], first: int) -> dict[str, tuple[float, float]]:
        from overheard.detection.known_time import p_values_at  # imports numpy

        return p_values_at(blocks, first)

    return View(
        catalogue=call.catalogue,
        history=_only(_history(call.store), History),
        clock=call.clock,
        zone=call.zone,
        who=call.who,
        channel=call.channel,
        progress=_ViewProgress(call.progress),
        face=call.face,
        models=tuple(call.plugins.models),
        in_market=call.deployment.in_market,
        named_models=call.deployment.named_models,
        names=call.names,
        landscapes=call.deployment.landscapes,
        approvals=_only(call.store.finetune, Approvals),
        score=score,
        tables=PluginSettings.by_section(call.config, plugin),
        mentions=lambda answer: reader().read(answer).mentions,
        metrics=dict(call.deployment.current.metrics),
        find_model=call.deployment.model,
        quote=asking.quote,
        ask=asking.ask,
        readable=readable,
        draw=draw,
        p_values_at=p_values,
        work=_only(call.work(plugin), Work),
        desk=call.desk,
    )


def _history(store: Store) -> SimpleNamespace:
    """Return the functions of a store that read what a plugin sees as a `History`."""
    return SimpleNamespace(
        runs=store.runs.find,
        answers=store.answers.stream,
        scores=store.scores.stream,
        blocks=store.blocks.find,
        updates=store.updates.find,
        alerts=store.alerts.find,
    )


class _ViewProgress:
    """The display of progress that a plugin's command drives; what it writes is our own output."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def start(self, title: str, total: int) -> None:
        """Begin work, see `Progress`."""
        with core_code():
            self._progress.start(str(title), int(total))

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""
        with core_code():
            self._progress.advance(int(steps))

    def finish(self) -> None:
        """Report that the work is done or was given up."""
        with core_code():
            self._progress.finish()


def _command_error(error: OverheardError, spec: CommandSpec, guard: Guard) -> OverheardError:
    """Return an error that a command of a plugin has raised, as the person who asked may see it.

    An error of Overheard is returned as it is, if it shows no secret, and so is a question for a
    yes by a command that may ask one. Otherwise, and for an error of a class of the plugin's own,
    it is a `CommandRefused` with the same text, redacted. An error without a text, and a question
    by a command that may not ask, are faults.
    """
    is_question = isinstance(error, ConfirmationNeeded)
    if isinstance(error, PluginFault) or (is_question and spec.asks):
        return error
    text = safe_str(error)
    if is_question or not text:
        return guard.fault(guard.problem(error))
    shown = guard.shown_lines(text)
    is_ours = type(error).__module__ == OverheardError.__module__
    return error if is_ours and shown == text else CommandRefused(reason=shown)


def _only(whole: Any, shape: type) -> Any:
    """Return functions with the names of a protocol's methods, which pass their arguments on to an
    object, and no attribute through which the object can be reached.
    """

    def method(name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            return getattr(whole, name)(*given, **named)

        return call

    names = [name for name in vars(shape) if not name.startswith("_")]
    return SimpleNamespace(**{name: method(name) for name in names})
