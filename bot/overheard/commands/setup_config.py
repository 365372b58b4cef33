"""What the set-up in the terminal finds out and writes: a brand's category, and config.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.deployment import Call, Deployment
from overheard.domain import Panel, Prompt
from overheard.errors import OverheardError
from overheard.runs.plan import choose_models, new_run

MAX_RIVALS_ASKED = 2
"""Competitors whose alternatives are asked for."""

_CATEGORY_QUESTIONS = (
    "What is the best {category} for a small company?",
    "Which {category} would you recommend, and why?",
    "Which {category} gives the best value for money?",
    "Which {category} suits a company of fifty people?",
)
_GENERAL_QUESTIONS = (
    "Which products would you recommend to a small company, and why?",
    "Which providers do companies of fifty people choose most often?",
)
"""Where the category is not known; they name no brand, and have to be replaced by better ones."""
_RIVAL_QUESTIONS = ("What are the best alternatives to {rival}?",)
_BRANDED_QUESTION = "Is {brand} a good choice, and what are its drawbacks?"


@dataclass(frozen=True, slots=True)
class SetupFiles:
    """What `setup` writes.

    Attributes:
        brand: The brand's name.
        competitors: The names of competitors.
        category: What the brand is, such as ``project management tool``; may be empty.
        provider: The name of the provider's table.
        settings: The lines of the provider's table, each as a key and a value.
        judge: The judge's model, as ``provider/model``; empty for none.
        month: Dollars a month; 0 for no budget, as where nothing costs anything.
        chat: ``slack``, ``discord`` or empty.
        channel: The id of the channel for alerts; may be empty.
    """

    brand: str
    competitors: Sequence[str]
    category: str
    provider: str
    settings: Mapping[str, object]
    judge: str = ""
    month: float = 0
    chat: str = ""
    channel: str = ""

    @property
    def questions(self) -> list[str]:
        """The proposed questions that do not name the brand."""
        rivals = self.competitors[:MAX_RIVALS_ASKED]
        neutral = _CATEGORY_QUESTIONS if self.category else _GENERAL_QUESTIONS
        return [
            *(q.format(category=self.category) for q in neutral),
            *(q.format(rival=rival) for rival in rivals for q in _RIVAL_QUESTIONS),
        ]

    @property
    def branded_question(self) -> str:
        """The question that names the brand; it shows what is said, not whether it is named."""
        return _BRANDED_QUESTION.format(brand=self.brand)

    def text(self) -> str:
        """Return the configuration as TOML."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        """Yield the lines of the configuration file."""
        yield "# Written by overheard setup. config.example.toml has all settings."
        yield "prompts = ["
        for question in self.questions:
            yield f"  {{ text = {_toml(question)} }},"
        branded = f"text = {_toml(self.branded_question)}, brands = [{_toml(self.brand)}]"
        yield f'  {{ {branded}, tags = ["branded"] }},'
        yield "]"
        brand: dict[str, object] = {"name": self.brand, "competitors": list(self.competitors)}
        yield from _table("[[brands]]", brand | _non_empty(category=self.category))
        yield from _table(f"[providers.{self.provider}]", self.settings)
        if self.judge:
            yield from _table("[scorers.judge]", {"model": self.judge})
        if self.month:
            yield from _table("[budget]", {"run": round(self.month / 4, 2), "month": self.month})
        yield from _table("[[schedules]]", {"name": "weekly", "cron": "0 7 * * mon"})
        if self.chat:
            yield from _table(f"[{self.chat}]", {})
        if self.chat and self.channel:
            yield from _table("[[routes]]", {"channel": f"{self.chat}:{self.channel}"})


def _non_empty(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _table(header: str, values: Mapping[str, object]) -> Iterator[str]:
    yield ""
    yield header
    yield from (f"{key} = {_toml(value)}" for key, value in values.items())


def _toml(value: object) -> str:
    """Return a value in TOML; JSON's strings, numbers and lists are TOML's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


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
        call: The person who asks, and the channel.
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
    subject = _ARTICLE.sub("", wording.line(text).strip(" .*\"'`\N{LEFT DOUBLE QUOTATION MARK}"))
    subject = subject.strip("\N{RIGHT DOUBLE QUOTATION MARK}")
    named = any(name.casefold() in subject.casefold() for name in names)
    fits = (
        len(subject) <= MAX_LENGTH
        and len(subject.split()) <= MAX_WORDS
        and _WORDS.fullmatch(subject)
    )
    if not fits or named or _REFUSALS.search(subject):
        return ""
    return subject if any(letter.isupper() for letter in subject[1:]) else subject.casefold()
