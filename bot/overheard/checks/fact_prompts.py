"""Direct questions about facts: general prompts seldom make a model state any."""

from __future__ import annotations

from collections.abc import Iterable

from overheard.domain import Fact, Prompt

TAG = "fact"
"""What such prompts are tagged with: they name the brand, so naming it shows nothing."""

_QUESTIONS = {
    "When was {brand} founded?": "founded|founding year|year founded|established|foundation",
    "Where is {brand} headquartered?": "headquarters|hq|head office|location|based in",
    "Who is the chief executive of {brand}?": "chief executive|ceo|chief executive officer",
    "How much does {brand} cost{plan}?": "price|pricing|cost|starting price|subscription",
    "Does {brand} have a free plan?": "free plan|free tier|free version|freemium",
    "How many people work for {brand}?": "employees|staff|headcount|company size",
    "Which products does {brand} offer?": "products|product",
    "Who owns {brand}?": "parent company|parent|owner|owned by|ownership",
    "Which security and compliance certifications does {brand} hold?": (
        "certifications|certification|compliance|certificates"
    ),
    "Which of its products has {brand} discontinued?": "discontinued|retired",
}
_BY_FIELD = {field: text for text, fields in _QUESTIONS.items() for field in fields.split("|")}


def questions(facts: Iterable[Fact]) -> tuple[Prompt, ...]:
    """Return one direct question for each fact that can be asked about, each text once."""
    asked = (question(fact) for fact in facts)
    return tuple({prompt.key: prompt for prompt in asked if prompt}.values())


def question(fact: Fact) -> Prompt | None:
    """Return a direct question about a fact; it does not hold the answer.

    What must not be said cannot be asked about without saying it: None.
    """
    if fact.untrue:
        return None
    plan = f" on its {fact.limit} plan" if fact.limit else ""
    template = _BY_FIELD.get(fact.head, "What is the {field} of {brand}?")
    plan = plan.replace(" plan plan", " plan")
    return Prompt(
        template.format(brand=fact.brand, plan=plan, field=fact.head), (TAG,), (fact.brand,)
    )
