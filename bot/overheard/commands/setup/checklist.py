"""The steps of the set-up in their order, and a checklist of what was decided in each. Whether a
step is done is read from the configuration and the store each time.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style
from overheard.cards.command import IN_CHAT, CommandSpec, FormChoice, FormContent, Role, Step
from overheard.commands.arguments import in_words
from overheard.deployment import Call
from overheard.domain import Brand, RunState
from overheard.errors import BadUsage, OverheardError
from overheard.scoring.judge import judges

DRAFT = "setup:draft"
"""The name of the setting that has the draft of a set-up, see `overheard.commands.setup.draft`."""
SKIPPED = "setup:facts skipped"
"""The name of the setting that says that a person left the facts out."""
NEWEST_RUNS = 20
"""Runs among which a complete check is looked for."""
PURPOSE = "I ask AI models what your buyers ask, and tell you when they change what they say."
NO_RIVAL = ", and no competitor to compare you with"
DONE, OPEN = "\N{WHITE HEAVY CHECK MARK}", "\N{WHITE SQUARE BUTTON}"


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A step of the set-up.

    Attributes:
        name: The verb of its command, such as ``brand`` of ``setup brand``.
        begin: The label of its button while it is open.
        purpose: What it is for, which is told while it is open.
    """

    name: str
    title: str
    begin: str
    purpose: str

    @property
    def words(self) -> str:
        """The command that opens its form."""
        return f"setup {self.name}"


STEPS = (
    SetupStep("brand", "Your brand", "Set up", "What you sell, and beside whom."),
    SetupStep("questions", "Questions", "Choose questions", "What buyers ask before they buy."),
    SetupStep("facts", "Facts", "Add facts", "I tell you when a model gets them wrong."),
    SetupStep("places", "Where and when", "Where and when", "A channel, a day, a budget."),
    SetupStep("start", "First check", "First check", "I ask the models, and show how you stand."),
)
NUMBERS = {step.name: number for number, step in enumerate(STEPS, 1)}


def step_form(
    name: str,
    values: Mapping[str, object],
    choices: Mapping[str, Sequence[FormChoice]] | None = None,
    hints: Mapping[str, str] | None = None,
    *,
    text: str = "",
    submit: str = "Next",
) -> FormContent:
    """Return the form of a step; its title has the step's number."""
    number = NUMBERS[name]
    title = f"{number} of {len(STEPS)}: {STEPS[number - 1].title}"
    return FormContent(values, choices or {}, hints or {}, title=title, text=text, submit=submit)


def step_command(
    words: str,
    run: Callable[..., Awaitable[Step]],
    fill: Callable[..., Awaitable[FormContent]],
    form_of: str = "",
) -> CommandSpec:
    """Return the command of a step, of which `words` are an example."""
    name = " ".join(words.split()[:2])
    summary = next(step.purpose for step in STEPS if step.words == name)
    step = CommandSpec(name, summary, run, fill=fill, examples=(words,), faces=IN_CHAT)
    return replace(step, role=Role.ADMIN, step=True, form_of=form_of)


@dataclass(frozen=True, slots=True)
class Checklist:
    """What was decided in the set-up.

    Attributes:
        decided: By the name of each step what was decided; empty while the step is open.
        note: A sentence for the last step.
        ranks: Whether the brand has a competitor. Without one the questions are not done, and
            their step is the last of the open ones.
    """

    decided: Mapping[str, str]
    note: str
    ranks: bool = True

    def is_done(self, step: SetupStep) -> bool:
        """Return whether a step is done."""
        return bool(self.decided[step.name]) and (self.ranks or step.name != "questions")

    @property
    def open(self) -> tuple[SetupStep, ...]:
        """The steps that are not done, in the order in which they are proposed."""
        left = (step for step in STEPS if not self.is_done(step))
        return tuple(sorted(left, key=lambda step: bool(self.decided[step.name])))

    @property
    def done(self) -> int:
        """The number of steps that are done."""
        return len(STEPS) - len(self.open)

    @property
    def progress(self) -> str:
        """How many steps are done, such as ``2 of 5``."""
        return f"{self.done} of {len(STEPS)}"

    @property
    def complete(self) -> bool:
        """Whether all steps are done."""
        return not self.open

    def missing(self) -> str:
        """Return a sentence that names what is open; empty when all steps are done."""
        titles = [
            step.title if self.ranks or not self.decided[step.name] else "Competitors"
            for step in self.open
        ]
        return f"Still to be set up: {'; '.join(titles).lower()}." if titles else ""

    def fields(self) -> tuple[Field, ...]:
        """Return a field for each step: a mark for done or open, its number and title, and what was
        decided or what it is for.
        """
        texts = {step.name: self.decided[step.name] or step.purpose for step in STEPS}
        texts["start"] = f"{texts['start']} {self.note}".strip()
        return tuple(
            Field(
                f"{DONE if self.is_done(step) else OPEN} {NUMBERS[step.name]}  {step.title}",
                texts[step.name],
                wide=True,
            )
            for step in STEPS
        )

    def actions(self) -> tuple[Action, ...]:
        """Return the button of the first open step, or that of the apps when all are done; then a
        ``Change`` button for each step that is done but the first check.
        """
        first = [Action(step.words, step.begin, Style.PRIMARY) for step in self.open[:1]]
        first = first or [Action("apps", "Ask the ChatGPT app and Google too")]
        changes = (
            Action(step.words, f"Change {step.title[:1].lower()}{step.title[1:]}")
            for step in STEPS[:-1]
            if self.is_done(step)
        )
        return (*first, *changes)


async def drafted_brand(call: Call) -> Brand:
    """Return the brand that is being set up: that of the draft, else the first tracked one."""
    brands = call.catalogue.tracked
    if not brands:
        raise BadUsage(problem="Your brand comes first", usage="setup brand")
    stored = await call.store.settings.get(DRAFT)
    drafted = stored and call.catalogue.brand(stored.value["brand"])
    return drafted if drafted and drafted.tracked else brands[0]


async def checklist(call: Call, *, offers: bool = False) -> Checklist:
    """Return the checklist of the brand that is being set up. Without a tracked brand, the steps
    brand and questions are open.

    A step is done if the store or config.toml has what it asks for: a brand, a question, a fact, a
    schedule of the brand with a channel. Facts are also done if a person has left them out. The
    first check is done if one of the newest `NEWEST_RUNS` runs is a complete check.

    Args:
        offers: Whether the note has the price of the apps, which a plugin says.
    """
    catalogue, config, store = call.catalogue, call.config, call.store
    brand = await drafted_brand(call) if catalogue.tracked else None
    asked = catalogue.prompts_for(brand.name) if brand else ()
    facts = [fact for fact in catalogue.facts if brand and fact.brand == brand.name]
    skipped = "" if await store.settings.get(SKIPPED) is None else "Left out"
    runs = await store.runs.find(aside=False, limit=NEWEST_RUNS)
    checked = any(run.panel and run.state is RunState.COMPLETE for run in runs)
    judging = judges(call.plugins.scorers.values())
    described = places = ""
    ranks = bool(brand and brand.competitors)
    if brand:
        rivals = wording.count(len(brand.competitors), "competitor")
        described = wording.line(brand.name) + (f" and {rivals}" if brand.competitors else "")
    own = [s for s in catalogue.schedules if not (brand and s.brands) or brand.name in s.brands]
    if config.routes and own:
        times = in_words(own[0].cron)
        channels = wording.count(len({route.channel for route in config.routes}), "channel")
        places = f"{times[:1].upper()}{times[1:]}, {channels}"
    decided = {
        "brand": described,
        "questions": wording.count(len(asked), "question") + ("" if ranks else NO_RIVAL)
        if asked
        else "",
        "facts": wording.count(len(facts), "fact") if facts else skipped,
        "places": places,
        "start": "Done." if checked else "",
    }
    note = f"{call.names.name(judging[0].model)} reads tone and facts." if judging else ""
    apps = call.plugins.commands.get("apps")
    offer: object = None
    if offers and brand and checked and apps and catalogue.schedules:  # the price is of a schedule
        with suppress(OverheardError):  # of the plugin: the rest is shown without it
            offer = await apps.run(call)
    if month := isinstance(offer, Card) and offer.data and offer.data.get("usd_a_month"):
        price = f"The ChatGPT app and Google too: {wording.money(month, about=True)} a month."
        note = f"{note} {price}".lstrip()
    return Checklist(decided, note, ranks)


def checklist_card(checklist: Checklist) -> Card:
    """Return the card of a checklist: a field for each step, and the buttons of
    `Checklist.actions`.
    """
    text = (
        "I watch what AI models say about you, and tell you when it changes."
        if checklist.complete
        else PURPOSE
    )
    done = [{"title": step.title, "done": checklist.is_done(step)} for step in STEPS]
    return Card(
        title=f"Set up: {checklist.progress}"
        if checklist.complete
        else f"{checklist.progress} steps done",
        text=text,
        fields=checklist.fields(),
        actions=checklist.actions(),
        severity=Severity.GOOD if checklist.complete else Severity.PLAIN,
        data={"steps": done},
    )


def greeting_card(checklist: Checklist) -> Card:
    """Return the card that the bot posts when it is invited to a channel.

    Its first button opens the set-up's first step while no step is done, the checklist while some
    are open, and the report after all of them.
    """
    text = PURPOSE
    begin = Action("report", "Report", Style.PRIMARY)
    if checklist.open:
        text += " Setting me up takes two minutes."
        words = "setup list" if checklist.done else checklist.open[0].words
        begin = Action(words, "Set up", Style.PRIMARY)
    actions = (begin, Action("help", "What can you do?"))
    return Card("Hello, I am Overheard", text, actions=actions)


async def step_after(call: Call, name: str = "") -> Step:
    """Return the result of a step: the checklist as it is stored now, and the form that follows.

    Args:
        name: The step whose form follows while a step is open, such as ``facts``; empty if none
            does.
    """
    state = await checklist(await call.refreshed(), offers=True)
    return Step(checklist_card(state), f"setup {name}" if name and state.open else "")


def go_on(checklist: Checklist) -> tuple[Action, ...]:
    """Return the button of a set-up that has begun and is not complete."""
    action = Action("setup list", f"Set up: {checklist.progress}")
    return () if checklist.complete else (action,)


async def show_setup(call: Call) -> Card:
    """Show how far the set-up is, with a button for each step."""
    return checklist_card(await checklist(call, offers=True))


SETUP_LIST = CommandSpec(
    "setup list",
    "Show how far the set-up is, with a button for each step.",
    show_setup,
    private=True,
    faces=IN_CHAT,
)
