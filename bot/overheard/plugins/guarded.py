"""What plugins register, behind guards; providers, scorers, feeds and listeners stand here."""

import asyncio
import contextlib
import inspect
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from overheard.domain import (
    Alert,
    Answer,
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
    JudgeBudgetUsedUp,
    ModelResting,
    PluginFault,
    ProviderFailed,
    ProviderUnavailable,
)
from overheard.installation import PROJECT
from overheard.interfaces import Judge, JudgeClient, Listener, Provider, Scorer, UpdateFeed
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Guards, call_now
from overheard.plugins.guarded_chat import GuardedChat
from overheard.plugins.guarded_commands import guarded_command
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
