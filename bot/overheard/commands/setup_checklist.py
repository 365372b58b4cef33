"""`setup` in chat: a checklist of five steps. Whether a step is done is read from the configuration
and the store each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style
from overheard.cards.command import IN_CHAT, CommandSpec, Step
from overheard.commands.arguments import in_words
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, RunState
from overheard.runs.plan import tracked
from overheard.scoring.judge import judges

SKIPPED = "setup:facts skipped"
"""The name of the setting that says that a person left the facts out."""
NEWEST_RUNS = 20
"""Runs among which a complete check is looked for."""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A step of the set-up.

    Attributes:
        title: The title in a few words.
        text: What was decided; while the step is open, what it is for.
        words: The command that opens the step's form, such as ``setup brand``.
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
        """The first open step; None when all steps are done."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def title(self) -> str:
        """The number of steps done, such as ``2 of 5 steps done``."""
        return f"{self.done} of {len(self.steps)} steps done"

    def fields(self) -> tuple[Field, ...]:
        """Return a field for each step, in their order: a mark for done or open, its number and
        title, and its text.
        """
        marks = {True: "\N{WHITE HEAVY CHECK MARK}", False: "\N{WHITE SQUARE BUTTON}"}
        return tuple(
            Field(f"{marks[step.done]} {number}  {step.title}", step.text, wide=True)
            for number, step in enumerate(self.steps, 1)
        )

    def actions(self) -> tuple[Action, ...]:
        """Return the button of the first open step, if any, then a ``Change`` button for each of
        the first four steps that is done. The last step, the first check, has no such button.
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
    """Return the checklist of the first tracked brand. Without such a brand, the steps brand and
    questions are open.

    A step is done if the store or config.toml has what it asks for: a brand, a question, a fact, a
    schedule with a channel. Facts are also done if a person has left them out. The first check is
    done if one of the newest `NEWEST_RUNS` runs is a complete check.
    """
    catalogue, config = deployment.catalogue, deployment.config
    brands = tracked(catalogue)
    brand = brands[0] if brands else None
    asked = catalogue.prompts_for(brand.name) if brand else ()
    facts = [fact for fact in catalogue.facts if brand and fact.brand == brand.name]
    skipped = not facts and await deployment.store.settings.get(SKIPPED) is not None
    has_places = bool(config.routes and catalogue.schedules)
    runs = await deployment.store.runs.find(aside=False, limit=NEWEST_RUNS)
    checked = any(run.panel and run.state is RunState.COMPLETE for run in runs)
    first_check = "Done." if checked else "I ask the models, and show how you stand."
    return Checklist(
        (
            SetupStep(
                title="Brand and competitors",
                text=_brand_words(brand) if brand else "Your brand, and what you sell.",
                words="setup brand",
                begin="Set up",
                done=brand is not None,
            ),
            SetupStep(
                title="Questions",
                text=wording.count(len(asked), "question")
                if asked
                else "What your buyers ask before they buy.",
                words="setup questions",
                begin="Choose questions",
                done=bool(asked),
            ),
            SetupStep(
                title="Facts",
                text=_fact_words(len(facts), skipped=skipped),
                words="setup facts",
                begin="Add facts",
                done=bool(facts) or skipped,
            ),
            SetupStep(
                title="Where and when",
                text=_schedule_words(deployment) if has_places else "A channel, a day, a budget.",
                words="setup places",
                begin="Where and when",
                done=has_places,
            ),
            SetupStep(
                title="First check",
                text=" ".join(filter(None, [first_check, _judge_sentence(deployment)])),
                words="setup start",
                begin="First check",
                done=checked,
            ),
        )
    )


def checklist_card(checklist: Checklist) -> Card:
    """Return the card of a checklist: a field for each step, and the buttons of
    `Checklist.actions`.
    """
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
    """Return the card that the bot posts when it is invited to a channel.

    Its first button opens the set-up's first step while no step is done, the checklist while some
    are open, and the report after all of them.
    """
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
    """Return the text of the step of facts: their number, or that a person left them out, or what
    they are for.
    """
    if count:
        return wording.count(count, "fact")
    return "Left out" if skipped else "I tell you when a model gets them wrong."


def _schedule_words(deployment: Deployment) -> str:
    """Return when the first schedule checks, and the number of channels with alerts, such as
    ``Every Monday at 9:00, 1 channel``.
    """
    words = in_words(deployment.catalogue.schedules[0].cron)
    channels = len({route.channel for route in deployment.config.routes})
    return f"{words[:1].upper()}{words[1:]}, {wording.count(channels, 'channel')}"


def _judge_sentence(deployment: Deployment) -> str:
    """Return a sentence with the model that reads tone and facts of answers (the judge); empty
    without one.
    """
    judging = judges(deployment.plugins.scorers.values())
    return f"{deployment.names.name(judging[0].model)} reads tone and facts." if judging else ""


async def step_after(deployment: Deployment, form: str = "") -> Step:
    """Return the result of a step: the checklist as it is stored now, and the form that follows.

    Args:
        form: The command of the form, such as ``setup facts``; empty if none follows.
    """
    return Step(checklist_card(await checklist(await deployment.refreshed())), form)


async def show_setup(deployment: Deployment, _: Call) -> Card:
    """Show how far the set-up is, with a button for each step."""
    return checklist_card(await checklist(deployment))


SETUP_LIST = CommandSpec(
    "setup list",
    "Show how far the set-up is, with a button for each step.",
    show_setup,
    private=True,
    faces=IN_CHAT,
    examples=("setup",),
)
