"""The calls of judges, and what they may spend: each text is paid for once, from a judge's budget.

A judge's replies are stored as answers of runs outside of the history, so that what was judged can
be read later, and is not paid for again.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from overheard.domain import Answer, Model, Payer, Prompt, Question, Reply, Usage
from overheard.errors import BudgetUsedUp, JudgeBudgetUsedUp, NotJudgedYet, ProviderFailed
from overheard.interfaces import Judge, Provider, Scorer, SecondReader, Store
from overheard.runs.budget import Estimate, price_of
from overheard.runs.runner import AskingMeans, asking_aside

LABEL = "judge"
"""Of runs in which a judge asked; also the platform of the channel that they are booked on."""

CHECKED = "checked:"
"""The beginning of the name under which the store keeps what a judge says of a brand's alerts."""

LONGEST_REPLY = 4_000
"""Tokens that a judge may write; with a limit, a model is asked at temperature 0."""

_FOR_FREE: ContextVar[bool] = ContextVar("for_free", default=False)
"""Whether judges may use stored replies only, in the current task."""


@contextmanager
def stored_replies_only() -> Iterator[None]:
    """Let judges return stored verdicts only and ask no model, in the current task and while the
    block lasts.
    """
    token = _FOR_FREE.set(True)
    try:
        yield
    finally:
        _FOR_FREE.reset(token)


class Judging:
    """Gives the judges among some scorers the means to ask their models.

    Args:
        means: The parts of the deployment that judges need to ask.
        scorers: All scorers; only judges among them are changed.
    """

    def __init__(self, means: AskingMeans, scorers: Iterable[Scorer]) -> None:
        self._askers = [_Asker(means, s) for s in scorers if isinstance(s, Judge)]
        self._rounds = 0
        for asker in self._askers:
            asker.judge.connect(asker)

    @asynccontextmanager
    async def round(self) -> AsyncIterator[None]:
        """Let judges ask while the block lasts.

        Overlapping blocks are one round: when the last of them ends, the runs in which the judges
        asked are closed, and their unspent money is returned.
        """
        self._rounds += 1
        try:
            yield
        finally:
            self._rounds -= 1
            if not self._rounds:
                for asker in self._askers:
                    await asker.rest()


class _Asker:
    """Asks the model of one judge. A round begins with the first text that has no stored answer."""

    def __init__(self, means: AskingMeans, judge: Judge) -> None:
        self.judge = judge
        self._means = means
        self._round = AsyncExitStack()
        self._ask_in_round: Callable[[Question], Awaitable[Answer]] | None = None
        """Asks in the round, which has begun; else None."""
        self._beginning = asyncio.Lock()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(self, text: str, *, schema: Mapping[str, object] | None = None) -> Reply:
        """Return the stored reply to a text, or ask the judge's model for a new reply, which is
        paid for and stored.

        The same text is asked once even if several tasks ask it at a time.

        Args:
            schema: The JSON schema of the reply, or None for prose.

        Raises:
            NotJudgedYet: when only stored replies may be used, see `stored_replies_only`.
            JudgeBudgetUsedUp: when the judge's budget does not cover the call.
        """
        question = self._question(text, schema)
        async with self._turns[question.prompt.key]:  # the same text may come twice at a time
            answer = await self._kept_answer(question) or await self._ask_paid(question)
        if not answer.complete:
            reason = answer.error or f"its reply ended as {answer.reply.finish.value}."
            raise ProviderFailed(model=self.judge.model, reason=reason)
        return answer.reply

    async def rest(self) -> None:
        """End the round of this judge, if one has begun: wait until its answers are written, return
        its unspent money and unlock its run.
        """
        ended, self._round, self._ask_in_round = self._round, AsyncExitStack(), None
        self._turns.clear()
        await ended.aclose()

    async def _kept_answer(self, question: Question) -> Answer | None:
        """Return the latest complete stored answer of the judge's model to a question; None without
        any.

        An answer whose text was removed does not count.
        """
        latest = None
        async for answer in self._means.store.answers.stream(prompts={question.prompt.key}):
            is_of_model = answer.question.model == question.model
            if is_of_model and answer.complete and not answer.gone:
                latest = answer
        return latest

    async def _ask_paid(self, question: Question) -> Answer:
        """Ask the judge's model a question, at the judge's cost, and return the stored answer.

        The first question of a round starts its run, and asks the gold texts before. In a task that
        may only use stored replies, the question is added to that task's list instead.
        """
        if _FOR_FREE.get():
            raise NotJudgedYet(scorer=self.judge.name)
        try:
            async with self._beginning:
                ask = self._ask_in_round
                if ask is None:
                    asking = asking_aside(
                        self._means,
                        self.judge.model,
                        label=LABEL,
                        asked_by=self.judge.name,
                        channel=channel_of(self.judge),
                        usd=self.judge.budget,
                    )
                    ask = self._ask_in_round = await self._round.enter_async_context(asking)
                    schema = getattr(self.judge, "schema", None)
                    for gold_text in self.judge.rehearsals:
                        await ask(self._question(gold_text, schema))
            return await ask(question)
        except BudgetUsedUp:
            raise JudgeBudgetUsedUp(scorer=self.judge.name) from None

    def _question(self, text: str, schema: Mapping[str, object] | None) -> Question:
        written = json.dumps(schema) if schema else ""
        return Question(Prompt(text), self.judge.model, limit=LONGEST_REPLY, schema=written)


def channel_of(judge: Judge) -> str:
    """Return the channel that a judge's questions are booked on, which its own budget limits."""
    return f"{LABEL}:{judge.name}"


def judges(scorers: Iterable[Scorer]) -> tuple[Judge, ...]:
    """Return the judges among some scorers."""
    return tuple(scorer for scorer in scorers if isinstance(scorer, Judge))


REQUEST = Usage(1_100, 350)
"""Tokens of a request about an answer and of its reply, as estimated for answers of shopping
assistants of 1,800 characters with four brands, of which one has facts."""
LARGEST_REQUEST = Usage(6_000, LONGEST_REPLY)
"""The most that they may be."""
CHECKED_A_YEAR = 400
"""Sentences and answers that are read a year before alerts are told, at the most that is usual."""
READ_SHARE = 0.1
"""The share of the answers that a second reader reads by default."""
WEEKS_A_YEAR = 52
GOLD_TEXTS = 10
"""Texts with known labels that a judge is asked about in each round."""
JUDGE_MODELS = ("gpt-6-luna", "claude-haiku-5-5", "gemini-2.5-flash-lite", "gemini-3.8-flash")
"""Cheap current models that are proposed as judges, in this order."""


def proposed_judge(providers: Mapping[str, Provider]) -> Model | None:
    """Return the first model of `JUDGE_MODELS` that one of the providers, given by name, sells;
    None without any. A provider on this machine has a price of 0 for each name.
    """
    models = (Model(name, model) for model in JUDGE_MODELS for name in providers)
    return next((m for m in models if (price := price_of(m, providers)) and price.output), None)


def judging_cost_a_year(
    model: Model, answers: int, providers: Mapping[str, Provider]
) -> float | None:
    """Return the price of a second reader in US dollars a year, for the set-up; None without a
    known price.

    Each week has one round, in which `GOLD_TEXTS` texts with known labels are read in addition to
    the share `READ_SHARE` of the answers; and `CHECKED_A_YEAR` more are read before alerts.

    Args:
        model: The reader's model.
        answers: The number of answers in a week, over all models and repeats.
    """
    price = price_of(model, providers)
    if price is None:
        return None
    calls = WEEKS_A_YEAR * (READ_SHARE * answers + GOLD_TEXTS) + CHECKED_A_YEAR
    return calls * price.cost(REQUEST)


async def judging_cost(
    scorers: Iterable[Scorer],
    providers: Mapping[str, Provider],
    store: Store,
    answers: int,
    now: datetime,
) -> Estimate:
    """Return the estimated price of what the judges among some scorers ask about answers.

    Each judge asks about its gold texts, and once about each answer that it reads. It spends no
    more than is left of its budget. A judge whose model has no known price adds 0 dollars, and its
    model is listed as unknown. No account is booked.

    Args:
        providers: Providers by name.
        answers: The number of answers; 0 costs nothing.
        now: The current time, which selects the month of the budget.
    """
    calls, typical, worst = 0, 0.0, 0.0
    unknown = []
    for judge in judges(scorers) if answers else ():
        share = judge.share if isinstance(judge, SecondReader) else 1.0
        calls_of_judge = ceil(answers * share) + len(judge.rehearsals)
        calls += calls_of_judge
        price = price_of(judge.model, providers)
        if price is None:
            unknown.append(judge.model)
            continue
        left_usd = await _money_left(judge, store, now)
        typical += min(left_usd, calls_of_judge * price.cost(REQUEST))
        worst += min(left_usd, calls_of_judge * price.cost(LARGEST_REQUEST))
    return Estimate(calls, typical, worst, tuple(unknown))


async def _money_left(judge: Judge, store: Store, now: datetime) -> float:
    """Return the US dollars that are neither spent nor reserved of a judge's budget for the month
    of ``now``; 0 or more.
    """
    accounts = Payer(0, channel=channel_of(judge)).accounts(Prompt(""), now)
    [account] = [account for account in accounts if account.kind == "channel"]
    balance = (await store.money.balances([account]))[account]
    return max(0.0, judge.budget - balance.spent - balance.held)


async def kept_checks(store: Store, brand: str) -> dict[str, Any]:
    """Return what is kept of the checks of a brand's alerts: the sentences that were ``denied``,
    and what is ``told`` of each alert.
    """
    setting = await store.settings.get(f"{CHECKED}{brand}")
    return {"denied": [], "told": {}, **(setting.value if setting else {})}


async def denied_sentences(store: Store, brand: str) -> frozenset[tuple[int, str]]:
    """Return the number of the answer and the topic of each statement about a brand that a judge
    has denied; it counts nowhere.
    """
    return frozenset(
        (number, topic) for number, topic in (await kept_checks(store, brand))["denied"]
    )


LEAST_LABELS_MOVED = 2
"""Gold labels from which a change of the agreement between two rounds is reported."""
SOUND = 0.75
"""The share of gold labels that a judge agrees with, if its word is to count for much."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a judge with its gold labels in one round.

    Attributes:
        at: When the round began.
        right: The number of labels that the judge agreed with.
        of: The number of labels.
        lost: Reasons for which verdicts on the gold texts could not be read, with their counts.
    """

    at: datetime
    right: int
    of: int
    lost: tuple[tuple[str, int], ...] = ()

    def differs_from(self, before: Agreement) -> bool:
        """Return whether the agreement differs from an earlier round by more than a model's own
        noise: by `LEAST_LABELS_MOVED` labels or more, up or down, or in the number of labels.
        """
        return self.of != before.of or abs(self.right - before.right) >= LEAST_LABELS_MOVED


async def agreements(store: Store, judge: Judge) -> list[Agreement]:
    """Return the agreement of a judge with its gold labels in each round, the oldest first; read
    from the store, nothing is asked.

    A round counts only if the judge's present model answered each present gold text in it
    completely, and these replies are still stored. Empty without such a round.
    """
    prompts = [Prompt(text) for text in judge.rehearsals]
    replies_by_run: dict[int, dict[str, str]] = defaultdict(dict)
    async for answer in store.answers.stream(prompts={prompt.key for prompt in prompts}):
        if answer.question.model == judge.model and answer.complete and not answer.gone:
            replies_by_run[answer.run_id][answer.question.prompt.key] = answer.reply.text
    if not replies_by_run:
        return []
    began = await store.runs.starts()
    result = []
    for run_id, replies in sorted(replies_by_run.items()):
        if len(replies) < len(prompts):
            continue
        texts = [replies[prompt.key] for prompt in prompts]
        matching, labels = judge.agreement(texts)
        count_losses = getattr(judge, "losses", None)
        lost = tuple(sorted(count_losses(texts).items())) if count_losses else ()
        result.append(Agreement(began[run_id], matching, labels, lost=lost))
    return result


def lost_verdicts(judge: Judge) -> str:
    """Return a sentence on how many verdicts of a judge in this process do not count, and why, the
    most frequent reason first; empty when all count, or when the judge keeps no count.
    """
    lost_by_reason = dict(getattr(judge, "verdicts", {}))
    total = sum(lost_by_reason.values())
    kept = lost_by_reason.pop("kept", 0)
    if kept == total:
        return ""
    reasons = sorted(lost_by_reason.items(), key=lambda reason: -reason[1])
    return (
        f"{total - kept} of {total} verdicts of the judge {judge.name} ({judge.model}) do not "
        f"count: {'; '.join(f'{reason} ({count})' for reason, count in reasons)}."
    )


def doubt(judge: Judge, agreements: list[Agreement]) -> str:
    """Return a sentence on why a judge is not reliable; empty when it is, and without a round.

    The first of these reasons that holds is given:

    - The agreement with the gold labels differs from the round before.
    - The agreement is below `SOUND`, and more than half of the labels that were missed were lost
      because replies could not be read.
    - The agreement is below `SOUND`.

    Args:
        agreements: Its agreement in each round, the oldest first.
    """
    if not agreements:
        return ""
    now = agreements[-1]
    before = agreements[-2] if len(agreements) > 1 else None
    whose = f"The judge {judge.name} ({judge.model})"
    if before and now.differs_from(before):
        return (
            f"{whose} agrees with {now.right} of {now.of} gold labels, and agreed with "
            f"{before.right} of {before.of} the round before: its model may have moved, so what it "
            f"says now is not comparable with what it said then."
        )
    if now.right >= SOUND * now.of:
        return ""
    missed, unread = now.of - now.right, sum(count for _, count in now.lost)
    if unread > missed / 2:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in now.lost)
        return (
            f"{whose} agrees with only {now.right} of {now.of} gold labels, because its replies "
            f"cannot be used: {reasons}."
        )
    return (
        f"{whose} agrees with only {now.right} of {now.of} gold labels: little of what it says "
        f"can be relied on, so name another model in [scorers.{judge.name}]."
    )
