"""Whether a fact can be held against anything: it is stated plainly, and scorers read that."""

from __future__ import annotations

from collections.abc import Iterator

from overheard.cards import words
from overheard.checks.judging import judges
from overheard.checks.scoring import Scoring
from overheard.commands.context import Context
from overheard.domain import Answer, Brand, Catalogue, Fact, Finish, Model, Prompt, Question, Reply
from overheard.finetune.examples import from_facts

LONGEST = 160
"""Characters of a statement that is shown."""
_NOBODY = Model("nobody", "plainly")


async def unread(context: Context, fact: Fact) -> str:
    """Return a plain statement of a fact that no scorer reads; empty where one does, or a judge,
    which reads all.
    """
    scorers = context.plugins.scorers.values()
    brand = context.catalogue.brand(fact.brand)
    if brand is None or judges(scorers):
        return ""
    now, said = context.clock.now(), list(dict.fromkeys(_stated(brand, fact)))
    answers = [
        Answer(1, Question(Prompt(""), _NOBODY, at), Reply(text, Finish.COMPLETE), now, id=at)
        for at, text in enumerate(said, 1)
    ]
    records = await Scoring(scorers, Catalogue((brand,), facts=(fact,))).score(answers)
    found = any(d.topic == fact.field for r in records for d in r.score.details)
    return "" if found else words.shorten(words.line(said[0]), LONGEST)


def _stated(brand: Brand, fact: Fact) -> Iterator[str]:
    """Yield a fact in plain sentences; one that is never to be said stands as it is."""
    yield f"{brand.name}'s {fact.field} is {fact.value.rstrip('.')}."
    yield from (example.answer for example in from_facts(brand, [fact]))
    yield f"{brand.name}: {fact.field}: {fact.value}"
    yield from (fact.value, f"{brand.name} {fact.value}")
