"""The lists of questions in words, and what a question is answered with, as they write it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from overheard.cards.command import Face
from overheard.chat.questions.grammar import parse_question
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.planner import Plan, plan_answer
from overheard.chat.questions.situation import OpenAlert, Situation, read_names_of
from overheard.chat.questions.tools import reads
from overheard.commands.registry import offered
from overheard.domain import Brand, Catalogue, Fact, Model

LISTS = Path(__file__).parents[1] / "data"
TODAY = date(2026, 11, 30)
RIVALS = ("HubSpot", "Salesforce", "Zoho CRM", "Freshsales")
GPT, CLAUDE = Model("openai", "gpt-5.4-mini"), Model("anthropic", "claude-sonnet-5-5")
SHOWN = {GPT: "ChatGPT", CLAUDE: "Claude"}
SHORT = {"trend voice": "voice", "trend versus": "versus", "changes updates": "updates list"}
"""What the lists call what some commands show."""
CATALOGUE = Catalogue(
    brands=(
        Brand("Pipedrive", competitors=RIVALS, category="CRM"),
        *(Brand(n, ("Zoho",) if n[0] == "Z" else (), tracked=False) for n in RIVALS),
    ),
    facts=(Fact("Pipedrive", "price", "$14"), Fact("Pipedrive", "founded", "2010")),
)


@cache
def names() -> KnownNames:
    """Return the names that the questions may have."""
    return read_names_of(CATALOGUE, SHOWN)


@cache
def situation() -> Situation:
    """Return what the answers depend on."""
    alert = OpenAlert(3, "Pipedrive", str(GPT), "ChatGPT")
    return Situation(
        TODAY,
        ("Pipedrive",),
        {str(model): name for model, name in SHOWN.items()},
        (alert,),
        None,
        {str(GPT): date(2026, 11, 20)},
        date(2026, 11, 23),
        {spec.name: spec for spec in offered(Face.CHAT)},
    )


def questions(language: str) -> Iterator[tuple[str, str]]:
    """Yield what is expected, and the question."""
    for line in (LISTS / f"questions_{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            expected, _, question = line.partition(" | ")
            yield expected, question


def right(expected: str, got: str) -> bool:
    """Return whether an answer is one of those that are expected, which ` / ` separates."""
    return got in expected.split(" / ")


def answer(question: str) -> str:
    """Return what a question is answered with; "-" when it is not answered.

    Args:
        question: After ``[thread]`` it is asked in the thread of alert 3; after ``>>`` it follows
            the question before that.
    """
    before, situated = None, situation()
    if question.startswith("[thread] "):
        question = question.removeprefix("[thread] ")
        situated = replace(situated, thread_alert=situated.alerts[0])
    if " >> " in question:
        earlier, _, question = question.partition(" >> ")
        before = parse_question(earlier, names(), TODAY)
    reading = parse_question(question, names(), TODAY, before)
    if not reading.understood:
        return "-"
    if reading.intent in {"hello", "help"}:
        return "hello"
    if reading.intent == "thanks":
        return "thanks"
    made = plan_answer(reading, situated)
    return _written(made) if made else "-"


def _written(made: Plan) -> str:
    order = made.order
    if order is None or not reads(order.spec):
        return f"button {order.spec.name if order else made.actions[0].words}"
    options = order.given
    command = f"{order.spec.name} {options.pop('show', '')}".strip()
    command = SHORT.get(command, command)
    shown = [command]
    brands = options.pop("brands", ()) or [options.pop("brand", "")]
    shown += [name for name in brands if name not in {"", "Pipedrive"}]
    if command == "alerts show":
        options.pop("about", "")
    if command == "trend":
        options.setdefault("metric", "visibility")
    shown += [str(options.pop(k)) for k in ("metric", "other", "about", "state") if k in options]
    shown.sort(key=lambda word: (word != command, word in RIVALS and command != "versus"))
    if model := options.pop("model", ""):
        shown.append(f"@{SHOWN[Model(*model.split('/'))]}")
    for bound in ("since", "until"):
        if day := options.pop(bound, ""):
            shown.append(f"{bound} {day}")
    if alert := options.pop("alert", ""):
        shown.append(f"#{alert}")
    return " ".join([*shown, *(f"{name}={value}" for name, value in sorted(options.items()))])
