"""False claims and grave sentences: when a statement is news, when it grows, and when it is gone.

A statement that the fact sheet rules out needs no test of means: that a model repeats it is news.
*Repeated* means the same statement in two answers of a model in one run, or in three answers in 30
days; about one fact with different values, three in a run or five in 30 days. A single answer is
not enough, because a single verdict is wrong in about one case of twenty-five (docs/statistics.md),
and because models make a slip that they do not make again.

A statement is *gone* when so many answers without it would be improbable if it were still made. Of
the n answers since it began, y had it; the m answers since it was last made, to the prompts that
were asked in both periods, have it in none. With Jeffreys' prior the probability of that is the
ratio of beta functions B(y + 1/2, n - y + m + 1/2) / B(y + 1/2, n - y + 1/2) (beta-binomial). The
statement is gone when this is at most `GONE_LEVEL` and at least `MIN_RUNS_GONE` runs have passed:
the answers of one run are not independent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import exp, lgamma

from overheard.detection.alarm_table import AlertLevel
from overheard.detection.decide import Decision
from overheard.detection.placement import AlertAction, place
from overheard.domain import Alert, Model, PromptShift, ReportedStatement, Shift, StatementKind
from overheard.measure.blocks import RunKey
from overheard.measure.intervals import wilson
from overheard.reading.claims import FalseClaim, states_the_same

WINDOW = timedelta(days=30)
"""How far back repetitions count."""
REPEATED_IN_RUN, REPEATED_IN_WINDOW = 2, 3
"""Answers with the same statement that make it news."""
VARIED_IN_RUN, VARIED_IN_WINDOW = 3, 5
"""Answers with different values of one fact that make it news."""
GONE_LEVEL = 0.05
"""Largest probability of the answers without a statement that is still made, to call it gone."""
MIN_RUNS_GONE = 2
"""Runs without a statement before it can be gone."""
STATEMENT_LEVEL = AlertLevel.NEARLY_CERTAIN
"""How certain it is that a repeated statement was made."""
GROWTH = 2.0
"""How many times as many answers of a run as were reported before let an alert grow."""

Asked = Mapping[int, Mapping[str, int]]
"""Number of answers of a model by the number of the run and the key of the prompt."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A statement in one answer.

    Attributes:
        claim: What is stated, and by which model.
        run: The run of the answer.
        prompt: The key of its prompt.
    """

    claim: FalseClaim
    run: RunKey
    prompt: str

    @property
    def kind(self) -> StatementKind:
        """Why it may be news."""
        return StatementKind.GRAVE if self.claim.verdict == "grave" else StatementKind.CLAIM


@dataclass(frozen=True, slots=True)
class StatementStory:
    """A repeated statement of one model, from the run in which it became news until it was gone.

    Attributes:
        occurrences: The answers with the statement since its beginning, the oldest first.
        opened: The run in which the statement became news.
        grown: The runs in which at least `GROWTH` times as many answers had the statement as in
            any reported run before.
        last: The last run with the statement.
        closed: The run after which the statement was gone; None while it is not gone.
        silent: Number of answers, and of runs, since the last run with the statement.
    """

    occurrences: tuple[Occurrence, ...]
    opened: RunKey
    last: RunKey
    grown: tuple[RunKey, ...] = ()
    closed: RunKey | None = None
    silent: tuple[int, int] = (0, 0)

    @property
    def began(self) -> RunKey:
        """The run of the first answer with the statement."""
        return self.occurrences[0].run

    @property
    def first(self) -> Occurrence:
        """The occurrence that represents the story: the first one with the commonest value."""
        wordings = Counter(occurrence.claim.stated for occurrence in self.occurrences)
        return max(self.occurrences, key=lambda occurrence: wordings[occurrence.claim.stated])

    def in_run(self, run: RunKey) -> list[Occurrence]:
        """Return the occurrences of one run, in the order of the answers."""
        return [occurrence for occurrence in self.occurrences if occurrence.run == run]


@dataclass(slots=True)
class _Group:
    """Occurrences that state the same, while the runs are followed."""

    varied: bool = False
    waiting: list[Occurrence] = field(default_factory=list)
    story: StatementStory | None = None
    reported: int = 0


def follow_statements(
    occurrences: Iterable[Occurrence], runs: Sequence[RunKey], asked: Asked
) -> list[StatementStory]:
    """Return the repeated statements of one model about one brand, in the order in which they
    became news.

    Args:
        occurrences: All statements that may be news.
        runs: The runs in which the model answered, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
    """
    by_run: dict[RunKey, list[Occurrence]] = {}
    for occurrence in sorted(
        occurrences, key=lambda occurrence: (occurrence.run, occurrence.claim.answer_id)
    ):
        by_run.setdefault(occurrence.run, []).append(occurrence)
    groups: list[_Group] = []
    ended: list[StatementStory] = []
    for index, run in enumerate(runs):
        heard = by_run.get(run, [])
        _sort_in(groups, heard)
        _report_varied(groups, run)
        for group in groups:
            _follow(group, runs[: index + 1], asked)
        ended += [group.story for group in groups if group.story and group.story.closed]
        groups = [group for group in groups if not (group.story and group.story.closed)]
    stories = [*ended, *(group.story for group in groups if group.story)]
    return sorted(stories, key=lambda story: (story.opened, story.began))


def _sort_in(groups: list[_Group], heard: Iterable[Occurrence]) -> None:
    """Add occurrences of a run to the groups that state the same, open stories first; start new
    groups for the others.
    """
    for occurrence in heard:
        groups.sort(key=lambda group: group.story is None)
        mine = next((group for group in groups if _belongs(group, occurrence)), None)
        if mine is None:
            mine = _Group()
            groups.append(mine)
        if mine.story:
            mine.story = replace(mine.story, occurrences=(*mine.story.occurrences, occurrence))
        else:
            mine.waiting.append(occurrence)


def _belongs(group: _Group, occurrence: Occurrence) -> bool:
    """Return whether an occurrence states the same as a group; in a group of different values,
    whether it is of the same topic.
    """
    members = group.story.occurrences if group.story else group.waiting
    if group.varied:
        return _topic(members[0]) == _topic(occurrence)
    return same_statement(members[0].claim, occurrence.claim)


def same_statement(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two statements are the same: grave statements by their topic, claims by their
    meaning.
    """
    if claim.verdict == other.verdict == "grave":
        return claim.field == other.field
    return states_the_same(claim, other)


def _topic(occurrence: Occurrence) -> tuple[StatementKind, str]:
    return occurrence.kind, occurrence.claim.field


def _report_varied(groups: list[_Group], run: RunKey) -> None:
    """Join the groups that state different values of one fact into one, when together they are
    news.
    """
    waiting: dict[tuple[StatementKind, str], list[_Group]] = {}
    for group in groups:
        if group.waiting and not group.story:
            waiting.setdefault(_topic(group.waiting[0]), []).append(group)
    for same in waiting.values():
        members = sorted(
            (occurrence for group in same for occurrence in group.waiting),
            key=lambda occurrence: (occurrence.run, occurrence.claim.answer_id),
        )
        alone = any(_is_news(group.waiting, run) for group in same)
        if len(same) > 1 and not alone and _is_news(members, run, varied=True):
            for group in same:
                groups.remove(group)
            groups.append(_Group(varied=True, waiting=members))


def _is_news(members: Iterable[Occurrence], run: RunKey, *, varied: bool = False) -> bool:
    """Return whether statements are repeated often enough within `WINDOW` before a run to be news
    in it, with at least one in the run itself. ``varied`` says that their values differ.
    """
    recent = [
        occurrence
        for occurrence in members
        if occurrence.run.at > run.at - WINDOW and occurrence.run <= run
    ]
    now = len({occurrence.claim.answer_id for occurrence in recent if occurrence.run == run})
    ever = len({occurrence.claim.answer_id for occurrence in recent})
    enough = (VARIED_IN_RUN, VARIED_IN_WINDOW) if varied else (REPEATED_IN_RUN, REPEATED_IN_WINDOW)
    return now > 0 and (now >= enough[0] or ever >= enough[1])


def _follow(group: _Group, runs: Sequence[RunKey], asked: Asked) -> None:
    """Update a group of equal statements after the last of some runs: open its story when it is
    news, let the story grow, or close it. ``asked`` has the number of answers by run and prompt.
    """
    run = runs[-1]
    story = group.story
    if story is None:
        if _is_news(group.waiting, run, varied=group.varied):
            recent = [
                occurrence for occurrence in group.waiting if occurrence.run.at > run.at - WINDOW
            ]
            group.story = StatementStory(tuple(recent), run, run)
            group.reported = _answers(group.story.in_run(run))
            group.waiting = []
        return
    now = _answers(story.in_run(run))
    if now:
        grown = story.grown
        if now >= GROWTH * group.reported:
            grown, group.reported = (*grown, run), now
        group.story = replace(story, last=run, grown=grown, silent=(0, 0))
        return
    group.story = _closed_if_gone(story, runs, asked)


def _answers(occurrences: Iterable[Occurrence]) -> int:
    return len({occurrence.claim.answer_id for occurrence in occurrences})


def _closed_if_gone(story: StatementStory, runs: Sequence[RunKey], asked: Asked) -> StatementStory:
    """Return a story that the latest runs did not continue, with the number of answers and of runs
    since its last statement; closed when so many answers without it are improbable by chance
    (`GONE_LEVEL`).

    Args:
        story: The story of a repeated statement.
        runs: The model's runs so far, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
    """
    during = [run for run in runs if story.began <= run <= story.last]
    since = [run for run in runs if run > story.last]
    before, after = _total(during, asked), _total(since, asked)
    shared = before.keys() & after.keys()
    made = len(
        {
            occurrence.claim.answer_id
            for occurrence in story.occurrences
            if occurrence.prompt in shared
        }
    )
    n, m = (sum(counts[prompt] for prompt in shared) for counts in (before, after))
    quiet = replace(story, silent=(m, len([run for run in since if asked.get(run.id)])))
    if made == 0 or quiet.silent[1] < MIN_RUNS_GONE:
        return quiet
    if probability_of_none(made, max(n, made), m) > GONE_LEVEL:
        return quiet
    return replace(quiet, closed=runs[-1])


def probability_of_none(made: int, asked: int, silent: int) -> float:
    """Return the probability, 0 to 1, that a statement is in no answer of a number of answers if it
    is still made (beta-binomial, Jeffreys' prior).

    Args:
        made: Number of answers with the statement; 1 or more.
        asked: Number of answers of the same time, with and without the statement; `made` or more.
        silent: Number of later answers, all without the statement.
    """
    hits, misses = made + 0.5, asked - made + 0.5
    return exp(
        lgamma(misses + silent)
        - lgamma(hits + misses + silent)
        - lgamma(misses)
        + lgamma(hits + misses)
    )


def _total(runs: Iterable[RunKey], asked: Asked) -> Counter[str]:
    total: Counter[str] = Counter()
    for run in runs:
        total.update(asked.get(run.id, {}))
    return total


def statement_shift(
    story: StatementStory, brand: str, run: RunKey, runs: Sequence[RunKey], asked: Asked, truth: str
) -> Shift:
    """Return a story as the shift that an alert reports in a run; the values are shares of answers.

    Args:
        story: The story.
        brand: The brand's name.
        run: The run in which the story is reported: when it became news, or when it grew.
        runs: The model's runs, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
        truth: The value of the fact; empty for a grave statement.
    """
    until = [occurrence for occurrence in story.occurrences if occurrence.run <= run]
    reported_run = until[-1].run if run not in {occurrence.run for occurrence in until} else run
    mine = [occurrence for occurrence in until if occurrence.run == reported_run]
    prompts = _prompts(until, runs, asked, story.began, run)
    before = sum(
        asked.get(earlier_run.id, {}).get(p.prompt, 0)
        for earlier_run in runs
        for p in prompts
        if earlier_run < story.began
    )
    after = sum(p.n_after for p in prompts)
    rate = _answers(until) / after
    claim = story.first.claim
    statement = ReportedStatement(
        kind=story.first.kind,
        topic=claim.field,
        said=claim.stated or claim.quote,
        truth=truth,
        verdict=claim.verdict,
        quote=next(
            (occurrence.claim.quote for occurrence in reversed(mine) if occurrence.claim.quote),
            claim.quote,
        ),
        sources=_sources(until),
        answers=_answers(mine),
        asked=max(_answers(mine), sum(asked.get(reported_run.id, {}).values())),
    )
    return Shift(
        brand=brand,
        model=claim.model,
        metric=statement.kind.metric,
        run_id=run.id,
        before=0.0,
        after=rate,
        change=rate,
        interval=wilson(rate, after),
        prompts=prompts,
        answers=(before, after),
        began=story.began.id,
        likely_first_runs=(story.began.id,),
        statement=statement,
    )


def _prompts(
    occurrences: Sequence[Occurrence],
    runs: Sequence[RunKey],
    asked: Asked,
    began: RunKey,
    until: RunKey,
) -> tuple[PromptShift, ...]:
    """Return the prompts with a statement, those with most such answers first, as shifts from a
    share of 0 to the share of answers with the statement.

    Args:
        occurrences: The answers with the statement.
        runs: The model's runs.
        asked: Number of the model's answers by run number and prompt key.
        began: The first run with the statement.
        until: The last run that counts.
    """
    made = Counter(prompt for prompt, _ in {(o.prompt, o.claim.answer_id) for o in occurrences})
    before = _total([run for run in runs if run < began], asked)
    after = _total([run for run in runs if began <= run <= until], asked)
    return tuple(
        PromptShift(p, 0.0, count / max(count, after[p]), before[p], max(count, after[p]))
        for p, count in sorted(made.items(), key=lambda item: (-item[1], item[0]))
    )


def _sources(occurrences: Iterable[Occurrence]) -> tuple[str, ...]:
    """Return the hosts that the answers of some occurrences cite, the most frequent first."""
    cited = {(o.claim.answer_id, source) for o in occurrences for source in o.claim.sources}
    counts = Counter(source for _, source in sorted(cited))
    return tuple(source for source, _ in counts.most_common())


def add_statements(
    decisions: Iterable[Decision], news: Iterable[Shift], run: RunKey, alerts: Sequence[Alert]
) -> list[Decision]:
    """Return the decisions about a brand after a run, with the statements that are news added.

    Statements come before what moved at the same model, and both are one alert. A model without a
    decision gets one.

    Args:
        decisions: What was decided about each model.
        news: The statements that are news, and those that grew.
        run: The run.
        alerts: The brand's alerts, the newest first.
    """
    by_model: dict[Model, list[Shift]] = {}
    for shift in news:
        by_model.setdefault(shift.model, []).append(shift)
    whole = []
    for decision in decisions:
        if decision.placement.action is AlertAction.JOIN:  # a statement is news of its own
            whole.append(decision)
            continue
        shifts = (*by_model.pop(decision.model, ()), *decision.shifts)
        if shifts == decision.shifts:
            whole.append(decision)
        else:
            level, placed = decision.level or STATEMENT_LEVEL, place(shifts, alerts, run.at)
            whole.append(replace(decision, shifts=shifts, placement=placed, level=level))
    whole += [
        Decision(
            shifts[0].brand,
            model,
            run,
            tuple(shifts),
            place(shifts, alerts, run.at),
            STATEMENT_LEVEL,
            None,
            (),
        )
        for model, shifts in by_model.items()
    ]
    return whole
