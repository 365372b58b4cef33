"""Suggestions of prompts: what a model says that buyers of a category ask.

A person reviews them; nothing here adds any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from overheard.domain import Brand, Fact, Prompt, prompt_key

LONGEST = 300
"""Characters of a question that somebody might type."""

_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])?\s*(.*?)\s*$")
_WRAPPED = re.compile(r"^(\*\*|[\"'“”«»`])+|(\*\*|[\"'“”«»`])+$")


def request(brand: Brand, count: int) -> Prompt:
    """Return what a model is asked for suggestions; it does not learn the brand's name.

    Args:
        brand: Whose category it is about.
        count: How many it is asked for.
    """
    category = brand.category or "product"
    text = (
        f"List {count} different questions that people ask an AI assistant before they buy a "
        f"{category}. Cover needs, budgets, kinds of buyers, comparisons and doubts. Name no "
        f"brand and no product. Write one question a line, and nothing else."
    )
    return Prompt(text, ("suggestions",), (brand.name,))


def suggested(text: str, brands: Iterable[Brand], known: Iterable[Prompt]) -> list[str]:
    """Return the questions in a model's answer that are new and name none of the brands.

    Args:
        text: The answer.
        brands: The brands that no suggestion may name: a branded question shows no visibility.
        known: The prompts that there are.
    """
    names = [name.casefold() for brand in brands for name in brand.names]
    seen = {prompt.key for prompt in known}
    found = []
    for question in _questions(text):
        key = prompt_key(question)
        if key not in seen and not any(name in question.casefold() for name in names):
            seen.add(key)
            found.append(question)
    return found


def _questions(text: str) -> Iterator[str]:
    for line in text.splitlines():
        item = _ITEM.match(line)
        question = _WRAPPED.sub("", item[1]).strip() if item else ""
        if question.endswith("?") and len(question) <= LONGEST:
            yield question


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
