"""The scorer that asks a model: a second reader of the streams that rules read for nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from overheard import Detail, JudgeClient, Metric, Model, OverheardError, Reading, Score, Settings
from overheard_judge import gold
from overheard_judge.quotes import is_quote_about_brand, quote_offsets
from overheard_judge.replies import JudgedBrand, Loss, StatedFact, checked_finding, judged_brand
from overheard_judge.requests import (
    EDITION,
    FINDING_SCHEMA,
    HOLDS,
    NOT_SO,
    OTHERS,
    READING_SCHEMA,
    finding_request,
    reading_request,
)

KEPT = "kept"
"""In the counts of verdicts, those that are scores; the others are counted by reason."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_TONE_VALUES = {"positive": 0.5, "neutral": 0.0, "mixed": -1 / 7, "negative": -0.6}
"""What the rules give to two words of praise, to none, to two and a drawback, to a drawback."""
_WORST_FIRST = ("wrong", "stale", "correct")
_ABOUT_A_FACT = "fact"
"""The tag of questions that ask for a fact; their answers are few, and all are read."""


def _valid_model(text: str) -> str:
    """Return the name of a model as it is, ``provider/model``.

    Raises:
        ValueError: if the text is not such a name.
    """
    Model.parse(text)
    return text


class JudgeSettings(Settings):
    """The table ``[scorers.judge]``.

    Attributes:
        model: Whom to ask, as ``provider/model``; best a dated snapshot.
        budget: What it may spend in a month, in US dollars.
        share: The share of the answers that it reads, more than 0 to 1. The answers of a change,
            and the sentences of an alert, are read besides.
    """

    model: Annotated[str, AfterValidator(_valid_model)]
    budget: float = Field(ge=0)
    share: float = Field(default=0.1, gt=0, le=1)


class JudgeUnconnected(OverheardError):
    """No deployment has connected the judge to a model."""

    message = "The judge has nobody to ask through; let a deployment load it."


class ModelJudge:
    """Reads a random share of the answers as the rules do, and checks what the rules have found.

    One request covers all brands that an answer names, with their fact sheets. What is said of a
    brand must come with a quote that occurs in the answer and is about the brand, or it is left
    out. The metrics have the names that they have where rules read them:

    - ``sentiment``, by the tone, which is a detail (positive, negative, neutral, mixed);
    - ``drawback``: 1 when a drawback is named, else 0. Each is a detail with its sentence.
    - ``first_choice``: 1 or 0; its detail is the standing. Absent where the question names a brand.
    - ``accuracy``: the share of the facts that the answer states which it states as they are. Each
      is a detail with its verdict.

    Args:
        settings: Whom to ask, for how much, and how often.

    Attributes:
        share: The share of the answers that `score` reads.
        verdicts: The number of verdicts that this process has read: `KEPT`, and those that are lost
            by their reasons.
    """

    name = "judge"
    reads_facts = True
    metrics: Sequence[Metric] = ()
    reads = frozenset({"sentiment", "drawback", "first_choice", "accuracy"})

    def __init__(self, settings: JudgeSettings) -> None:
        self.model = Model.parse(settings.model)
        self.budget = settings.budget
        self.share = settings.share
        self._asker: JudgeClient | None = None
        self.verdicts: Counter[str] = Counter()

    @property
    def version(self) -> str:
        """The version of the wording of requests and the model: ``3:provider/model``."""
        return f"{EDITION}:{self.model}"

    @property
    def rehearsals(self) -> Sequence[str]:
        """The text of the request about each gold text: a text that people have judged."""
        return gold.rehearsals()

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return (number of gold labels with which the replies agree, number of gold labels).

        Args:
            replies: The model's reply to each of `rehearsals`, in the same order.
        """
        return gold.agreement(replies)

    @property
    def schema(self) -> Mapping[str, object]:
        """The JSON schema of the replies about the gold texts."""
        return READING_SCHEMA

    def losses(self, replies: Sequence[str]) -> Mapping[str, int]:
        """Return the number of verdicts that do not count, by reason; reasons that do not occur are
        absent.

        Args:
            replies: The model's reply to each of `rehearsals`, in the same order.
        """
        return gold.losses(replies)

    def connect(self, asker: JudgeClient) -> None:
        """Store the client through which requests are sent."""
        self._asker = asker

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return what `read` returns for the share of the answers that is read, and nothing for the
        others. Whether an answer is read depends on its number alone.
        """
        digest = hashlib.blake2b(str(reading.answer.id).encode(), digest_size=4).digest()
        is_drawn = int.from_bytes(digest) < self.share * 2**32
        if is_drawn or _ABOUT_A_FACT in reading.answer.question.prompt.tags:
            return await self.read(reading)
        return ()

    async def read(self, reading: Reading) -> Iterable[Score]:
        """Ask the model how the answer speaks of its brands, and return the scores of
        `reading.brand`. Scores without valid verdicts are absent.

        All brands of an answer share one request. If the answer does not name the brand, nothing is
        asked and there is no score.

        Raises:
            JudgeUnconnected: when `connect` has not been called.
            ProviderFailed: when there is no complete reply.
            ProviderUnavailable: when the model cannot be asked at all.
            JudgeBudgetUsedUp: when the judge's budget is used up.
        """
        if not reading.of(reading.brand.name):
            return ()
        named = sorted({mention.brand for mention in reading.mentions})
        facts = [fact for fact in reading.sheets if fact.brand in named]
        text, mark = reading_request(reading.body, named, facts)
        judged = judged_brand(await self._ask(text, READING_SCHEMA), mark, reading.brand.names)
        loss = judged if isinstance(judged, Loss) else _quote_loss(judged.quote, reading)
        self.verdicts[loss.value if loss else KEPT] += 1
        if loss or isinstance(judged, Loss):
            return ()
        return tuple(self._scores(judged, reading))

    def _scores(self, judged: JudgedBrand, reading: Reading) -> Iterator[Score]:
        """Yield the scores of a brand. The loss of each drawback and fact is counted; where all
        drawbacks are lost, whether there is one is not known.
        """
        quote = judged.quote[:_QUOTE_CHARACTERS]
        yield Score("sentiment", _TONE_VALUES[judged.tone], quote, (Detail("tone", judged.tone),))
        details = tuple(
            Detail(drawback.aspect, "negative", quote=drawback.quote[:_QUOTE_CHARACTERS])
            for drawback in judged.drawbacks
            if self._is_evidence(drawback.quote, reading)
        )
        if details or not judged.drawbacks:
            said = details[0].quote if details else ""
            yield Score("drawback", float(bool(details)), said, details)
        if judged.standing and not reading.branded:
            standing = (Detail("standing", judged.standing),)
            yield Score("first_choice", float(judged.standing == "first choice"), quote, standing)
        own = [fact for fact in judged.facts if self._is_evidence(fact.quote, reading)]
        if facts := tuple(_fact_details(own, reading)):
            right = sum(detail.verdict == "correct" for detail in facts)
            worst = min(facts, key=lambda detail: _WORST_FIRST.index(detail.verdict))
            yield Score("accuracy", right / len(facts), worst.quote, facts)

    async def confirm(self, reading: Reading, finding: Detail) -> bool | None:
        """Ask the model whether the answer says of `reading.brand` what rules have found, and
        return that; None when its reply does not settle it.

        A yes needs a quote about the brand, and a no one from the answer. The request has the words
        of the finding and the fact that it is held against.

        Raises:
            JudgeUnconnected, ProviderFailed, ProviderUnavailable, JudgeBudgetUsedUp: as `read`.
        """
        facts = [fact for fact in reading.facts if fact.field == finding.topic]
        claim = f"a fault or drawback of {reading.brand.name}"
        if finding.verdict == "grave":
            claim = f"grave news of {reading.brand.name}, of the kind: {finding.topic}"
        elif finding.is_false and facts:
            claim = (
                f'that the {finding.topic} of {reading.brand.name} is now "{finding.stated}", '
                f'where in truth it is "{facts[0].value}"'
            )
        text, mark = finding_request(reading.body, reading.brand.name, finding.quote, claim)
        checked = checked_finding(await self._ask(text, FINDING_SCHEMA), mark)
        if isinstance(checked, Loss):
            self.verdicts[checked.value] += 1
            return None
        verdict, quote = checked
        if verdict == HOLDS:
            return self._is_evidence(quote, reading) or None
        is_quoted = any(quote_offsets(quote, reading.body))
        self.verdicts[KEPT if is_quoted else Loss.INVENTED.value] += 1
        return False if is_quoted and verdict in {OTHERS, NOT_SO} else None

    def _is_evidence(self, quote: str, reading: Reading) -> bool:
        """Return whether a quote is evidence about the brand; count it in `verdicts`."""
        loss = _quote_loss(quote, reading)
        self.verdicts[loss.value if loss else KEPT] += 1
        return loss is None

    async def _ask(self, text: str, schema: Mapping[str, object]) -> str:
        """Return the text of the model's reply to a request, for which `schema` is the JSON schema.

        Raises:
            JudgeUnconnected: when `connect` has not been called.
            ProviderFailed, ProviderUnavailable, JudgeBudgetUsedUp: from the client.
        """
        if self._asker is None:
            raise JudgeUnconnected
        return (await self._asker.ask(text, schema=schema)).text


def _quote_loss(quote: str, reading: Reading) -> Loss | None:
    """Return why a quote is no evidence about the brand: it is in text about another, or not in the
    answer. None if it is evidence.
    """
    if is_quote_about_brand(quote, reading):
        return None
    return Loss.OTHER_OWNER if any(quote_offsets(quote, reading.body)) else Loss.INVENTED


def _fact_details(stated: Iterable[StatedFact], reading: Reading) -> Iterator[Detail]:
    """Yield a detail for each fact of the brand's sheet that is stated, in the order of their first
    statements. Of several about one fact, the first with the worst verdict counts.
    """
    fields = {fact.field for fact in reading.facts}
    by_field: dict[str, StatedFact] = {}
    for fact in stated:
        if fact.field in fields:
            previous = by_field.get(fact.field, fact)
            by_field[fact.field] = min(
                previous, fact, key=lambda candidate: _WORST_FIRST.index(candidate.verdict)
            )
    for field, fact in by_field.items():
        yield Detail(field, fact.verdict, fact.stated, fact.quote[:_QUOTE_CHARACTERS])
