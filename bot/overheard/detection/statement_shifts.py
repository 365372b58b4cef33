"""The shift of a false claim or grave sentence that is news, and the decision to report it.

When a statement is news is in ``statements.py``.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from overheard.detection.decide import Decision
from overheard.detection.placement import AlertAction, place
from overheard.detection.statements import (
    Asked,
    Occurrence,
    StatementStory,
    asked_by_prompt,
    count_answers,
)
from overheard.domain import Alert, Model, PromptShift, ReportedStatement, RunKey, Shift
from overheard.measure.intervals import wilson


def statement_shift(
    story: StatementStory, brand: str, run: RunKey, runs: Sequence[RunKey], asked: Asked, truth: str
) -> Shift:
    """Return a story as the shift that an alert reports in a run: from a share of 0 before the
    story to the share of answers with the statement since, among the prompts that showed it.

    The statement has the value of the commonest wording, the latest quote, and the numbers of
    answers of the reported run; where that run has no occurrence, of the latest run before that has
    one.

    Args:
        brand: The brand's name.
        run: The run in which the story is reported: when it became news, or when it grew. Later
            occurrences do not count.
        runs: The model's runs, the oldest first.
        asked: Number of the model's answers by run number and prompt key.
        truth: The value of the fact; empty for a grave statement.
    """
    until = [occurrence for occurrence in story.occurrences if occurrence.run <= run]
    is_in_run = any(occurrence.run == run for occurrence in until)
    shown_run = run if is_in_run else until[-1].run
    in_shown_run = [occurrence for occurrence in until if occurrence.run == shown_run]
    prompts = _prompt_shifts(until, runs, asked, story.began, run)
    asked_before = asked_by_prompt((earlier for earlier in runs if earlier < story.began), asked)
    answers_before = sum(asked_before[prompt_shift.prompt] for prompt_shift in prompts)
    answers_since = sum(prompt_shift.n_after for prompt_shift in prompts)
    share = count_answers(until) / answers_since
    claim = story.first.claim
    quotes = (occurrence.claim.quote for occurrence in reversed(in_shown_run))
    statement = ReportedStatement(
        kind=story.first.kind,
        topic=claim.field,
        said=claim.stated or claim.quote,
        truth=truth,
        verdict=claim.verdict,
        quote=next(filter(None, quotes), claim.quote),
        sources=_sources(until),
        answers=count_answers(in_shown_run),
        asked=max(count_answers(in_shown_run), sum(asked.get(shown_run.id, {}).values())),
    )
    return Shift(
        brand=brand,
        model=claim.model,
        metric=statement.kind.metric,
        run_id=run.id,
        before=0.0,
        after=share,
        change=share,
        interval=wilson(share, answers_since),
        prompts=prompts,
        answers=(answers_before, answers_since),
        began=story.began.id,
        likely_first_runs=(story.began.id,),
        statement=statement,
    )


def _prompt_shifts(
    occurrences: Sequence[Occurrence],
    runs: Sequence[RunKey],
    asked: Asked,
    began: RunKey,
    until: RunKey,
) -> tuple[PromptShift, ...]:
    """Return the prompts with a statement as shifts from a share of 0 to the share of answers with
    it, those with the most such answers first, then by key.

    The shares are of the answers from the first run with the statement on; a prompt has at least as
    many answers as statements.

    Args:
        asked: Number of the model's answers by run number and prompt key.
        began: The first run with the statement.
    """
    with_statement = Counter(
        prompt for prompt, _ in {(found.prompt, found.claim.answer_id) for found in occurrences}
    )
    before = asked_by_prompt((run for run in runs if run < began), asked)
    since = asked_by_prompt((run for run in runs if began <= run <= until), asked)
    shifts = []
    for prompt, count in sorted(with_statement.items(), key=lambda item: (-item[1], item[0])):
        answers = max(count, since[prompt])
        shifts.append(PromptShift(prompt, 0.0, count / answers, before[prompt], answers))
    return tuple(shifts)


def _sources(occurrences: Iterable[Occurrence]) -> tuple[str, ...]:
    """Return the hosts that the answers with a statement cite, those of the most answers first, and
    of equals the one that the earliest answer cites.
    """
    cited = {
        (occurrence.claim.answer_id, source)
        for occurrence in occurrences
        for source in occurrence.claim.sources
    }
    counts = Counter(source for _, source in sorted(cited))
    return tuple(source for source, _ in counts.most_common())


def add_statements(
    decisions: Iterable[Decision], news: Iterable[Shift], run: RunKey, alerts: Sequence[Alert]
) -> list[Decision]:
    """Return the decisions about a brand after a run, with the statements that are news added.

    Statements come before what moved at the same model, and both are one alert, whose place is
    decided anew. A statement has no level. A decision that
    joins the alert of a model as a whole stays as it is, because a statement is news of its own:
    its model's statements are a decision of their own after the others, as are those of a model
    without a decision.

    Args:
        decisions: What was decided about each model.
        news: The statements that are news, and those that grew.
        alerts: The brand's alerts, the newest first.
    """
    by_model: dict[Model, list[Shift]] = {}
    for shift in news:
        by_model.setdefault(shift.model, []).append(shift)
    with_statements = []
    for decision in decisions:
        joins = decision.placement.action is AlertAction.JOIN
        statements = [] if joins else by_model.pop(decision.model, [])
        if not statements:
            with_statements.append(decision)
            continue
        shifts = (*statements, *decision.shifts)
        with_statements.append(
            replace(decision, shifts=shifts, placement=place(shifts, alerts, run.at))
        )
    with_statements += [
        Decision(
            brand=shifts[0].brand,
            model=model,
            run=run,
            shifts=tuple(shifts),
            placement=place(shifts, alerts, run.at),
            level=None,
            years=None,
            silences=(),
        )
        for model, shifts in by_model.items()
    ]
    return with_statements
