"""False claims and grave sentences in the store, and what becomes of them after a run.

When a statement is news, grows or is gone is decided in `detection/statements.py`; this fetches,
and compares with the alerts that there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from overheard.alerts.checks import AlertChecks
from overheard.detection.statement_shifts import statement_shift
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
    RunKey,
    Shift,
    StatementKind,
)
from overheard.interfaces import Store
from overheard.reading.claims import FalseClaim
from overheard.reading.reader import Reader
from overheard.scoring.judge import denied_sentences


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
        doubts: Sentences on statements that a model has denied, and that are not told.
    """

    shifts: tuple[Shift, ...] = ()
    continued: tuple[int, ...] = ()
    ended: tuple[tuple[int, str], ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class StatementReader:
    """Reads false claims and grave sentences from the store.

    Attributes:
        store: The store of answers and scores.
        catalogue: The brands and facts by which answers are scored.
        versions: The scorer versions whose verdicts count.
        checks: Has sentences read by a model before they are news; None for no check.
    """

    store: Store
    catalogue: Catalogue
    versions: Collection[str]
    checks: AlertChecks | None = None
    _grave: dict[frozenset[int] | None, dict[str, list[Occurrence]]] = field(default_factory=dict)

    def truth(self, brand: str, topic: str) -> str:
        """Return the value of a fact about a brand; empty when the catalogue lacks the fact.

        Args:
            brand: The brand's name.
            topic: The field of the fact, such as ``price``.
        """
        return self.catalogue.facts_of(brand).get(topic, "")

    async def statements(
        self, brand: str, until: datetime | None = None, *, grave_since: datetime | None = None
    ) -> dict[Model, ModelStatements]:
        """Return, for each model with answers about a brand, its runs and the false claims and
        grave sentences that it repeats. Texts of answers are read from the store; nothing is
        stored.

        Args:
            brand: The brand's name.
            until: Only runs that began at this time or earlier; by default all.
            grave_since: Only runs that began at this time or later are searched for grave
                sentences, because that reads all their texts; by default all.
        """
        table = (await self.store.blocks.table((brand,), until=until)).of(self.versions)
        runs = {run.id: run for run in table.runs}
        searched = {key.id for key in runs.values() if not grave_since or key.at >= grave_since}
        occurrences = await self._false_claims(brand, runs)
        occurrences += (await self.grave_occurrences(searched, runs)).get(brand, [])
        denied = await denied_sentences(self.store, brand) if occurrences else frozenset()
        by_model: dict[Model, list[Occurrence]] = defaultdict(list)
        for occurrence in occurrences:
            if (occurrence.claim.answer_id, occurrence.claim.field) not in denied:
                by_model[occurrence.claim.model].append(occurrence)
        statements = {}
        for model, counts in answer_counts(table).items():
            runs_of_model = tuple(sorted(runs[number] for number in counts))
            stories = follow_statements(by_model.get(model, ()), runs_of_model, counts)
            statements[model] = ModelStatements(runs_of_model, counts, tuple(stories))
        return statements

    async def grave_occurrences(
        self, searched: Collection[int], runs: Mapping[int, RunKey]
    ) -> dict[str, list[Occurrence]]:
        """Return the grave sentences about each tracked brand, by the brand's name, in the answers
        of some runs. Brands without such a sentence are left out. The result of each set of runs is
        kept by this reader, so their texts are read once.

        Args:
            searched: Numbers of the runs to search.
            runs: Start and number of each run, by its number; holds all of ``searched``.
        """
        key = frozenset(searched)
        if key not in self._grave:
            self._grave[key] = await self._find_grave_occurrences(key, runs) if key else {}
        return self._grave[key]

    async def _find_grave_occurrences(
        self, searched: Collection[int], runs: Mapping[int, RunKey]
    ) -> dict[str, list[Occurrence]]:
        """Return the grave sentences about each tracked brand, by the brand's name, in the stored
        answers of some runs. Only answers to prompts that concern the brand count. Answers that are
        incomplete or taken over from an earlier run are left out.
        """
        # Its patterns take long to compile.
        from overheard.reading.claims import grave_sentences, may_be_grave

        reader, tracked = None, self.catalogue.tracked
        found: dict[str, list[Occurrence]] = defaultdict(list)
        async for answer in self.store.answers.stream(runs=searched):
            if not answer.complete or answer.reused_from or not may_be_grave(answer.reply.text):
                continue
            reader = reader or Reader(self.catalogue.brands)  # few runs have such a sentence
            read = reader.read(answer)
            for brand in tracked:
                if brand.name in read.named and answer.question.prompt.concerns(brand.name):
                    # All other brands are rivals here: what is of another brand is not of this.
                    others = [other for other in self.catalogue.brands if other != brand]
                    for sentence in grave_sentences(read.reading(brand, others)):
                        detail = Detail(sentence.topic, verdict="grave", quote=sentence.quote)
                        found[brand.name].append(_occurrence(answer, detail, runs))
        return found

    async def _false_claims(self, brand: str, runs: Mapping[int, RunKey]) -> list[Occurrence]:
        """Return the false claims about a brand in the answers of some runs, as the scorers of the
        present versions found them, in the store's order of the answers; an answer may have
        several. Claims about facts that the catalogue does not have now are left out.
        """
        fact_fields = {fact.field for fact in self.catalogue.facts if fact.brand == brand}
        details_by_answer: dict[int, list[Detail]] = defaultdict(list)
        for record in await self.store.scores.findings(brand, FALSE_VERDICTS):
            if f"{record.scorer}@{record.version}" in self.versions:
                details_by_answer[record.answer_id] += [
                    detail
                    for detail in record.score.details
                    if detail.is_false and detail.topic in fact_fields
                ]
        if not details_by_answer:
            return []
        return [
            _occurrence(answer, detail, runs)
            async for answer in self.store.answers.stream(numbers=sorted(details_by_answer))
            if answer.run_id in runs
            for detail in details_by_answer[answer.id]
        ]

    async def news(self, run: Run, brand: str, alerts: Sequence[Alert]) -> StatementNews:
        """Return the changes that the statements up to a run make to the alerts of a brand.

        Before a statement is reported, its sentences are checked; what is denied is stored, and
        does not count.

        Args:
            run: The run; later runs are not known.
            brand: The brand's name.
            alerts: The brand's alerts, in all states, the newest first.
        """
        news, reported = await self._news(run, brand, alerts)
        if self.checks is None or not reported:
            return news
        doubts = await self.checks.statements(brand, RunKey(run.started_at, run.id), reported)
        return replace((await self._news(run, brand, alerts))[0], doubts=doubts)

    async def _news(
        self, run: Run, brand: str, alerts: Sequence[Alert]
    ) -> tuple[StatementNews, list[tuple[Model, StatementStory]]]:
        """Return the changes, and the statements of its shifts with their models."""
        live = [alert for alert in alerts if alert.statements and not alert.state.over]
        since = await self._grave_since(run, brand, live)
        by_model = await self.statements(brand, run.started_at, grave_since=since)
        key = RunKey(run.started_at, run.id)
        shifts: list[Shift] = []
        reported: list[tuple[Model, StatementStory]] = []
        continued: list[int] = []
        ended: list[tuple[int, str]] = []
        for model, at_model in by_model.items():
            alerts_at_model = [alert for alert in alerts if alert.shift.model == model]
            for story in at_model.stories:
                if story.closed is None:
                    shift, alert = self._news_of_story(story, brand, key, at_model, alerts_at_model)
                    if shift:
                        shifts.append(shift)
                        reported.append((model, story))
                    elif alert and alert.id not in continued:
                        continued.append(alert.id)
            ended += [
                (alert.id, note)
                for alert in alerts_at_model
                if alert in live and (note := self._reason_of_end(alert, at_model, key))
            ]
        shifts.sort(key=_report_order)
        return StatementNews(tuple(shifts), tuple(continued), tuple(ended)), reported

    async def _grave_since(self, run: Run, brand: str, live: Iterable[Alert]) -> datetime:
        """Return the time from which on the answers of runs are to be searched for grave sentences:
        the earliest of three.
        """
        starts = await self.store.runs.starts()
        times = [run.started_at]
        times += [
            starts[shift.first_run_id]
            for alert in live
            for shift in alert.moved
            if shift.statement and shift.statement.kind is StatementKind.GRAVE
        ]
        if brand in await self.grave_occurrences(
            {run.id}, {run.id: RunKey(run.started_at, run.id)}
        ):
            times.append(run.started_at - WINDOW)
        return min(times)

    def _news_of_story(
        self,
        story: StatementStory,
        brand: str,
        run: RunKey,
        at_model: ModelStatements,
        alerts: Iterable[Alert],
    ) -> tuple[Shift | None, Alert | None]:
        """Return what is news of a repeated statement: the shift to report, and the alert that goes
        on because the statement was made again in the run. Either may be None.
        """
        shift = statement_shift(
            story, brand, run, at_model.runs, at_model.asked, self.truth_of(story, brand)
        )
        run_keys = {key.id: key for key in at_model.runs}
        for alert in alerts:
            reports = [
                reported
                for reported in alert.moved
                if reported.statement and is_same_statement(reported.statement, story.first.claim)
            ]
            if not reports:
                continue
            last_report = run_keys.get(reports[-1].run_id, run)
            if alert.state.over:
                if last_report >= story.began:
                    return None, None
                continue
            has_grown = run in story.grown and run.id not in {report.run_id for report in reports}
            is_repeated = bool(story.in_run(run)) and last_report < run
            return (shift if has_grown else None), (alert if is_repeated else None)
        return shift, None

    def truth_of(self, story: StatementStory, brand: str) -> str:
        """Return the value of the fact that a story's statement contradicts; empty for a grave
        statement, and when the catalogue lacks the fact.
        """
        if story.first.kind is StatementKind.GRAVE:
            return ""
        return self.truth(brand, story.first.claim.field)

    def _reason_of_end(self, alert: Alert, at_model: ModelStatements, run: RunKey) -> str:
        """Return a sentence on why the last reported statement of an alert is gone, if all its
        statements are gone; empty while any of them goes on.
        """
        notes = [
            self._reason_statement_ended(shift, shift.statement, at_model, run)
            for shift in alert.moved
            if shift.statement
        ]
        return notes[-1] if all(notes) else ""

    def _reason_statement_ended(
        self, shift: Shift, statement: ReportedStatement, at_model: ModelStatements, run: RunKey
    ) -> str:
        """Return a sentence on why a reported statement is gone; empty while it goes on.

        It goes on while one of its stories is not closed. A false claim is gone when the value of
        its fact has changed, or the fact is removed. Otherwise a statement is gone when its last
        story is closed, or, without any story, after `MIN_RUNS_GONE` runs since its report in which
        so many answers without it are no chance (`GONE_LEVEL`).
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
            report = next((key for key in at_model.runs if key.id == shift.run_id), run)
            runs_since = [key for key in at_model.runs if report < key <= run]
            answers = sum(sum(at_model.asked[key.id].values()) for key in runs_since)
            runs = len(runs_since)
            chance = probability_of_none(statement.answers, statement.asked, answers)
            if runs < MIN_RUNS_GONE or chance > GONE_LEVEL:
                return ""
        return f"It is gone: in none of {answers:,} answers of {runs} checks since."


def answer_counts(table: BlockTable) -> dict[Model, dict[int, dict[str, int]]]:
    """Return the number of answers about a brand by model, run number and prompt key.

    Not every answer has a score of each metric, so the largest number over the metrics and scorer
    versions of the table counts.

    Args:
        table: The blocks of one brand.
    """
    by_model: dict[Model, dict[int, dict[str, int]]] = {}
    columns = (table.stream.tolist(), table.run.tolist(), table.prompt.tolist(), table.n.tolist())
    for stream, run, prompt, n in zip(*columns, strict=True):
        model = table.streams[stream].model
        counts = by_model.setdefault(model, {}).setdefault(table.runs[run].id, {})
        key = table.prompts[prompt]
        counts[key] = max(n, counts.get(key, 0))
    return by_model


def false_claim(answer: Answer, detail: Detail) -> FalseClaim:
    """Return a scorer's finding in an answer as a false claim. Its sources are the hosts that the
    answer cites, each once, in the order of the citations.
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
    """Return a scorer's finding in an answer as an occurrence of a claim, with its run and prompt.
    ``runs`` has the answer's run by its number.
    """
    prompt = answer.question.prompt.key
    return Occurrence(false_claim(answer, detail), runs[answer.run_id], prompt)


def is_same_statement(statement: ReportedStatement, claim: FalseClaim) -> bool:
    """Return whether a claim in an answer repeats a reported statement. A grave statement is
    repeated by a grave claim with the same topic; a false claim by one with the same topic and
    meaning. The models are not compared.
    """
    stated = "" if statement.kind is StatementKind.GRAVE else statement.said
    reported = FalseClaim(
        answer_id=0,
        model=claim.model,
        field=statement.topic,
        verdict=statement.verdict,
        stated=stated,
        quote=statement.quote,
    )
    return same_statement(reported, claim)


def _report_order(shift: Shift) -> tuple[str, bool, int]:
    """Return the sort key by which shifts of statements are reported: by model; at a model, grave
    statements first; among these, those with more answers first.
    """
    statement = shift.statement
    grave = statement is not None and statement.kind is StatementKind.GRAVE
    return str(shift.model), not grave, -(statement.answers if statement else 0)
