"""Suggestions of prompts: what a model says that buyers of a category ask.

A person reviews them; nothing here adds any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from overheard.domain import Brand, Prompt, prompt_key

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
        brands: The brands that no suggestion may name: such a question measures nothing.
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
