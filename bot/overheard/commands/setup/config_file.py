"""The set-up in the terminal: the text of the configuration file that it writes, and the question
with which a model is asked for the brand's category.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from overheard.cards import wording
from overheard.deployment import Call
from overheard.domain import Panel, Prompt
from overheard.errors import OverheardError
from overheard.runs.plan import choose_models
from overheard.runs.suggestions import branded_questions, template_questions

MAX_RIVALS_ASKED = 2
"""Competitors for each of which a question asks the alternatives."""
RUN_SHARE = 0.25
"""The budget of a run as a share of that of a month."""

CATEGORY_QUESTIONS, GENERAL_QUESTIONS = 4, 2
"""Questions on a category; and those without one, which a person should replace."""
READING_MONTH_USD = 1.0
"""What a model that reads answers besides the rules may spend in a month."""
RIVAL_QUESTION = "What are the best alternatives to {rival}?"


@dataclass(frozen=True, slots=True)
class SetupFile:
    """The content of the configuration file that `setup` writes.

    Attributes:
        brand: The brand's name.
        competitors: The names of competitors.
        category: The kind of product, such as ``project management tool``; may be empty.
        provider: The name of the provider's table.
        settings: The lines of the provider's table, each as a key and a value.
        judge: The judge's model, as ``provider/model``; empty for none. It may spend
            `READING_MONTH_USD`.
        reading_usd: What it is expected to cost in US dollars a year.
        month: The budget in US dollars a month; 0 for none, as where nothing has a price.
        alarms: The name of a budget of false alarms.
        chat: ``slack``, ``discord`` or empty.
        channel: The id of the channel for alerts; may be empty.
    """

    brand: str
    competitors: Sequence[str]
    category: str
    provider: str
    settings: Mapping[str, object]
    judge: str = ""
    reading_usd: float = 0.0
    month: float = 0
    alarms: str = "calm"
    chat: str = ""
    channel: str = ""

    @property
    def questions(self) -> list[str]:
        """The proposed questions without the brand's name: those on its category, then one on the
        alternatives to each of the first `MAX_RIVALS_ASKED` competitors.
        """
        count = CATEGORY_QUESTIONS if self.category else GENERAL_QUESTIONS
        rivals = self.competitors[:MAX_RIVALS_ASKED]
        return [
            *template_questions(self.category)[:count],
            *(RIVAL_QUESTION.format(rival=rival) for rival in rivals),
        ]

    @property
    def branded_question(self) -> str:
        """The question with the brand's name, on how models describe the brand."""
        return branded_questions(self.brand, ())[0]

    @property
    def models(self) -> Sequence[str]:
        """The names of the service's models; empty for the local model."""
        models: Sequence[str] = self.settings.get("models", ())  # type: ignore[assignment]
        return models

    def text(self) -> str:
        """Return the configuration file as TOML. The tables of a judge, a budget, a chat and a
        route are left out if the plan has none.
        """
        prompts: list[dict[str, object]] = [{"text": question} for question in self.questions]
        branded = {"text": self.branded_question, "brands": [self.brand], "tags": ["branded"]}
        brand: dict[str, object] = {"name": self.brand, "competitors": list(self.competitors)}
        budget = {"run": round(self.month * RUN_SHARE, 2), "month": self.month}
        judge = {"model": self.judge, "budget": READING_MONTH_USD}
        early = {"false_alarms_per_year": self.alarms}  # calm can be changed in chat
        tables: dict[str, Mapping[str, object]] = {
            "[[brands]]": brand | ({"category": self.category} if self.category else {}),
            f"[providers.{self.provider}]": self.settings,
            **({"[scorers.judge]": judge} if self.judge else {}),
            **({"[budget]": budget} if self.month else {}),
            **({"[alerts]": early} if self.alarms == "early" else {}),
            "[[schedules]]": {"name": "weekly", "cron": "0 7 * * mon"},
            **({f"[{self.chat}]": {}} if self.chat else {}),
        }
        if self.chat and self.channel:
            tables["[[routes]]"] = {"channel": f"{self.chat}:{self.channel}"}
        lines = []
        for header, values in tables.items():
            lines += ["", header, *(f"{key} = {_toml_value(values[key])}" for key in values)]
        return "\n".join(
            [
                "# Written by overheard setup. config.example.toml has all settings.",
                "prompts = [",
                *(f"  {_toml_value(prompt)}," for prompt in [*prompts, branded]),
                "]",
                *lines,
                "",
            ]
        )


def _toml_value(value: object) -> str:
    """Return a value as TOML. Texts, numbers and lists have the same form as in JSON, except one
    control character (DEL) that TOML needs escaped; a dictionary becomes an inline table.
    """
    if isinstance(value, dict):
        keys = {key: key if key.isidentifier() else _toml_value(key) for key in value}
        return f"{{ {', '.join(f'{keys[k]} = {_toml_value(v)}' for k, v in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


QUESTION = (
    "What kind of product or service are {names}? Answer with two to four words that a buyer would "
    'search for, such as "project management tool". If you do not know, answer "unknown".'
)
LABEL = "setup"
"""The label of the run, which is aside of the history."""
MAX_CATEGORY_WORDS, MAX_CATEGORY_CHARS = 5, 50
"""A longer answer is a sentence, and no category."""
_REFUSALS = re.compile(
    r"unknown|\b(?:sorry|cannot|can't|don't|not|no|unable|i|it|is|are|was|you)\b", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_][\w&+'/-]*(?: [\w&+'/-]+)*")
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)


async def derived_category(
    call: Call, names: Sequence[str], agreed: Callable[[str, float], bool]
) -> str:
    """Ask the first configured model for the category of a brand, such as ``project management
    tool``.

    The answer is stored and charged, outside the history.

    Args:
        names: The names of the brand and its competitors.
        agreed: Returns whether the person agrees to a price, which it gets in words and in US
            dollars (infinite if unknown).

    Returns:
        The category. An empty string if the model does not know it or cannot be asked, if the
        budget does not cover the price, or if the person does not agree to it.
    """
    model = choose_models(call.plugins.providers, ())[0]
    panel = Panel((), (Prompt(QUESTION.format(names=wording.listing(names))),), (model,))
    run = call.aside_run(panel, LABEL)
    try:
        quote = await call.pricing.quote(run)
        if not agreed(quote.price, quote.usd):
            return ""
        _, answers = await call.run_service().ask_aside(run)
    except OverheardError:
        return ""  # the check that follows says what is wrong
    return category_in(answers[0].reply.text, names) if answers else ""


def category_in(text: str, names: Sequence[str]) -> str:
    """Return the category in a model's answer. Return an empty string unless the answer is nothing
    but a category.

    An article, quotation marks and a full stop at its ends are removed. The category is in small
    letters unless it has a capital after its first letter (``CRM``). An answer is no category if it
    is longer than `MAX_CATEGORY_WORDS` or `MAX_CATEGORY_CHARS`, has other marks than ``& + ' / -``,
    names a brand, or refuses (``I do not know``).

    Args:
        names: Names of brands, which a category must not contain.
    """
    subject = _ARTICLE.sub("", wording.line(text).strip(" .*\"'`\N{LEFT DOUBLE QUOTATION MARK}"))
    subject = subject.strip("\N{RIGHT DOUBLE QUOTATION MARK}")
    named = any(name.casefold() in subject.casefold() for name in names)
    is_short = len(subject) <= MAX_CATEGORY_CHARS and len(subject.split()) <= MAX_CATEGORY_WORDS
    if not is_short or not _WORDS.fullmatch(subject) or named or _REFUSALS.search(subject):
        return ""
    has_capitals = any(letter.isupper() for letter in subject[1:])
    return subject if has_capitals else subject.casefold()
