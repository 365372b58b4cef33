"""Suggestions for the catalogue: questions of buyers, questions about facts, and brand profiles.

A person reviews them; nothing here adds any.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from overheard.domain import Brand, Fact, Prompt, prompt_key

MAX_QUESTION_CHARS = 300
"""Longer lines of a model's answer are no questions of buyers."""

_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])?\s*(.*?)\s*$")
_WRAPPED = re.compile(r"^(\*\*|[\"'“”«»`])+|(\*\*|[\"'“”«»`])+$")
FACT_TAG = "fact"
"""Tag of prompts that ask for a fact; they name the brand, so they show no visibility."""
_FACT_QUESTIONS = {
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
_BY_FIELD = {field: text for text, fields in _FACT_QUESTIONS.items() for field in fields.split("|")}
MAX_NAME_CHARS = 60
"""Longer lines of a model's answer are no names."""
MAX_COMPETITORS = 8
MAX_ALIASES = 3
"""The most other names of a brand that are proposed."""
MAX_QUESTIONS = 10
SET_UP_TAG = "set-up"
_PROFILE_LINE = re.compile(
    r"^\W*(competitor|also called|founded|lowest price|free plan)s?"
    r"[\s*_]*[:=\-\u2013][\s*_]*(.+?)\s*$",
    re.IGNORECASE,
)
_EDGES = " \t*_`\"'“”«».,;:"
_CATEGORY_QUESTIONS = (
    "What is the best {category}?",
    "Which {category} is easiest to learn?",
    "Which {category} is good value for the money?",
    "Which {category} do experts recommend?",
    "Which {category} is best for a small company?",
    "What should I look for in a {category}?",
    "What are the most popular options for a {category}?",
    "Which {category} has the fewest drawbacks?",
    "Is there a free {category} that is any good?",
    "Which {category} has the best support?",
)
_BRANDED_QUESTIONS = (
    "What are the pros and cons of {brand}?",
    "Is {brand} worth its price?",
    "Who is {brand} not for?",
)
_YES_NO = {"yes", "no"}
GENERAL_QUESTIONS = 2
"""Questions on a "product", where no category is known."""


def suggestion_request(brand: Brand, count: int) -> Prompt:
    """Return the prompt that asks a model for buyers' questions which name no brand.

    Args:
        brand: The brand in whose category buyers ask; without one, of a product like its first
            competitor. The brand itself is not told.
        count: The number of questions to suggest.
    """
    like = "".join(f" like {rival}" for rival in brand.competitors[:1])
    category = brand.category or f"product{like}"
    text = (
        f"List {count} different questions that people ask an AI assistant before they buy a "
        f"{category}. Cover needs, budgets, kinds of buyers, comparisons and doubts. Name no "
        f"brand and no product. Write one question a line, and nothing else."
    )
    return Prompt(text, ("suggestions",), (brand.name,))


def read_suggestions(text: str, brands: Iterable[Brand], known: Iterable[Prompt]) -> list[str]:
    """Return the questions in a model's answer, in its order and each once, that are new and name
    none of the brands.

    A question is a line that ends with a question mark. A name counts in any case, also within a
    word.

    Args:
        brands: The brands that no suggestion may name: a branded question shows no visibility.
        known: The prompts of the catalogue, which are not suggested again.
    """
    names = [name.casefold() for brand in brands for name in brand.names]
    keys_so_far = {prompt.key for prompt in known}
    new_questions = []
    for question in _lines_with_question(text):
        key = prompt_key(question)
        if key not in keys_so_far and not any(name in question.casefold() for name in names):
            keys_so_far.add(key)
            new_questions.append(question)
    return new_questions


def _lines_with_question(text: str) -> Iterator[str]:
    """Yield the questions in a text of one question a line: ``1. "Which is best?"`` gives
    ``Which is best?``.

    Bullets, numbers, quotation marks and bold marks around a question are removed. Lines that do
    not end with a question mark, or are longer than `MAX_QUESTION_CHARS`, are left out.
    """
    for line in text.splitlines():
        item = _ITEM.match(line)
        question = _WRAPPED.sub("", item[1]).strip() if item else ""
        if question.endswith("?") and len(question) <= MAX_QUESTION_CHARS:
            yield question


def fact_questions(facts: Iterable[Fact]) -> tuple[Prompt, ...]:
    """Return the direct questions about facts, each once; several facts may share a question."""
    asked = (fact_question(fact) for fact in facts)
    return tuple({prompt.key: prompt for prompt in asked if prompt}.values())


def fact_question(fact: Fact) -> Prompt | None:
    """Return a direct question about a fact that does not contain the fact's value, such as ``When
    was Acme founded?``; it names the plan to which the fact is limited.

    A field without a question of its own gives ``What is the FIELD of BRAND?``.

    Returns:
        None for a fact that records an untrue claim: a question about it would repeat the claim.
    """
    if fact.untrue:
        return None
    plan = f" on its {fact.limit} plan" if fact.limit else ""
    template = _BY_FIELD.get(fact.head, "What is the {field} of {brand}?")
    plan = plan.replace(" plan plan", " plan")
    return Prompt(
        template.format(brand=fact.brand, plan=plan, field=fact.head), (FACT_TAG,), (fact.brand,)
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """A model's description of a brand, for people to confirm.

    Attributes:
        competitors: Names of other brands.
        aliases: Other names of the brand.
        facts: Values by the fields ``price``, ``free plan`` and ``founded``; to be confirmed.
    """

    competitors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def profile_request(brand: Brand) -> Prompt:
    """Return the prompt that asks a model for the competitors, other names and facts of a brand, in
    lines of fixed forms such as ``Competitor: NAME``.

    It gives the model the brand's name, its category ("a product" without one) and, if it has any,
    the first of its domains.
    """
    site = f" ({brand.domains[0]})" if brand.domains else ""
    text = (
        f'The brand "{brand.name}"{site} sells: {brand.category or "a product"}. '
        f"Answer only with lines of these forms, and leave out what you do not know.\n"
        f"Competitor: NAME (one line for each of its {MAX_COMPETITORS} closest competitors)\n"
        f"Also called: NAME (another spelling that people use for the brand)\n"
        f"Lowest price: PRICE\nFree plan: yes or no\nFounded: YEAR"
    )
    return Prompt(text, (SET_UP_TAG,), (brand.name,))


def read_profile(text: str, brand: Brand) -> Profile:
    """Return the profile in a model's answer to `profile_request`.

    Lines such as ``Competitor: NAME``, ``Also called: NAME`` or ``Founded: YEAR`` are read, all
    others ignored. Names that repeat, or are the brand's own, are left out; at most
    `MAX_COMPETITORS` competitors and `MAX_ALIASES` aliases remain, the first ones. The first value
    of each fact counts: of ``price``, ``free plan`` and ``founded``.
    """
    taken = {name.casefold() for name in brand.names}
    names: dict[str, list[str]] = {"competitor": [], "also called": []}
    facts: dict[str, str] = {}
    for line in text.splitlines():
        match = _PROFILE_LINE.match(line)
        if match is None:
            continue
        kind, said = match[1].lower(), " ".join(match[2].split())
        if kind in names:
            without_brackets = re.sub(r"\s*[(\[].*?[)\]]", "", said)
            for part in re.split(r"[,;]", without_brackets):
                name = part.strip(_EDGES)
                is_name = 1 < len(name) <= MAX_NAME_CHARS and name.upper() != "NAME"
                if is_name and name.casefold() not in taken:
                    taken.add(name.casefold())
                    names[kind].append(name)
        elif value := _fact_value(kind, said):
            facts.setdefault("price" if kind == "lowest price" else kind, value)
    competitors, aliases = names["competitor"], names["also called"]
    return Profile(tuple(competitors[:MAX_COMPETITORS]), tuple(aliases[:MAX_ALIASES]), facts)


def template_questions(category: str, known: Iterable[str] = ()) -> list[str]:
    """Return fixed questions about a category that name no brand, such as ``What is the best CRM?``
    for ``a CRM``; for an empty category the first `GENERAL_QUESTIONS`, about a "product".

    Args:
        category: The category, with or without an article.
        known: Questions that are left out, compared without case.
    """
    left_out = {text.casefold() for text in known}
    words = " ".join(category.split()).strip(_EDGES)
    thing = re.sub(r"^(an?|the)\s+", "", words, flags=re.I) or "product"
    asked = _CATEGORY_QUESTIONS if words else _CATEGORY_QUESTIONS[:GENERAL_QUESTIONS]
    questions = (text.format(category=thing) for text in asked)
    return [text for text in questions if text.casefold() not in left_out]


def branded_questions(brand: str, competitors: Sequence[str]) -> list[str]:
    """Return questions that name the brand: three about the brand and, if there are competitors,
    one that compares it with the first competitor.
    """
    asked = [text.replace("{brand}", brand) for text in _BRANDED_QUESTIONS]
    return [*asked, *(f"{brand} or {rival}: which is better?" for rival in competitors[:1])]


def _fact_value(kind: str, said: str) -> str:
    """Return the value of a fact in a line of an answer; empty for a text that cannot be such a
    value.
    """
    value = said.strip(_EDGES)
    if kind == "founded":
        year = re.search(r"\b(1[89]\d\d|20\d\d)\b", value)
        return year[1] if year else ""
    if kind == "free plan":
        word = value.split()[0].strip(_EDGES).lower() if value.split() else ""
        return word if word in _YES_NO else ""
    return value if re.search(r"\d", value) and len(value) <= MAX_NAME_CHARS else ""
