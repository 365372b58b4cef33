"""False claims and grave sentences in the store, and what becomes of them after a run.

When a statement is news, grows or is gone is decided in `detection/statements.py`; this fetches,
and compares with the alerts that there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from overheard.detection.statements import (
    GONE_LEVEL,
    MIN_RUNS_GONE,
    WINDOW,
    Asked,
    Occurrence,
    StatementStory,
    follow_statements,
    probability_of_none,
    same_statement,
    statement_shift,
)
from overheard.domain import (
    FALSE_VERDICTS,
    Alert,
    Answer,
    BlockTable,
    Catalogue,
    Detail,
    Model,
    ReportedStatement,
    Run,
    Shift,
    StatementKind,
)
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey
from overheard.reading.claims import FalseClaim
from overheard.reading.reader import Reader


@dataclass(frozen=True, slots=True)
class ModelStatements:
    """The repeated statements of one model about one brand.

    Attributes:
        runs: The runs in which the model answered, the oldest first.
        asked: The number of the model's answers by run and prompt.
        stories: The repeated statements, in the order in which they became news.
    """

    runs: tuple[RunKey, ...]
    asked: Asked
    stories: tuple[StatementStory, ...]


@dataclass(frozen=True, slots=True)
class StatementNews:
    """The changes that the statements of a run make to the alerts of a brand.

    Attributes:
        shifts: The shifts to report: new statements, and statements that grew.
        continued: Numbers of the alerts whose statement was made again.
        ended: Number of each alert whose statements are gone, and the reason as a sentence.
    """

    shifts: tuple[Shift, ...] = ()
    continued: tuple[int, ...] = ()
    ended: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class StatementReader:
    """Reads false claims and grave sentences from the store.

    Attributes:
        store: The store of answers and scores.
        catalogue: The brands and facts by which answers are scored.
        versions: The scorer versions whose verdicts count.
    """

    store: Store
    catalogue: Catalogue
    versions: Collection[str]
    _grave: dict[frozenset[int] | None, dict[str, list[Occurrence]]] = field(default_factory=dict)

    def truth(self, brand: str, topic: str) -> str:
        """Return the value of a fact about a brand; empty when the fact is not known."""
        facts = (fact for fact in self.catalogue.facts if fact.brand == brand)
        return next((fact.value for fact in facts if fact.field == topic), "")

    async def statements(
        self, brand: str, until: datetime | None = None, *, grave_since: datetime | None = None
    ) -> dict[Model, ModelStatements]:
        """Return the repeated false claims and grave sentences of each model about a brand; texts
        of answers are read from the store.

        Args:
            brand: The brand's name.
            until: Only runs that began up to this time; by default all.
            grave_since: Only runs since this time are searched for grave sentences, because their
                texts are read; by default all.
        """
        table = (await self.store.blocks.table((brand,), until=until)).of(self.versions)
        runs = {run.id: RunKey(*run) for run in table.runs}
        searched = {key.id for key in runs.values() if not grave_since or key.at >= grave_since}
        occurrences = await self._false_claims(brand, runs)
        occurrences += (await self.grave(searched, runs)).get(brand, [])
        by_model: dict[Model, list[Occurrence]] = defaultdict(list)
        for occurrence in occurrences:
            by_model[occurrence.claim.model].append(occurrence)
        asked = answer_counts(table)
        found = {}
        for model, counts in asked.items():
            order = tuple(sorted(runs[number] for number in counts))
            stories = follow_statements(by_model.get(model, ()), order, counts)
            found[model] = ModelStatements(order, counts, tuple(stories))
        return found

    async def grave(
        self, searched: Collection[int], runs: Mapping[int, RunKey]
    ) -> dict[str, list[Occurrence]]:
        """Return the grave sentences about each tracked brand, by the brand's name, in the answers
        of some runs; a search of the same runs is done once.

        Args:
            searched: Numbers of the runs to search.
            runs: Start and number of each run, by its number; holds all of ``searched``.
        """
        key = frozenset(searched)
        if key not in self._grave:
            self._grave[key] = await self._find_grave(key, runs) if key else {}
        return self._grave[key]

    async def _find_grave(
        self, searched: Collection[int], runs: Mapping[int, RunKey]
    ) -> dict[str, list[Occurrence]]:
        """Return the grave sentences about each tracked brand, by the brand's name, in the stored
        answers of some runs; incomplete and reused answers are left out. The arguments are those of
        `grave`.
        """
        # Its patterns take long to compile.
        from overheard.reading.grave_sentences import grave_sentences, may_be_grave

        reader = Reader(self.catalogue.brands)
        tracked = [brand for brand in self.catalogue.brands if brand.tracked]
        found: dict[str, list[Occurrence]] = defaultdict(list)
        async for answer in self.store.answers.stream(runs=searched):
            if not answer.complete or answer.reused_from or not may_be_grave(answer.reply.text):
                continue
            read = reader.read(answer)
            for brand in tracked:
                if brand.name in read.named and answer.question.prompt.concerns(brand.name):
                    # All other brands are rivals here: what is of another brand is not of this.
                    others = [other for other in self.catalogue.brands if other != brand]
                    for sentence in grave_sentences(read.reading(brand, others)):
                        detail = Detail(sentence.topic, "grave", "", sentence.quote)
                        found[brand.name].append(_occurrence(answer, detail, runs))
        return found

    async def _false_claims(self, brand: str, runs: Mapping[int, RunKey]) -> list[Occurrence]:
        """Return the false claims about a brand in the answers of some runs, as the scorers of the
        present versions found them, of facts that the catalogue has now.

        Args:
            brand: The brand's name.
            runs: Start and number of each run, by its number.
        """
        known = {fact.field for fact in self.catalogue.facts if fact.brand == brand}
        false: dict[int, list[Detail]] = defaultdict(list)
        for record in await self.store.scores.findings(brand, FALSE_VERDICTS):
            if f"{record.scorer}@{record.version}" in self.versions:
                false[record.answer_id] += [
                    detail
                    for detail in record.score.details
                    if detail.verdict in FALSE_VERDICTS and detail.topic in known
                ]
        if not false:
            return []
        return [
            _occurrence(answer, detail, runs)
            async for answer in self.store.answers.stream(numbers=sorted(false))
            if answer.run_id in runs
            for detail in false[answer.id]
        ]

    async def news(self, run: Run, brand: str, alerts: Sequence[Alert]) -> StatementNews:
        """Return the changes that the statements of a run make to the alerts of a brand.

        Args:
            run: The run; later runs are not known.
            brand: The brand's name.
            alerts: The brand's alerts.
        """
        live = [alert for alert in alerts if alert.statements and not alert.state.over]
        since = await self._grave_since(run, brand, live)
        by_model = await self.statements(brand, run.started_at, grave_since=since)
        key = RunKey(run.started_at, run.id)
        shifts: list[Shift] = []
        continued: dict[int, None] = {}
        ended: list[tuple[int, str]] = []
        for model, at_model in by_model.items():
            mine = [alert for alert in alerts if alert.shift.model == model]
            for story in at_model.stories:
                if story.closed is None:
                    shift, alert = self._story_report(story, brand, key, at_model, mine)
                    shifts += [shift] if shift else []
                    continued.update({alert.id: None} if alert and not shift else {})
            ended += [
                (alert.id, note)
                for alert in mine
                if alert in live and (note := self._end_note(alert, at_model, key))
            ]
        shifts.sort(key=_report_order)
        return StatementNews(tuple(shifts), tuple(continued), tuple(ended))

    async def _grave_since(self, run: Run, brand: str, live: Iterable[Alert]) -> datetime:
        """Return the time of the first run whose answers are to be searched for grave sentences.

        Texts of older runs are needed only when this run has such a sentence about the brand, or
        when an alert of such a sentence is among the brand's open alerts (``live``).
        """
        starts = {run.id: run.started_at for run in await self.store.runs.find()}
        open_since = [
            starts[shift.first_run_id]
            for alert in live
            for shift in alert.moved
            if shift.statement and shift.statement.kind is StatementKind.GRAVE
        ]
        runs = {run.id: RunKey(run.started_at, run.id)}
        if brand in await self.grave({run.id}, runs):
            open_since.append(run.started_at - WINDOW)
        return min(open_since, default=run.started_at)

    def _story_report(
        self,
        story: StatementStory,
        brand: str,
        run: RunKey,
        at_model: ModelStatements,
        alerts: Iterable[Alert],
    ) -> tuple[Shift | None, Alert | None]:
        """Return the shift to report of an open story, or None, and the live alert whose statement
        was made again, or None.

        Args:
            story: The story of a repeated statement, not closed.
            brand: The brand's name.
            run: The run that is analysed.
            at_model: All statements of the model about the brand.
            alerts: The brand's alerts at the model.
        """
        shift = statement_shift(
            story, brand, run, at_model.runs, at_model.asked, self.truth_of(story, brand)
        )
        order = {key.id: key for key in at_model.runs}
        for alert in alerts:
            reported = [
                shift
                for shift in alert.moved
                if shift.statement and is_same_statement(shift.statement, story.first.claim)
            ]
            if not reported:
                continue
            if alert.state.over:
                if order.get(reported[-1].run_id, run) >= story.began:
                    return None, None
                continue
            grew = run in story.grown and run.id not in {shift.run_id for shift in reported}
            again = bool(story.in_run(run)) and order.get(reported[-1].run_id, run) < run
            return (shift if grew else None), (alert if again else None)
        return shift, None

    def truth_of(self, story: StatementStory, brand: str) -> str:
        """Return the truth about a story's fact; empty for a grave statement."""
        if story.first.kind is StatementKind.GRAVE:
            return ""
        return self.truth(brand, story.first.claim.field)

    def _end_note(self, alert: Alert, at_model: ModelStatements, run: RunKey) -> str:
        """Return a sentence on why the last reported statement of an alert is gone; empty while any
        statement of the alert goes on.

        Args:
            alert: An open alert with statements.
            at_model: All statements of the model about the brand, up to the run.
            run: The run that is analysed.
        """
        notes = [
            self._end_of_statement(shift, shift.statement, at_model, run)
            for shift in alert.moved
            if shift.statement
        ]
        return notes[-1] if all(notes) else ""

    def _end_of_statement(
        self, shift: Shift, statement: ReportedStatement, at_model: ModelStatements, run: RunKey
    ) -> str:
        """Return a sentence on why a statement of a shift is gone: the fact sheet changed, or no
        answer has it any more; empty while the statement goes on. The other arguments are those of
        `_end_note`.
        """
        stories = [s for s in at_model.stories if is_same_statement(statement, s.first.claim)]
        if any(story.closed is None for story in stories):
            return ""
        if statement.kind is StatementKind.CLAIM:
            truth = self.truth(shift.brand, statement.topic)
            if truth != statement.truth:
                return "The fact sheet was changed and does not rule it out any more."
        if stories:
            answers, runs = stories[-1].silent
        else:  # its answers are read otherwise now, or their texts are gone
            reported = next((key for key in at_model.runs if key.id == shift.run_id), run)
            since = [key for key in at_model.runs if reported < key <= run]
            answers = sum(sum(at_model.asked[key.id].values()) for key in since)
            runs = len(since)
            none = probability_of_none(statement.answers, statement.asked, answers)
            if runs < MIN_RUNS_GONE or none > GONE_LEVEL:
                return ""
        return f"It is gone: in none of {answers:,} answers of {runs} checks since."


def answer_counts(table: BlockTable) -> dict[Model, dict[int, dict[str, int]]]:
    """Return the number of answers by model, run number and prompt key.

    Not every answer has a score of each metric, so the largest number over the brand's metrics
    counts.
    """
    found: dict[Model, dict[int, dict[str, int]]] = {}
    columns = (table.stream.tolist(), table.run.tolist(), table.prompt.tolist(), table.n.tolist())
    for stream, run, prompt, n in zip(*columns, strict=True):
        model = table.streams[stream].model
        counts = found.setdefault(model, {}).setdefault(table.runs[run].id, {})
        key = table.prompts[prompt]
        counts[key] = max(n, counts.get(key, 0))
    return found


def false_claim(answer: Answer, detail: Detail) -> FalseClaim:
    """Return a scorer's finding in an answer as a false claim, with the hosts that the answer
    cites.
    """
    cited = (citation.host for citation in answer.reply.citations if citation.cited)
    return FalseClaim(
        answer_id=answer.id,
        model=answer.question.model,
        field=detail.topic,
        verdict=detail.verdict,
        stated=detail.stated,
        quote=detail.quote,
        sources=tuple(dict.fromkeys(filter(None, cited))),
    )


def _occurrence(answer: Answer, detail: Detail, runs: Mapping[int, RunKey]) -> Occurrence:
    prompt = answer.question.prompt.key
    return Occurrence(false_claim(answer, detail), runs[answer.run_id], prompt)


def is_same_statement(statement: ReportedStatement, claim: FalseClaim) -> bool:
    """Return whether a claim in an answer repeats a reported statement: the same topic for a grave
    sentence, the same meaning for a false claim.
    """
    stated = "" if statement.kind is StatementKind.GRAVE else statement.said
    reported = FalseClaim(
        0, claim.model, statement.topic, statement.verdict, stated, statement.quote
    )
    return same_statement(reported, claim)


def _report_order(shift: Shift) -> tuple[str, bool, int]:
    """Return the sort key of a statement's shift: by model, grave statements first, then falling
    numbers of answers.
    """
    statement = shift.statement
    grave = statement is not None and statement.kind is StatementKind.GRAVE
    return str(shift.model), not grave, -(statement.answers if statement else 0)
