"""The answers of the newest check of a brand, which `answers` shows (``answers.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overheard.advice.evidence import ScoredAnswer
from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, fitting
from overheard.cards.command import quoted
from overheard.commands.arguments import chosen_models
from overheard.commands.page_tables import newest_answers
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Model
from overheard.measure.blocks import RunKey, Stream
from overheard.runs.plan import find_brand
from overheard.views.situation import Situation, SituationReader

MAX_NAMED_MODELS = 4
"""Models that a title names."""
NO_ANSWERS = "-"
"""The words of a `QuestionCell` without answers."""


@dataclass(frozen=True, slots=True)
class NewestAnswers:
    """The report of a brand, and the scored answers of the newest run of each chosen model.

    Attributes:
        runs: For each chosen model its runs, the oldest first; empty without answers.
        answers: The scored answers; empty without answers.
    """

    situation: Situation
    runs: Mapping[Model, Sequence[RunKey]]
    answers: Sequence[ScoredAnswer]

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.situation.brand

    @property
    def lines(self) -> list[Stream]:
        """The streams of the chosen models."""
        return [line for line in self.situation.lines if line.key.model in self.runs]


async def read_newest_answers(
    deployment: Deployment, call: Call, brand: str, model: str
) -> NewestAnswers:
    """Score the answers that wait for it, then return the answers about a brand of the newest run
    of each model. `NewestAnswers.runs` and `answers` are empty if the brand has no answers yet.

    Args:
        brand: The brand's name or alias.
        model: The name of the only model to read, or ``provider/model``; empty for all.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers about it.
    """
    shown_brand = find_brand(deployment.catalogue, brand)
    deployment = await deployment.caught_up(call.progress)
    situation = await SituationReader.of(deployment, call.zone).read(shown_brand)
    if not situation.runs:
        return NewestAnswers(situation, {}, ())
    runs = {
        chosen: situation.runs[chosen] for chosen in chosen_models(deployment, situation, model)
    }
    lines = [line for line in situation.lines if line.key.model in runs]
    return NewestAnswers(situation, runs, await newest_answers(deployment, lines, runs))


def model_names(deployment: Deployment, newest: NewestAnswers) -> str:
    """Return the display names of the first `MAX_NAMED_MODELS` models as a list in words, for a
    title; models are in the order of their providers and names.
    """
    shown_models = sorted(newest.runs)[:MAX_NAMED_MODELS]
    return wording.listing([deployment.names.name(model) for model in shown_models])


def newest_check_footer(deployment: Deployment, call: Call, newest: NewestAnswers) -> str:
    """Return how many answers are shown of which day, as a sentence; each model with the day of its
    own newest answers if these differ.
    """
    days: dict[str, list[str]] = {}
    for model, runs in sorted(newest.runs.items()):
        names = days.setdefault(wording.day(runs[-1].at, call.zone), [])
        names.append(deployment.names.name(model))
    count = wording.count(len(newest.answers), "answer")
    of = [f"{wording.listing(names)} of {day}" for day, names in days.items()]
    return f"{count}: {'; '.join(of)}." if len(of) > 1 else f"{count} of {next(iter(days))}."


def card_without_answers(brand: Brand) -> Card:
    """Return the card of a brand without answers, with a button for a check."""
    action = Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY)
    text = f"No answers about {brand.name} yet."
    return Card(brand.name, text, actions=fitting(action), data={"brand": brand.name})
