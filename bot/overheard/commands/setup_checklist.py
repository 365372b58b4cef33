"""`setup` and `setup start` in chat: a checklist of five steps, read from what is there, and the
last step, the first check.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style
from overheard.cards.command import (
    IN_CHAT,
    CommandSpec,
    FormChoice,
    FormContent,
    Role,
    Step,
    option,
    quoted,
)
from overheard.commands.arguments import in_words
from overheard.commands.first_check import ROUND_SIZES
from overheard.commands.setup_draft import (
    REPEATS,
    brand_of,
    price_of_questions,
)
from overheard.config.stored import JUDGE
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Model, RunState, Setting
from overheard.runs.plan import tracked
from overheard.runs.quote import PriceQuote
from overheard.scoring.judge import judges, judging_cost_a_year, proposed_judge

SKIPPED = "setup:facts skipped"
"""The name of the setting that says that a person left the facts out."""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A step of the set-up.

    Attributes:
        title: The title in a few words.
        text: What was decided, or the purpose of the step.
        words: The command that opens the step's form.
        begin: The label of the step's button while the step is open.
        done: Whether the step is done.
    """

    title: str
    text: str
    words: str
    begin: str
    done: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps of the set-up.

    Attributes:
        steps: The steps in their order.
    """

    steps: tuple[SetupStep, ...]

    @property
    def done(self) -> int:
        """The number of steps that are done."""
        return sum(step.done for step in self.steps)

    @property
    def complete(self) -> bool:
        """Whether all steps are done."""
        return self.done == len(self.steps)

    @property
    def next(self) -> SetupStep | None:
        """The first step that is open, or None."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def title(self) -> str:
        """How far it is, such as ``2 of 5 steps done``."""
        return f"{self.done} of {len(self.steps)} steps done"

    def fields(self) -> tuple[Field, ...]:
        """Return a field for each step, in their order: a mark for done or open, the title, the
        text.
        """
        marks = {True: "\N{WHITE HEAVY CHECK MARK}", False: "\N{WHITE SQUARE BUTTON}"}
        return tuple(
            Field(f"{marks[step.done]} {number}  {step.title}", step.text, wide=True)
            for number, step in enumerate(self.steps, 1)
        )

    def actions(self) -> tuple[Action, ...]:
        """Return the button of the next open step, then buttons that change each of the first four
        steps that are done.
        """
        following = self.next
        first = [Action(following.words, following.begin, Style.PRIMARY)] if following else []
        changes = (
            Action(step.words, f"Change {step.title[:1].lower()}{step.title[1:]}")
            for step in self.steps[:4]
            if step.done
        )
        return (*first, *changes)


async def checklist(deployment: Deployment) -> Checklist:
    """Return the checklist of the first tracked brand.

    It is derived from the catalogue, the settings and the newest 20 runs, so that nothing about the
    set-up itself is stored, and a declaration in config.toml counts as done.
    """
    catalogue, config = deployment.catalogue, deployment.config
    brands = tracked(catalogue)
    brand = brands[0] if brands else None
    asked = catalogue.prompts_for(brand.name) if brand else ()
    facts = [fact for fact in catalogue.facts if brand and fact.brand == brand.name]
    skipped = not facts and await deployment.store.settings.get(SKIPPED) is not None
    placed = bool(config.routes and catalogue.schedules)
    runs = await deployment.store.runs.find(aside=False, limit=20)
    checked = any(run.panel and run.state is RunState.COMPLETE for run in runs)
    first_check = "Done." if checked else "I ask the models, and show how you stand."
    return Checklist(
        (
            SetupStep(
                "Brand and competitors",
                _brand_words(brand) if brand else "Your brand, and what you sell.",
                "setup brand",
                "Set up",
                brand is not None,
            ),
            SetupStep(
                "Questions",
                wording.count(len(asked), "question")
                if asked
                else "What your buyers ask before they buy.",
                "setup questions",
                "Choose questions",
                bool(asked),
            ),
            SetupStep(
                "Facts",
                _fact_words(len(facts), skipped=skipped),
                "setup facts",
                "Add facts",
                bool(facts) or skipped,
            ),
            SetupStep(
                "Where and when",
                _schedule_words(deployment) if placed else "A channel, a day, a budget.",
                "setup places",
                "Where and when",
                placed,
            ),
            SetupStep(
                "First check",
                " ".join(filter(None, [first_check, _judge_sentence(deployment)])),
                "setup start",
                "First check",
                checked,
            ),
        )
    )


def checklist_card(checklist: Checklist) -> Card:
    """Return the card of a checklist, with a field and a button for each step."""
    text = (
        "I watch what AI models say about you, and tell you when it changes."
        if checklist.complete
        else "I ask AI models what your buyers ask, and tell you when they change what they say "
        "about you."
    )
    return Card(
        title="Set up: 5 of 5" if checklist.complete else checklist.title,
        text=text,
        fields=checklist.fields(),
        actions=checklist.actions(),
        severity=Severity.GOOD if checklist.complete else Severity.PLAIN,
        data={"steps": [{"title": step.title, "done": step.done} for step in checklist.steps]},
    )


def greeting_card(checklist: Checklist) -> Card:
    """Return the card that the bot posts in a channel to which it was invited."""
    following = checklist.next
    begin = Action("setup list", "Set up", Style.PRIMARY)
    if checklist.done == 0 and following:
        begin = Action(following.words, "Set up", Style.PRIMARY)
    actions = (begin, Action("help", "What can you do?"))
    if checklist.complete:
        actions = (Action("report", "Report", Style.PRIMARY), Action("help", "What can you do?"))
    text = "I ask AI models what your buyers ask, and tell you when they change what they say."
    if not checklist.complete:
        text += " Setting me up takes two minutes."
    return Card("Hello, I am Overheard", text, actions=actions)


def _brand_words(brand: Brand) -> str:
    if not brand.competitors:
        return wording.line(brand.name)
    rivals = wording.count(len(brand.competitors), "competitor")
    return f"{wording.line(brand.name)} and {rivals}"


def _fact_words(count: int, *, skipped: bool) -> str:
    if count:
        return wording.count(count, "fact")
    return "Left out" if skipped else "I tell you when a model gets them wrong."


def _schedule_words(deployment: Deployment) -> str:
    words = in_words(deployment.catalogue.schedules[0].cron)
    channels = len({route.channel for route in deployment.config.routes})
    return f"{words[:1].upper()}{words[1:]}, {wording.count(channels, 'channel')}"


def _judge_sentence(deployment: Deployment) -> str:
    """Return who reads tone and facts, as a sentence; empty without a judge."""
    judging = judges(deployment.plugins.scorers.values())
    return f"{deployment.names.name(judging[0].model)} reads tone and facts." if judging else ""


async def step_after(deployment: Deployment, form: str = "") -> Step:
    """Return the result of a step: the checklist as stored now, and the command of the form to open
    next (`form`; empty for none).
    """
    return Step(checklist_card(await checklist(await deployment.refreshed())), form)


API_NOTE = "I ask by API. In the ChatGPT and Claude apps, people may see other answers."

HEADROOM = 2
"""The judge's budget of a month, as a multiple of what it is expected to cost."""


async def judge_choices(deployment: Deployment, brand: Brand) -> list[FormChoice]:
    """Return the two entries of the form's question who reads tone and facts: a model with its
    price a year, or rules.

    Empty when config.toml has a judge, or when no configured model is proposed.
    """
    proposal, stored = (
        _proposed_judge_and_price(deployment, brand),
        await deployment.store.settings.get(JUDGE),
    )
    of_chat = stored is not None and stored.value.get("model")
    if proposal is None or (judges(deployment.plugins.scorers.values()) and not of_chat):
        return []
    model, usd = proposal
    price = wording.money(usd, about=True)
    return [
        FormChoice("model", f"{deployment.names.name(model)} reads them closely, {price} a year"),
        FormChoice("rules", "Only my own rules, for nothing"),
    ]


async def keep_judge(deployment: Deployment, call: Call, brand: Brand, *, chosen: bool) -> None:
    """Store whether a model reads tone and facts (`chosen`); an earlier choice of a model stays.

    The judge's monthly budget is `HEADROOM` times its expected price, rounded up to whole US
    dollars.
    """
    settings, found = deployment.store.settings, _proposed_judge_and_price(deployment, brand)
    stored = await settings.get(JUDGE)
    if chosen and (found is None or (stored and stored.value.get("model"))):
        return
    value: dict[str, object] = {}
    if chosen and found:
        model, usd = found
        value = {"model": str(model), "budget": float(ceil(HEADROOM * usd / 12))}
    await settings.put(Setting(JUDGE, value, call.who, deployment.clock.now()))


def _proposed_judge_and_price(deployment: Deployment, brand: Brand) -> tuple[Model, float] | None:
    """Return the proposed judge and its expected price a year in US dollars; None without a model
    or a price.
    """
    providers = deployment.plugins.providers
    model = proposed_judge(providers)
    if model is None:
        return None
    prompts = deployment.catalogue.prompts_for(brand.name)
    answers = len(prompts) * REPEATS * len(deployment.plugins.models)
    usd = judging_cost_a_year(model, answers, providers, sheets=1)
    return None if usd is None else (model, usd)


async def show_setup(deployment: Deployment, _: Call) -> Card:
    """Show how far the set-up is, with a button for each step."""
    return checklist_card(await checklist(deployment))


async def start_checks(
    deployment: Deployment,
    call: Call,
    *,
    begin: Annotated[str, option("What I do now.", label="Begin now?")] = "",
    reader: Annotated[
        str, option("A model misses less than rules do.", label="Who reads tone and facts?")
    ] = "",
) -> Step:
    """Return the first check as the next step: now once, now in three rounds within a day, or at
    the scheduled time. Stores whether a model reads tone and facts.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        begin: ``once``, ``three`` or ``later``.
        reader: ``model`` or ``rules``; empty leaves it unchanged.
    """
    brand = brand_of(deployment)
    if reader:
        await keep_judge(deployment, call, brand, chosen=reader == "model")
        deployment = await deployment.refreshed()
    after = await step_after(deployment)
    if begin not in {"once", "three"}:
        return after
    price = await _first_price(deployment, brand, begin)
    first = " --first" if begin == "three" else ""
    words = f"check {quoted(brand.name)}{first}"
    return replace(after, run=words, agreed_usd=price.usd if price else 0.0)


async def _first_price(deployment: Deployment, brand: Brand, begin: str) -> PriceQuote | None:
    repeats = sum(ROUND_SIZES[0]) if begin == "three" else 1
    return await price_of_questions(deployment, brand.name, (), repeats=repeats)


async def fill_start(deployment: Deployment, _: Call, **__: object) -> FormContent:
    """Return the form of the first check, with the price of each choice."""
    brand = brand_of(deployment)
    labels = {"once": "Once now", "three": "Three times today: I know sooner what is normal"}
    choices = []
    for key, label in labels.items():
        price = await _first_price(deployment, brand, key)
        choices.append(FormChoice(key, f"{label}, {price.short}" if price else label))
    when = [in_words(schedule.cron) for schedule in deployment.catalogue.schedules[:1]]
    choices.append(FormChoice("later", f"Not now: {when[0]}" if when else "Not now"))
    checked = (await checklist(deployment)).steps[-1].done
    readers = await judge_choices(deployment, brand)
    on = bool(judges(deployment.plugins.scorers.values()))
    return FormContent(
        {"begin": "later" if checked else "once", "reader": "model" if on else "rules"},
        {"begin": choices, "reader": readers},
        title="5 of 5: First check",
        text=API_NOTE,
        submit="Done" if checked else "Begin",
    )


SETUP_LIST = CommandSpec(
    "setup list",
    "Show how far the set-up is, with a button for each step.",
    show_setup,
    private=True,
    faces=IN_CHAT,
    examples=("setup",),
)

SETUP_START = CommandSpec(
    "setup start",
    "Begin with the first check.",
    start_checks,
    fill=fill_start,
    examples=("setup start",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
