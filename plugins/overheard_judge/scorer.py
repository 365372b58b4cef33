"""The scorer that asks a model."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from overheard import (
    Detail,
    JudgeClient,
    Metric,
    Model,
    OverheardError,
    Reading,
    Scale,
    Score,
    Settings,
)
from overheard_judge import gold
from overheard_judge.quotes import is_quote_about_brand, quote_offsets
from overheard_judge.replies import JudgedClaim, JudgedPortrayal, Loss, portrayal_of, stated
from overheard_judge.requests import (
    CLAIMS_SCHEMA,
    EDITION,
    PORTRAYAL_SCHEMA,
    claims_request,
    portrayal_request,
)

KEPT = "kept"
"""In the counts of verdicts, those that are scores; the others are counted by reason."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_VALUES = {"positive": 1.0, "neutral": 0.0, "mixed": 0.0, "negative": -1.0}
_WORST_FIRST = ("wrong", "stale", "correct")


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
    """

    model: Annotated[str, AfterValidator(_valid_model)]
    budget: float = Field(ge=0)


class JudgeUnconnected(OverheardError):
    """No deployment has connected the judge to a model."""

    message = "The judge has nobody to ask through; let a deployment load it."


class ModelJudge:
    """Scores how an answer speaks of a brand, and whether it states its facts as they are.

    One request covers all brands that an answer names; a second one holds the answer against the
    brand's fact sheet, where it has one. Each verdict must come with a quote that occurs in the
    answer and is about the brand, or it is left out.

    - ``judged_sentiment``: 1 positive, -1 negative, 0 neutral or mixed; only where the brand is
      named. Aspects are details, with the sentence in which they show.
    - ``judged_accuracy``: the share of the facts that the answer states which it states as they
      are. Each is a detail with its verdict.

    Args:
        settings: Whom to ask, and for how much.

    Attributes:
        verdicts: The number of verdicts that this process has read: `KEPT`, and those that are lost
            by their reasons.
    """

    name = "judge"
    reads_facts = True
    metrics: Sequence[Metric] = (
        Metric("judged_sentiment", Scale.POLARITY, "Sentiment, judged"),
        Metric("judged_accuracy", Scale.SHARE, "Accuracy, judged"),
    )

    def __init__(self, settings: JudgeSettings) -> None:
        self.model = Model.parse(settings.model)
        self.budget = settings.budget
        self._asker: JudgeClient | None = None
        self.verdicts: Counter[str] = Counter()

    @property
    def version(self) -> str:
        """The version of the wording of requests and the model: ``2:provider/model``."""
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
        return PORTRAYAL_SCHEMA

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
        """Ask the model, and return the judged scores of `reading.brand`: the sentiment, and with a
        fact sheet the accuracy.

        Each score is one request. A score without valid verdicts is absent. If the answer does not
        name the brand, nothing is asked and there is no score.

        Raises:
            JudgeUnconnected: when `connect` has not been called.
            ProviderFailed: when there is no complete reply.
            ProviderUnavailable: when the model cannot be asked at all.
            JudgeBudgetUsedUp: when the judge's budget is used up.
        """
        if not reading.of(reading.brand.name):
            return ()
        scores = [await self._portrayal(reading)]
        if reading.facts:
            scores.append(await self._accuracy(reading))
        return [score for score in scores if score is not None]

    async def _portrayal(self, reading: Reading) -> Score | None:
        """Ask the model how the answer speaks of its brands, and return the sentiment toward the
        scored brand: 1 positive, -1 negative, 0 neutral or mixed.

        None without a readable verdict whose quote is about the brand. Aspects are details; those
        without such a quote are left out. The verdict, or the reason of its loss, is counted in
        `verdicts`. Raises what `score` does.
        """
        brands = sorted({mention.brand for mention in reading.mentions})
        text, mark = portrayal_request(reading.body, brands)
        reply = await self._ask(text, PORTRAYAL_SCHEMA)
        judged = portrayal_of(reply, mark, reading.brand.names)
        loss = judged if isinstance(judged, Loss) else _quote_loss(judged.quote, reading)
        self.verdicts[loss.value if loss else KEPT] += 1
        if loss or isinstance(judged, Loss):
            return None
        details = tuple(_aspect_details(judged, reading))
        return Score(
            "judged_sentiment", _VALUES[judged.sentiment], judged.quote[:_QUOTE_CHARACTERS], details
        )

    async def _accuracy(self, reading: Reading) -> Score | None:
        """Ask the model what the answer states of the brand's facts, and return the share of the
        stated facts that is correct (0 to 1).

        None if the reply cannot be read, or if no claim on a fact has a quote about the brand. The
        score's quote is that of the first worst claim. Each claim, kept or lost, is counted in
        `verdicts`; a reply that cannot be read counts once. Raises what `score` does.
        """
        text, mark = claims_request(reading.body, reading.brand.name, reading.facts)
        stated_claims = stated(await self._ask(text, CLAIMS_SCHEMA), mark)
        if isinstance(stated_claims, Loss):
            self.verdicts[stated_claims.value] += 1
            return None
        for claim in stated_claims:
            loss = _quote_loss(claim.quote, reading)
            self.verdicts[loss.value if loss else KEPT] += 1
        details = tuple(_claim_details(stated_claims, reading))
        if not details:
            return None
        right = sum(detail.verdict == "correct" for detail in details)
        worst = min(details, key=lambda detail: _WORST_FIRST.index(detail.verdict))
        return Score("judged_accuracy", right / len(details), worst.quote, details)

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


def _aspect_details(judged: JudgedPortrayal, reading: Reading) -> Iterator[Detail]:
    """Yield a detail for each aspect whose quote is about the brand: topic the aspect ("price"),
    verdict "positive" or "negative".
    """
    for aspect in judged.aspects:
        if is_quote_about_brand(aspect.quote, reading):
            yield Detail(aspect.aspect, aspect.sentiment, quote=aspect.quote[:_QUOTE_CHARACTERS])


def _claim_details(stated_claims: Iterable[JudgedClaim], reading: Reading) -> Iterator[Detail]:
    """Yield a detail for each fact with a claim whose quote is about the brand, in the order of the
    facts' first claims.

    Of several claims about one fact, the first with the worst verdict counts. Claims on a field
    that is not in the fact sheet are left out.
    """
    fields = {fact.field for fact in reading.facts}
    by_field: dict[str, JudgedClaim] = {}
    for claim in stated_claims:
        if claim.field in fields and is_quote_about_brand(claim.quote, reading):
            previous = by_field.get(claim.field, claim)
            by_field[claim.field] = min(
                previous, claim, key=lambda candidate: _WORST_FIRST.index(candidate.verdict)
            )
    for field, claim in by_field.items():
        yield Detail(field, claim.verdict, claim.stated, claim.quote[:_QUOTE_CHARACTERS])
