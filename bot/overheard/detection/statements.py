"""False claims and grave sentences: when a statement is news, when it grows, and when it is gone.

A statement that the fact sheet rules out needs no test of means: that a model repeats it is news.
*Repeated* means the same statement in two answers of a model in one run, or in three answers in 30
days; about one fact with different values, three in a run or five in 30 days; and more answers than
the reader's own errors explain (Poisson, `MISREAD`), which are many where thousands are asked. A
single answer is not enough, because a single verdict is wrong in about one case of twenty-five
(docs/statistics.md), and because models make a slip that they do not make again.

A statement is *gone* when so many answers without it would be improbable if it were still made. Of
the n answers since it began, y had it; the m answers since it was last made, to the prompts that
were asked in both periods, have it in none. With Jeffreys' prior the probability of that is the
ratio of beta functions B(y + 1/2, n - y + m + 1/2) / B(y + 1/2, n - y + 1/2) (beta-binomial). The
statement is gone when this is at most `GONE_LEVEL` and at least `MIN_RUNS_GONE` runs have passed:
the answers of one run are not independent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import exp, lgamma, log

from overheard.domain import RunKey, StatementKind
from overheard.reading.claims import FalseClaim, states_the_same

WINDOW = timedelta(days=30)
"""How far back repetitions count."""
REPEATED_IN_RUN, REPEATED_IN_WINDOW = 2, 3
"""Answers with the same statement that make it news."""
MISREAD, MISREAD_LEVEL = 0.001, 0.01
"""Share of the answers of which the reader takes the same for a false claim that is none (at most
one of 792 real answers), and the largest probability that it explains a claim that is news."""
VARIED_IN_RUN, VARIED_IN_WINDOW = 3, 5
"""Answers with different values of one fact that make it news."""
GONE_LEVEL = 0.05
"""Largest probability of the answers without a statement that is still made, to call it gone."""
MIN_RUNS_GONE = 2
"""Runs without a statement before it can be gone."""
GROWTH = 2.0
"""How many times as many answers of a run as were reported before let an alert grow."""

Asked = Mapping[int, Mapping[str, int]]
"""Number of answers of a model by the number of the run and the key of the prompt."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A statement in one answer.

    Attributes:
        claim: What is stated, and by which model.
        prompt: The key of its prompt.
    """

    claim: FalseClaim
    run: RunKey
    prompt: str

    @property
    def kind(self) -> StatementKind:
        """Why it may be news: a grave sentence, or a claim that the fact sheet rules out."""
        return StatementKind.GRAVE if self.claim.verdict == "grave" else StatementKind.CLAIM


@dataclass(frozen=True, slots=True)
class StatementStory:
    """A repeated statement of one model, from the run in which it became news until it was gone.

    Attributes:
        occurrences: The answers with the statement since its beginning, the oldest first.
        opened: The run in which the statement became news.
        grown: The runs in which at least `GROWTH` times as many answers had the statement as in
            any reported run before.
        closed: The run after which the statement was gone; None while it is not gone.
        silent: Number of answers and number of runs since the last run with the statement; the
            answers are those to prompts that were asked in both periods.
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
        """The occurrence that represents the story: the first one of those that state the commonest
        value.
        """
        counts = Counter(occurrence.claim.stated for occurrence in self.occurrences)
        return max(self.occurrences, key=lambda occurrence: counts[occurrence.claim.stated])

    def in_run(self, run: RunKey) -> list[Occurrence]:
        """Return the occurrences of one run, in the order of the answers."""
        return [occurrence for occurrence in self.occurrences if occurrence.run == run]


@dataclass(slots=True)
class _Group:
    """Occurrences that state the same, while the runs are followed.

    Attributes:
        varied: Whether the group holds different values of one fact.
        waiting: The occurrences that are not news yet, the oldest first.
        story: The story that is open; None without one.
        reported: The largest number of answers with the statement in a run that was reported.
    """

    varied: bool = False
    waiting: list[Occurrence] = field(default_factory=list)
    story: StatementStory | None = None
    reported: int = 0


def follow_statements(
    occurrences: Iterable[Occurrence], runs: Sequence[RunKey], asked: Asked
) -> list[StatementStory]:
    """Return the repeated statements of one model about one brand, in the order in which they
    became news. A statement that comes back after it was gone is a second story.

    Args:
        occurrences: All statements that may be news, in any order; those of other runs are left
            out.
        runs: The runs in which the model answered, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
    """
    by_run: dict[RunKey, list[Occurrence]] = {}
    for occurrence in _in_order(occurrences):
        by_run.setdefault(occurrence.run, []).append(occurrence)
    groups: list[_Group] = []
    closed_stories: list[StatementStory] = []
    for index, run in enumerate(runs):
        _add_to_groups(groups, by_run.get(run, []))
        window = (one for one in runs[: index + 1] if one.at > run.at - WINDOW)
        answers = sum(asked.get(run.id, {}).values()), asked_by_prompt(window, asked).total()
        _merge_varied_groups(groups, run, answers)
        for group in groups:
            _update_group(group, runs[: index + 1], asked, answers)
        closed_stories += [group.story for group in groups if group.story and group.story.closed]
        groups = [group for group in groups if not (group.story and group.story.closed)]
    stories = [*closed_stories, *(group.story for group in groups if group.story)]
    return sorted(stories, key=lambda story: (story.opened, story.began))


def _in_order(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Return occurrences in the order of their runs, then of their answers' numbers."""
    return sorted(occurrences, key=lambda occurrence: (occurrence.run, occurrence.claim.answer_id))


def _add_to_groups(groups: list[_Group], occurrences: Iterable[Occurrence]) -> None:
    """Add each occurrence of a run to the first group that states the same, groups with an open
    story first; an occurrence without such a group starts a new one. Changes ``groups``.
    """
    for occurrence in occurrences:
        groups.sort(key=lambda group: group.story is None)
        same = next((group for group in groups if _belongs(group, occurrence)), None)
        if same is None:
            same = _Group()
            groups.append(same)
        if same.story:
            same.story = replace(same.story, occurrences=(*same.story.occurrences, occurrence))
        else:
            same.waiting.append(occurrence)


def _belongs(group: _Group, occurrence: Occurrence) -> bool:
    """Return whether an occurrence states the same as a group. To an open story, and to a group of
    different values of one fact, any value of that fact belongs. A group has at least one
    occurrence.
    """
    members = group.story.occurrences if group.story else group.waiting
    if group.varied or group.story:
        return _topic(members[0]) == _topic(occurrence)
    return same_statement(members[0].claim, occurrence.claim)


def same_statement(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two statements say the same: two grave statements if they have the same topic,
    such as ``recall``; other statements if they state the same value of the same fact.
    """
    if claim.verdict == other.verdict == "grave":
        return claim.field == other.field
    return states_the_same(claim, other)


def _topic(occurrence: Occurrence) -> tuple[StatementKind, str]:
    """Return what a statement is about: its kind, and the field of the fact or the grave topic."""
    return occurrence.kind, occurrence.claim.field


def _merge_varied_groups(groups: list[_Group], run: RunKey, answers: tuple[int, int]) -> None:
    """Merge the groups that state different values of one fact where only together they are news in
    a run. Groups with an open story stay apart, and so do all groups of a fact of which one group
    is news by itself. Changes ``groups``.
    """
    waiting: dict[tuple[StatementKind, str], list[_Group]] = {}
    for group in groups:
        if group.waiting and not group.story:
            waiting.setdefault(_topic(group.waiting[0]), []).append(group)
    for same_topic in waiting.values():
        alone = any(_is_news(group.waiting, run, answers) for group in same_topic)
        if len(same_topic) < 2 or alone:
            continue
        members = _in_order(occurrence for group in same_topic for occurrence in group.waiting)
        if _is_news(members, run, answers, varied=True):
            for group in same_topic:
                groups.remove(group)
            groups.append(_Group(varied=True, waiting=members))


def _is_news(
    members: Iterable[Occurrence], run: RunKey, answers: tuple[int, int], *, varied: bool = False
) -> bool:
    """Return whether a statement is repeated often enough to be news in a run: by enough answers of
    the run, or by enough answers within `WINDOW` up to the run, one of them in the run; and by more
    than the reader's own errors explain.

    Args:
        members: The occurrences of the statement; later ones and older ones are left out.
        answers: The model's answers in the run, and within the window.
        varied: Whether they state different values of one fact, which takes more answers.
    """
    recent = [one for one in members if one.run.at > run.at - WINDOW and one.run <= run]
    in_run = count_answers(occurrence for occurrence in recent if occurrence.run == run)
    if varied:
        needed_in_run, needed_in_window = VARIED_IN_RUN, VARIED_IN_WINDOW
    else:
        needed_in_run, needed_in_window = REPEATED_IN_RUN, REPEATED_IN_WINDOW
    counted = ((in_run, needed_in_run), (count_answers(recent), needed_in_window))
    return in_run > 0 and any(
        made >= needed and _chance_of(made, MISREAD * of) <= MISREAD_LEVEL
        for (made, needed), of in zip(counted, answers, strict=True)
    )


def _chance_of(made: int, expected: float) -> float:
    """Return the probability of so many or more of events of which some are expected (Poisson)."""
    if not expected:
        return 0.0
    return 1 - sum(exp(-expected + n * log(expected) - lgamma(n + 1)) for n in range(made))


def _update_group(
    group: _Group, runs: Sequence[RunKey], asked: Asked, answers: tuple[int, int]
) -> None:
    """Update a group of equal statements after a run.

    A group that is news opens a story with its occurrences of the last `WINDOW`; older ones are
    dropped. An open story that the run continues grows when `GROWTH` times as many answers have the
    statement as in any reported run before. An open story that the run does not continue is closed
    when the statement is gone.

    Args:
        runs: The model's runs, the oldest first, up to the run.
        asked: Number of the model's answers by run number and prompt key.
        answers: Those in the run, and within `WINDOW` up to it.
    """
    run = runs[-1]
    story = group.story
    if story is None:
        if _is_news(group.waiting, run, answers, varied=group.varied):
            recent = tuple(one for one in group.waiting if one.run.at > run.at - WINDOW)
            group.story = StatementStory(recent, opened=run, last=run)
            group.reported = count_answers(group.story.in_run(run))
            group.waiting = []
        return
    made = count_answers(story.in_run(run))
    if not made:
        group.story = _closed_if_gone(story, runs, asked)
        return
    grown = story.grown
    if made >= GROWTH * group.reported:
        grown, group.reported = (*grown, run), made
    group.story = replace(story, last=run, grown=grown, silent=(0, 0))


def count_answers(occurrences: Iterable[Occurrence]) -> int:
    """Return in how many answers some statements occur; an answer with several counts once."""
    return len({occurrence.claim.answer_id for occurrence in occurrences})


def _closed_if_gone(story: StatementStory, runs: Sequence[RunKey], asked: Asked) -> StatementStory:
    """Return a story that the latest runs did not continue, with the number of answers and of runs
    since its last statement.

    It is closed with the latest run when the statement is gone: at least `MIN_RUNS_GONE` runs have
    passed, and so many answers without the statement have a probability of at most `GONE_LEVEL` if
    it is still made. Only prompts that were asked in both periods count; without any, the story
    stays open.

    Args:
        runs: The model's runs so far, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
    """
    with_statement = [run for run in runs if story.began <= run <= story.last]
    since = [run for run in runs if run > story.last]
    asked_before, asked_since = (
        asked_by_prompt(with_statement, asked),
        asked_by_prompt(since, asked),
    )
    shared_prompts = asked_before.keys() & asked_since.keys()
    repeats = count_answers(
        occurrence for occurrence in story.occurrences if occurrence.prompt in shared_prompts
    )
    answers_before = sum(asked_before[prompt] for prompt in shared_prompts)
    answers_since = sum(asked_since[prompt] for prompt in shared_prompts)
    runs_since = sum(1 for run in since if asked.get(run.id))
    silent_story = replace(story, silent=(answers_since, runs_since))
    if repeats and runs_since >= MIN_RUNS_GONE:
        chance = probability_of_none(repeats, max(answers_before, repeats), answers_since)
        if chance <= GONE_LEVEL:
            return replace(silent_story, closed=runs[-1])
    return silent_story


def probability_of_none(made: int, asked: int, silent: int) -> float:
    """Return the probability, 0 to 1, that none of the later answers has a statement if it is still
    made as often as before (beta-binomial, Jeffreys' prior).

    Args:
        made: Number of earlier answers with the statement; 1 or more.
        asked: Number of earlier answers in all; ``made`` or more.
        silent: Number of later answers, all without the statement; 0 or more.
    """
    hits, misses = made + 0.5, asked - made + 0.5
    return exp(
        lgamma(misses + silent)
        - lgamma(hits + misses + silent)
        - lgamma(misses)
        + lgamma(hits + misses)
    )


def asked_by_prompt(runs: Iterable[RunKey], asked: Asked) -> Counter[str]:
    """Return the number of answers in some runs by prompt key; runs without answers add nothing."""
    total: Counter[str] = Counter()
    for run in runs:
        total.update(asked.get(run.id, {}))
    return total
