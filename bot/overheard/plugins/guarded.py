"""Providers, scorers, chats, commands, feeds and listeners of plugins behind their guards."""

import asyncio
import contextlib
import inspect
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property, partial
from types import SimpleNamespace
from typing import Any, TypeVar

from overheard.cards.card import Card, Image
from overheard.cards.charts.bars import Bars, Rates
from overheard.cards.charts.forest import Spans
from overheard.cards.command import CommandSpec, Proposal
from overheard.config.secrets import safe_str
from overheard.domain import (
    Alert,
    Answer,
    Block,
    FailureKind,
    ModelUpdate,
    Price,
    Question,
    RateLimits,
    Reading,
    Reply,
    Score,
    ScoreRecord,
)
from overheard.errors import (
    BudgetUsedUp,
    ChatFailed,
    ChatLost,
    ChatUnavailable,
    CommandRefused,
    ConfirmationNeeded,
    JudgeBudgetUsedUp,
    ModelResting,
    OverheardError,
    PluginFault,
    ProviderFailed,
    ProviderUnavailable,
)
from overheard.hookspecs import PluginSettings
from overheard.installation import PROJECT, reinstall_command
from overheard.interfaces import (
    Approvals,
    Chat,
    Desk,
    DrainingChat,
    Finding,
    History,
    Judge,
    JudgeClient,
    LaterChat,
    Linking,
    Listener,
    Provider,
    Scorer,
    Store,
    UpdateFeed,
    View,
    Work,
)
from overheard.interfaces.services import Progress
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Guards, call_now, core_code, outcome_of
from overheard.plugins.registration import Registered, is_word
from overheard.plugins.scorer_process import GroupScores, PluginLocation, Problem, ScorerProcess

CLOSE_TIMEOUT_S = 2.0
"""Seconds that a provider has to close its connections."""
PROVIDER_ERRORS = (ProviderFailed, ProviderUnavailable)
"""What a provider may raise."""
OPTIONAL_CALLS = ("verify", "list_models", "listed", "submit", "submit_once", "look", "cancel")
"""What a provider may do in addition to answering (see `Verifiable`, `Recovering`)."""
log = logging.getLogger("overheard")


class GuardedProvider:
    """A provider whose replies are validated, and whose errors show no secret.

    Prices and capabilities are read once for each model. A model at which the provider keeps
    failing is paused; its other models are not.

    Args:
        guards: Makes one guard for each model, and one for everything else.

    Attributes:
        remedy: The remedy for a fault of the provider.
    """

    def __init__(self, provider: Provider, guards: Guards) -> None:
        """Read the provider's name, concurrency, models and optional methods once, and put guards
        around its calls. Ids of models that are no printable texts are dropped.
        """
        self.name = provider.name
        self.concurrency = provider.concurrency
        self._models = [model for model in provider.models() if is_word(model)]
        self._provider = provider
        self._guards = guards
        self._guard = guards.of(f"The provider {self.name}", None)
        self._by_model: dict[str, Guard] = {}
        self._stated: dict[tuple[str, str], Any] = {}
        self.remedy = self._guard.remedy
        if hasattr(provider, "capabilities"):
            self.capabilities = partial(self._cached_call, "capabilities")
        for name in filter(partial(hasattr, provider), OPTIONAL_CALLS):
            setattr(self, name, partial(self._run_async, getattr(provider, name)))

    def models(self) -> Sequence[str]:
        """Return the ids of its models."""
        return self._models

    def price(self, model: str) -> Price | None:
        """Return the price of a model; None when it is unknown or the plugin fails."""
        price: Price | None = self._cached_call("price", model)
        return price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question and return the validated reply; there is no time limit. Faults are
        counted for the model, which is paused after too many in a row.

        Raises:
            ProviderFailed: as the provider raises it, redacted.
            ProviderUnavailable: as the provider raises it, redacted: no later call can succeed.
            PluginFault: when the plugin is at fault.
            PluginPaused: when the model is paused.
        """
        model = question.model.name
        if model not in self._by_model:
            self._by_model[model] = self._guards.of(f"The model {self.name}/{model}")

        async def asked() -> Reply:
            return validation.validated_reply(await self._provider.ask(question, seed=seed))

        reply: Reply = await self._run_guarded(self._by_model[model], asked)
        return reply

    async def close(self) -> None:
        """Close the provider's connections.

        Raises:
            TimeoutError: when that takes longer than `CLOSE_TIMEOUT_S`.
            PluginFault: when the plugin is at fault.
        """
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await self._run_async(self._provider.close)

    async def _run_async(self, method: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        return await self._run_guarded(self._guard, partial(method, *given))

    async def _run_guarded(self, guard: Guard, work: Callable[[], Awaitable[Any]]) -> Any:
        """Call the provider behind a guard and return the result, without a time limit."""
        try:
            return await guard.call(work, None, passing=PROVIDER_ERRORS)
        except ProviderFailed as failed:
            raise self._redacted_failure(failed) from None
        except ProviderUnavailable as refused:
            raise ProviderUnavailable(**self._guard.shown_details(refused)) from None

    def _cached_call(self, what: str, model: str) -> Any:
        """Return the result of one of the provider's functions for a model, as the first call gave
        it; None when the first call failed.

        Each result and each failure is kept, so that a failure is logged once. The result is not
        validated.
        """
        if (what, model) not in self._stated:
            work = partial(getattr(self._provider, what), model)
            outcome = call_now(work)
            if outcome.error is not None:
                problem = self._guard.problem(outcome.error)
                log.warning(
                    "The provider %s %s when asked for the %s of %s; %s.",
                    *(self.name, problem, what, model, self.remedy),
                )
            self._stated[what, model] = outcome.result
        return self._stated[what, model]

    def _redacted_failure(self, error: ProviderFailed) -> ProviderFailed:
        """Return a copy of a provider's error with redacted texts and values of plain types.

        A value of a wrong type is replaced: the kind by OTHER, the model by the provider's name,
        the reason by a sentence, any other by None or False. A negative wait becomes None.
        """
        wait = error.retry_after
        return ProviderFailed(
            model=self._guard.shown(error.details.get("model", self.name)),
            reason=self._guard.shown(error.details.get("reason", "it says nothing.")),
            kind=error.kind if isinstance(error.kind, FailureKind) else FailureKind.OTHER,
            status=error.status if isinstance(error.status, int) else None,
            retryable=error.retryable is True,
            retry_after=float(wait) if isinstance(wait, int | float) and wait >= 0 else None,
            limits=error.limits if isinstance(error.limits, RateLimits) else None,
            ambiguous=error.ambiguous is True,
        )


JUDGE_TIMEOUT_S = 3600.0
"""Seconds that a judge may take for one reading: its questions wait for their turn."""
ASKING_ERRORS = (*PROVIDER_ERRORS, BudgetUsedUp, JudgeBudgetUsedUp, ModelResting)
"""What asking may raise in a judge; that is no fault of the judge."""


def guarded_scorer(
    scorer: Scorer, guards: Guards, process: ScorerProcess, origin: PluginLocation
) -> Scorer:
    """Return a third-party scorer behind a guard of its own.

    A judge runs in this process, any other scorer in the child process.

    Args:
        guards: Makes the guard.
        process: The child process of scorers.
        origin: The plugin from which the child imports the scorer.
    """
    if isinstance(scorer, Judge):
        return GuardedJudge(scorer, guards.of(f"The judge {scorer.name}"))
    return IsolatedScorer(scorer, guards.of(f"The scorer {scorer.name}"), process, origin)


class _Stated:
    """The attributes of a scorer, read once, so that they cannot change or fail later."""

    def __init__(self, scorer: Scorer, guard: Guard) -> None:
        """Copy the scorer's name, version and metrics, and keep the guard for its calls."""
        self.name = scorer.name
        self.version = scorer.version
        self.metrics = tuple(scorer.metrics)
        self.reads_facts = getattr(scorer, "reads_facts", False) is True
        self.remedy = guard.remedy
        self._guard = guard


class IsolatedScorer(_Stated):
    """A scorer that reads in the child process of scorers."""

    def __init__(
        self, scorer: Scorer, guard: Guard, process: ScorerProcess, origin: PluginLocation
    ) -> None:
        """Keep the child process that runs the scorer.

        Args:
            scorer: The scorer, of which only the attributes are used here.
            guard: Counts faults, and pauses the scorer.
            origin: The plugin from which the child imports the scorer.
        """
        super().__init__(scorer, guard)
        self._process = process
        self._origin = origin

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return the scores of one brand in one answer, from the child process.

        Raises:
            PluginFault: when the scorer fails or takes too long.
            PluginPaused: when the scorer is paused.
        """
        [result] = await self.score_all([[reading]])
        if isinstance(result, PluginFault):
            raise result
        return result[0]

    async def score_all(
        self, groups: Sequence[Sequence[Reading]]
    ) -> list[GroupScores | PluginFault]:
        """Score several answers in the child process.

        After a fault that has ended the child, a new child goes on with the next answer. Faults are
        counted; when they pause the scorer, all further answers have the pause as their fault.

        Args:
            groups: The readings of each answer, one for each brand.

        Returns:
            For each answer, in order, the scores of its readings, or the fault; nothing is raised.
        """
        results_so_far: list[GroupScores | PluginFault] = []
        while len(results_so_far) < len(groups):
            if paused := self._guard.paused():
                return results_so_far + [paused] * (len(groups) - len(results_so_far))
            left = groups[len(results_so_far) :]
            results = await self._process.score(self._origin, self.name, left)
            results_so_far += map(self._count_fault, results)
        return results_so_far

    def _count_fault(self, result: GroupScores | Problem) -> GroupScores | PluginFault:
        """Return the scores of an answer, or its problem as a fault.

        A problem is counted as a fault, which may pause the scorer, and scores end the count. While
        the scorer is paused, neither happens, and a problem gives the pause as the fault: results
        of one request still arrive after a fault among them has paused the scorer.
        """
        paused = self._guard.paused()
        if isinstance(result, Problem):
            return paused or self._guard.fault(self._guard.shown(result.text), late=result.late)
        if not paused:
            self._guard.resume()
        return result


class GuardedJudge(_Stated):
    """A judge, which gets a copy of each reading; its questions are asked with those of runs."""

    def __init__(self, judge: Judge, guard: Guard) -> None:
        """Copy the judge's model, monthly budget in dollars, rehearsals and schema."""
        super().__init__(judge, guard)
        self.model = judge.model
        self.budget = judge.budget
        self.rehearsals = tuple(judge.rehearsals)
        self.schema = getattr(judge, "schema", None)
        self._judge = judge

    @property
    def verdicts(self) -> Mapping[str, int]:
        """The number of verdicts read so far, by ``kept`` or the reason of a loss; empty if the
        judge does not count them or its count fails.
        """
        return self._counts(lambda: getattr(self._judge, "verdicts", {}))

    def losses(self, replies: Sequence[str]) -> Mapping[str, int]:
        """Return the numbers of lost verdicts in replies to `rehearsals`, by reason; empty if the
        judge does not count them or its count fails.
        """
        count = getattr(self._judge, "losses", None)
        return self._counts(lambda: count(replies) if count else {})

    def _counts(self, count: Callable[[], Any]) -> Mapping[str, int]:
        """Return the counts that a function of the judge gives, with keys as texts; empty when the
        function fails.
        """
        outcome = call_now(lambda: {str(reason): int(n) for reason, n in count().items()})
        return outcome.result if outcome.error is None else {}

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return the validated scores of one brand in one answer. The judge asks its model.

        Raises:
            PluginFault: when the judge fails or takes longer than `JUDGE_TIMEOUT_S`.
            PluginPaused: when the judge is paused.
            OverheardError: one of `ASKING_ERRORS`, when the judge's model cannot be asked.
        """

        async def scores() -> list[Score]:
            # A copy: other scorers get the same, and even a frozen object can be changed.
            result: Any = self._judge.score(deepcopy(reading))
            given = await result if inspect.isawaitable(result) else result
            return validation.validated_scores(given)

        return await self._guard.call(scores, JUDGE_TIMEOUT_S, passing=ASKING_ERRORS)

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies to `rehearsals` match, and the number of labels.

        When the judge's own function fails, return 0 and the number of replies, and log it.
        """

        def counted() -> tuple[int, int]:
            matching, labels = self._judge.agreement(replies)
            return int(matching), int(labels)

        outcome = call_now(counted)
        if outcome.error is None:
            matching, labels = outcome.result
            return matching, labels
        self._warn("count its labels", outcome.error)
        return 0, len(replies)

    def connect(self, client: JudgeClient) -> None:
        """Give the judge the client for its model; a failure is logged, and shows when the judge
        scores.
        """
        outcome = call_now(lambda: self._judge.connect(client))
        if outcome.error is not None:
            self._warn("take whom to ask through", outcome.error)

    def _warn(self, what: str, error: BaseException | None) -> None:
        kind = type(error).__name__
        log.warning("The judge %s fails to %s (%s); ask its author.", self.name, what, kind)


COMMAND_TIMEOUT_S = 600.0
"""Seconds that a command may take."""
ASKING_TIMEOUT_S = 86_400.0
"""The same once a person has agreed to a price: models answer at their own pace."""
CHAT_TIMEOUT_S = 25.0
"""Seconds that a chat may take for one message; a delivery waits no longer than 30."""
CANCEL_TIMEOUT_S = 0.5
"""Seconds that a chat's connection has to end when it is cancelled."""

Result = TypeVar("Result")


class GuardedChat:
    """A chat whose faults are the errors that chats may raise, and show no secret.

    Its guard never pauses it: the supervisor starts it again, and the outbox tries messages again.

    Args:
        chat: The chat; a `LaterChat` is made at the first call.
        guard: Makes the calls.
        distribution: That of the plugin, for the remedy when a package is missing.
    """

    def __init__(self, chat: Chat | LaterChat, guard: Guard, distribution: str = PROJECT) -> None:
        self.name = chat.name
        self._given = chat
        self._guard = guard
        self._distribution = distribution

    @cached_property
    def _chat(self) -> Chat:
        return self._given.make() if isinstance(self._given, LaterChat) else self._given

    @property
    def dark(self) -> bool:
        """Whether its background is dark; False when it does not say."""
        return bool(self._attribute("dark", False))

    @property
    def connected(self) -> bool:
        """Whether requests can arrive now; True when it does not say."""
        return bool(self._attribute("connected", True))

    @property
    def drain_s(self) -> float:
        """Seconds that it waits for running commands when cancelled; 0 when it does not say."""
        seconds = self._attribute("drain_s", 0.0)
        return seconds if isinstance(seconds, int | float) else 0.0

    @drain_s.setter
    def drain_s(self, seconds: float) -> None:
        with contextlib.suppress(Exception):
            if isinstance(self._chat, DrainingChat):
                self._chat.drain_s = seconds

    def _attribute(self, name: str, default: object) -> Any:
        """Return an attribute of the chat; the default without it, and where reading it fails."""
        outcome = call_now(lambda: getattr(self._chat, name, default))
        return default if outcome.error else outcome.result

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled or the plugin returns.

        When this task is cancelled, the plugin has `drain_s` and `CANCEL_TIMEOUT_S` to end.

        Raises:
            ChatUnavailable: when another attempt cannot succeed, such as after refused credentials.
            ChatLost: when the chat failed for another reason.
            CancelledError: when this task is cancelled.
        """
        work = asyncio.create_task(outcome_of(lambda: self._chat.run(desk)))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=self.drain_s + CANCEL_TIMEOUT_S)
            raise
        error = work.result().error
        if isinstance(error, ModuleNotFoundError):
            remedy = f"install it with: {reinstall_command(self._distribution)}"
            reason = f"the package {error.name} is missing"
            raise ChatUnavailable(chat=self.name, reason=reason, remedy=remedy)
        if isinstance(error, ChatUnavailable | ChatLost):
            raise type(error)(**self._guard.shown_details(error))
        if isinstance(error, ChatFailed):
            raise ChatLost(**self._guard.shown_details(error))
        if isinstance(error, OverheardError):
            raise ChatLost(chat=self.name, reason=self._guard.shown(error))
        if error is not None:
            problem = f"its plugin {self._guard.problem(error)}; {self._guard.remedy}"
            raise ChatLost(chat=self.name, reason=problem)

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the platform's id of the message.

        Args:
            channel: The platform's id of the channel.
            key: The key by which `find` finds the message.
            thread: The id of the message in whose thread the card is posted; empty for none.
            broadcast: Whether a card in a thread also appears in the channel.

        Raises:
            ChatFailed: when the card was not posted, or the outcome is unknown (`ambiguous`), such
                as when the plugin is at fault or returns no id.
            ChatUnavailable: when another attempt cannot succeed.
        """
        message = await self._call_chat(
            lambda: self._chat.post(channel, card, key=key, thread=thread, broadcast=broadcast)
        )
        if not isinstance(message, str) or not message:
            given = f"gives no id of the message (but {type(message).__name__})"
            raise self._failure(f"its plugin {given}; {self._guard.remedy}")
        return message

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the card of a posted message by another card.

        Raises:
            ChatFailed: when the card was not replaced.
        """
        await self._call_chat(lambda: self._chat.edit(channel, message, card))

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with a key; None when there is none, or
        the plugin returns no text.

        Raises:
            ChatFailed: when the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        message = await self._call_chat(lambda: self._chat.find(channel, key))
        return message if isinstance(message, str) and message else None

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message.

        Raises:
            ChatFailed: when messages of the chat have no address, or the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        chat = self._chat
        if not isinstance(chat, Linking):
            raise ChatFailed(chat=self.name, reason="its messages have no addresses")
        return str(await self._call_chat(lambda: chat.link(channel, message)))

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return validated findings about the chat's credentials, its scopes and its access to
        channels, given by their ids.

        Raises:
            PluginFault: when the plugin fails, takes longer than `CHAT_TIMEOUT_S`, or returns
                something else.
        """

        async def examined() -> list[Finding]:
            findings = validation.bounded_list(await self._chat.examine(channels))
            return [validation.validated(finding, Finding) for finding in findings]

        return await self._guard.call(examined, CHAT_TIMEOUT_S)

    async def close(self) -> None:
        """Close its connections; nothing is done for a chat that was not made."""
        if "_chat" in vars(self) or not isinstance(self._given, LaterChat):
            await self._guard.call(self._chat.close, CHAT_TIMEOUT_S)

    async def _call_chat(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call to the chat within `CHAT_TIMEOUT_S`, and return the result."""
        try:
            return await self._guard.call(
                work, CHAT_TIMEOUT_S, passing=(ChatFailed, ChatUnavailable)
            )
        except ChatFailed as failed:
            wait, shown = failed.retry_after, self._guard.shown_details(failed)
            error = ChatFailed(chat=shown["chat"], reason=shown["reason"])
            error.retry_after = wait if isinstance(wait, int | float) and wait >= 0 else None
            error.ambiguous = failed.ambiguous is True
            raise error from None
        except ChatUnavailable as refused:
            raise ChatUnavailable(**self._guard.shown_details(refused)) from None
        except PluginFault as fault:
            raise self._failure(f"its plugin {fault.details['problem']}") from None

    def _failure(self, reason: str) -> ChatFailed:
        error = ChatFailed(chat=self.name, reason=reason)
        error.ambiguous = True
        return error


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


FEED_TIMEOUT_S = 30.0
"""Seconds that an update feed may take."""
LISTENER_TIMEOUT_S = 5.0
"""Seconds that a listener may take for one notification."""
MAX_LISTENER_FAULTS = 3
"""Faults in a row after which a listener is paused: each notification waits for it."""


def guarded(
    registered: Registered,
    guards: Guards,
    process: ScorerProcess | None = None,
    origin: PluginLocation | None = None,
) -> Registered:
    """Return the objects that a plugin registers, behind guards.

    Chats, feeds, commands and listeners have guards in any case; landscapes are data and need none.
    Providers and scorers get guards if ``process`` and ``origin`` are given. Chats and commands are
    never paused.

    Args:
        guards: Makes the guards.
        process: Runs the scorers of a third party; None for a built-in plugin.
        origin: The plugin, for the process that runs its scorers; None for a built-in plugin.
    """
    providers, scorers = registered.providers, registered.scorers
    distribution = origin.distribution if origin else PROJECT
    if process is not None and origin is not None:
        providers = {
            name: GuardedProvider(provider, guards) for name, provider in providers.items()
        }
        scorers = {
            name: guarded_scorer(scorer, guards, process, origin)
            for name, scorer in scorers.items()
        }
    return replace(
        registered,
        providers=providers,
        scorers=scorers,
        chats={
            name: GuardedChat(chat, guards.of(f"The chat {name}", None), distribution)
            for name, chat in registered.chats.items()
        },
        feeds={
            name: GuardedFeed(feed, guards.of(f"The feed {name}"))
            for name, feed in registered.feeds.items()
        },
        commands={
            name: guarded_command(spec, guards.of(f'The command "{name}"', None))
            for name, spec in registered.commands.items()
        },
        listeners={
            hook: [_guarded_listener(listener, guards) for listener in listeners]
            for hook, listeners in registered.listeners.items()
        },
    )


class GuardedFeed:
    """An update feed whose updates are validated."""

    def __init__(self, feed: UpdateFeed, guard: Guard) -> None:
        self.name = feed.name
        self._feed = feed
        self._guard = guard

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the feed's updates since a moment, validated.

        Raises:
            PluginFault: when the feed fails, takes longer than `FEED_TIMEOUT_S`, or returns
                something else.
            PluginPaused: when the feed is paused.
        """

        async def read() -> list[ModelUpdate]:
            return validation.validated_updates(await self._feed.updates(since))

        return await self._guard.call(read, FEED_TIMEOUT_S)


def _guarded_listener(listener: Listener, guards: Guards) -> Callable[..., Awaitable[None]]:
    """Return a listener that gets copies of its arguments and raises no fault: faults are counted,
    and `MAX_LISTENER_FAULTS` in a row pause the listener. A call may take `LISTENER_TIMEOUT_S`.
    """
    guard = guards.of(f"A listener of the plugin {guards.template.plugin}", MAX_LISTENER_FAULTS)

    async def notify(*what: Any) -> None:
        with contextlib.suppress(PluginFault):
            # A copy: other listeners get the same objects, and even a frozen object can be changed.
            await guard.call(partial(listener, *deepcopy(what)), LISTENER_TIMEOUT_S)

    return notify


class Listeners:
    """All listeners, by the hook that registered them."""

    def __init__(self) -> None:
        self._by_hook: dict[str, list[Callable[..., Awaitable[None]]]] = defaultdict(list)

    def add(self, hook: str, listener: Callable[..., Awaitable[None]]) -> None:
        """Add a guarded listener."""
        self._by_hook[hook].append(listener)

    @property
    def of_scores(self) -> bool:
        """Whether a listener waits for the scores of answers."""
        return bool(self._by_hook.get("overheard_answer_scored"))

    async def answer_scored(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Notify that a scorer has read an answer."""
        await self._notify("overheard_answer_scored", answer, scores)

    async def alert_raised(self, alert: Alert) -> None:
        """Notify of each shift of a new alert."""
        for shift in (alert.shift, *alert.also):
            await self._notify("overheard_shift_detected", shift, alert)

    async def alert_posted(self, alert: Alert, channel: str, message: str) -> None:
        """Notify that an alert's message was posted in a channel."""
        await self._notify("overheard_alert_posted", alert, channel, message)

    async def _notify(self, hook: str, *what: Any) -> None:
        for listener in self._by_hook.get(hook, ()):
            await listener(*what)
