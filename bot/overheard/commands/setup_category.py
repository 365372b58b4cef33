"""What kind of product a brand is, by the answer of the model that `setup` has chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.deployment import Call, Deployment
from overheard.domain import Panel, Prompt
from overheard.errors import OverheardError
from overheard.runs.plan import choose_models, new_run

QUESTION = (
    "What kind of product or service are {names}? Answer with two to four words that a buyer would "
    'search for, such as "project management tool". If you do not know, answer "unknown".'
)
LABEL = "setup"
"""The label of the run, which is aside of the history."""
MAX_WORDS, MAX_LENGTH = 5, 50
"""A longer answer is a sentence, and no category."""
_REFUSALS = re.compile(
    r"unknown|\b(?:sorry|cannot|can't|don't|not|no|unable|i|it|is|are|was|you)\b", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_][\w&+'/-]*(?: [\w&+'/-]+)*")
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)


async def derived_category(
    deployment: Deployment,
    call: Call,
    names: Sequence[str],
    agreed: Callable[[str, float], bool],
) -> str:
    """Ask the first configured model for the category of brands; empty when it does not know.

    The answer is paid for and stored like others, and enters no history.

    Args:
        deployment: The open deployment.
        call: Who asks.
        names: The brand and its competitors.
        agreed: Returns whether a price is agreed to, from its words and its dollars.
    """
    model = choose_models(deployment.plugins.providers, ())[0]
    panel = Panel((), (Prompt(QUESTION.format(names=wording.listing(names))),), (model,))
    new = new_run(panel, deployment.clock.now(), label=LABEL, asked_by=call.who)
    run = replace(new, aside=True)
    try:
        quote = await deployment.pricing.quote(run)
        if not agreed(quote.price, quote.usd):
            return ""
        _, answers = await run_service(deployment, call).ask_aside(run)
    except OverheardError:
        return ""  # the check that follows says what is wrong
    return category_in(answers[0].reply.text, names) if answers else ""


def category_in(text: str, names: Sequence[str]) -> str:
    """Return the category that a model's answer consists of; empty for any other answer.

    Args:
        text: The answer.
        names: Names of brands, none of which may be in a category.
    """
    said = _ARTICLE.sub("", wording.line(text).strip(" .*\"'`\N{LEFT DOUBLE QUOTATION MARK}"))
    said = said.strip("\N{RIGHT DOUBLE QUOTATION MARK}")
    named = any(name.casefold() in said.casefold() for name in names)
    fits = len(said) <= MAX_LENGTH and len(said.split()) <= MAX_WORDS and _WORDS.fullmatch(said)
    if not fits or named or _REFUSALS.search(said):
        return ""
    return said if any(letter.isupper() for letter in said[1:]) else said.casefold()
