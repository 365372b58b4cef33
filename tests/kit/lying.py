"""Histories in which a model begins to state something false of a brand, for tests."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
QUESTIONS = (
    "Which tool suits a small team?",
    "What are good tools for agencies?",
    "What do engineers use to plan sprints?",
    "Which tool is easiest to learn?",
    "Which tool would you buy for a charity?",
    "What is the best tool for a product launch?",
    "Which tool do consultants recommend?",
    "What should a bakery use?",
)
PHRASES = {
    "price": (
        "{brand} costs ${v} per user per month.",
        "Pricing for {brand} starts at ${v} a month.",
        "{brand} is priced at ${v}/month.",
        "- **{brand}**: from ${v} per user/month, billed monthly.",
        "Plans at {brand} begin at ${v} per month, which is fair for what you get.",
        "Expect to pay ${v} a month for {brand}.",
    ),
    "founded": (
        "{brand} was founded in {v}.",
        "Founded in {v}, {brand} is a known name.",
        "{brand} has been around since {v}.",
        "{brand} was launched in {v} and has grown since.",
        "Established in {v}, {brand} serves many teams.",
    ),
    "headquarters": (
        "{brand} is headquartered in {v}.",
        "{brand} is based in {v}.",
        "Headquartered in {v}, {brand} sells worldwide.",
        "{brand}, a company based in {v}, is popular.",
    ),
    "CEO": (
        "{brand} is led by CEO {v}.",
        "The CEO of {brand} is {v}.",
        "{v} is the CEO of {brand}.",
        "{brand}'s chief executive is {v}.",
    ),
    "free plan": ("{brand} has {v} free plan.", "{brand} offers {v} free plan for individuals."),
}
RIVALS = ("Globex", "Initech", "Umbra", "Vandelay")
PRAISE = (
    "{brand} is a solid choice with a clean interface.",
    "Many teams like {brand} for its boards.",
    "{brand} is easy to set up.",
    "{brand} stands out for its reports.",
)


@dataclass(frozen=True)
class Lie:
    """What a model states of the brand from a week on.

    Attributes:
        fact: The field of the fact sheet.
        truth: The value stated before, as the fact sheet has it.
        said: The value in an answer before.
        false: The value in an answer from the week on.
        brand: The brand's name.
        from_week: The first week with false statements; a number past the end for none.
        falls: Whether the brand is also named less from that week on.
    """

    fact: str
    truth: str
    said: str
    false: str
    brand: str = "Acme"
    from_week: int = 8
    falls: bool = False


LIES = (
    Lie("price", "$14 a month", "14", "49"),
    Lie("founded", "2010", "2010", "1999", brand="Brightboard", falls=True),
    Lie("headquarters", "New York, USA", "New York", "Austin", brand="Nordlicht"),
    Lie("CEO", "Jane Doe", "Jane Doe", "Mark Miller", falls=True),
    Lie("price", "29 EUR / month", "29", "59", brand="Teamflow", from_week=6, falls=True),
)


def config(lie: Lie) -> str:
    """Return the configuration of a deployment with the fact."""
    return f"""
[[brands]]
name = "{lie.brand}"
competitors = {json.dumps(RIVALS)}

[[facts]]
brand = "{lie.brand}"
field = "{lie.fact}"
value = "{lie.truth}"
"""


def history(lie: Lie, *, seed: int, weeks: int = 11, repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Yield the lines of a history to import: one run a week, of one model."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for week in range(weeks):
        lying = week >= lie.from_week
        named = 0.35 if lying and lie.falls else 0.85
        at = START + timedelta(weeks=week)
        for question in QUESTIONS:
            for _ in range(repeats):
                yield {
                    "run": f"week {week:02}",
                    "asked_at": at.isoformat(),
                    "prompt": question,
                    "provider": "svc",
                    "model": "m",
                    "text": _answer(lie, draw, lying=lying, named=draw.random() < named),
                }


def _answer(lie: Lie, draw: random.Random, *, lying: bool, named: bool) -> str:
    """Return an answer about the brand, if named, and two rivals."""
    lines = []
    rate = 0.9 if lying and lie.falls else 0.4
    for rival in draw.sample(RIVALS, 2):
        lines.append(draw.choice(PRAISE).format(brand=rival))
        if draw.random() < rate / 2:
            other = {"price": str(draw.choice((9, 19, 99))), "founded": "2004"}
            value = other.get(lie.fact, "Boston" if lie.fact == "headquarters" else "Ann Lee")
            lines.append(draw.choice(PHRASES[lie.fact]).format(brand=rival, v=value))
    if named:
        said = [draw.choice(PRAISE).format(brand=lie.brand)]
        if draw.random() < rate:
            value = lie.false if lying else lie.said
            phrase = draw.choice(PHRASES[lie.fact])
            if "EUR" in lie.truth:
                phrase = phrase.replace("$", "€")
            said.append(phrase.format(brand=lie.brand, v=value))
        lines.insert(draw.randrange(len(lines) + 1), "\n".join(said))
    return "\n\n".join(lines)
