"""`setup` in chat: five steps from a brand's name to the first check, each a form.

Each step stores what was decided, so that the set-up can be left and taken up at any time. Where a
platform lets a form follow a form, the steps follow each other; elsewhere a card with a button for
each step is shown between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Card
from overheard.cards.command import (
    MAX_NAME_CHARS,
    Choice,
    CommandSpec,
    Face,
    FormContent,
    Kind,
    Role,
    Step,
    argument,
    option,
    quoted,
)
from overheard.commands.brands import check_brand
from overheard.commands.power import current_offer
from overheard.commands.setup_draft import (
    DAYS_A_MONTH,
    REPEATS,
    Draft,
    keep_draft,
    kept_draft,
    price_of_questions,
    suggest,
    suggester,
    suggestion_price,
    with_answers,
)
from overheard.commands.setup_facts import FACT_OPTIONS, fact_values, keep_facts
from overheard.commands.setup_judge import judge_choices, keep_judge
from overheard.commands.setup_places import PlaceChoice, keep_place, place_values
from overheard.commands.setup_progress import checklist, checklist_card
from overheard.commands.week_times import DAY_CHOICES, WEEKDAYS, in_words
from overheard.config.catalogue import read_domain
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Prompt
from overheard.errors import BadUsage
from overheard.runs.first_check import ROUND_SIZES
from overheard.runs.plan import tracked
from overheard.runs.quote import Quote
from overheard.scoring.judge import judges

IN_CHAT = frozenset({Face.CHAT})
TICKED = 8
"""Suggested questions that are ticked at first."""
API_NOTE = "I ask by API. In the ChatGPT and Claude apps, people may see other answers."


async def show_setup(deployment: Deployment, _: Call) -> Card:
    """Show how far the set-up is, with a button for each step."""
    return checklist_card(await checklist(deployment))


async def _after(deployment: Deployment, form: str = "") -> Step:
    """Return the result of a step: the next form, or the checklist."""
    return Step(checklist_card(await checklist(await deployment.refreshed())), form)


def _brand(deployment: Deployment) -> Brand:
    """Return the brand that is set up.

    Raises:
        BadUsage: when there is none yet.
    """
    brands = tracked(deployment.catalogue)
    if not brands:
        raise BadUsage(problem="Your brand comes first", usage="setup brand")
    return brands[0]


# 1 Brand


async def set_brand(
    deployment: Deployment,
    call: Call,
    *,
    name: Annotated[
        str,
        argument("The name people know it by.", label="Your brand", longest=MAX_NAME_CHARS),
    ],
    website: Annotated[
        str,
        option("So that I see when your own pages are cited.", label="Your website"),
    ] = "",
    category: Annotated[
        str,
        option("In your buyers' words, such as CRM for small sales teams.", label="What is it?"),
    ] = "",
    competitors: Annotated[
        Sequence[str],
        option(
            "Leave it empty, and choose from suggestions next.",
            word="competitor",
            longest=MAX_NAME_CHARS,
        ),
    ] = (),
    suggestions: Annotated[
        bool, option("Ask a model for suggestions.", label="Suggestions from a model")
    ] = False,
) -> Step:
    """Set up the brand; a model may be asked for competitors and questions.

    Raises:
        BadUsage: when the website is none.
        NameTaken: when one of the names means another brand.
    """
    mine = _clean(name)
    known = deployment.catalogue.brand(mine)
    before = known if known and known.tracked else None
    brand = before or Brand(mine)
    rivals = dict.fromkeys([*brand.competitors, *filter(None, map(_clean, competitors))])
    brand = replace(
        brand,
        domains=_domains(website, brand.domains),
        category=_clean(category) or brand.category,
        competitors=tuple(rivals),
    )
    if brand != before:
        brand = await check_brand(deployment, call, brand, before)
        await deployment.store.catalogue.set_brand(brand)
        deployment = await deployment.refreshed()
    draft = (
        await suggest(deployment, call, brand)
        if suggestions
        else await kept_draft(deployment, brand)
    )
    await keep_draft(deployment, call, draft)
    return await _after(deployment, "setup questions")


async def fill_brand(deployment: Deployment, call: Call, **given: object) -> FormContent:
    """Return the form of the brand."""
    brands = tracked(deployment.catalogue)
    values: dict[str, object] = {"suggestions": False}
    if brands:
        brand = brands[0]
        values |= {
            "name": brand.name,
            "website": "".join(brand.domains[:1]),
            "category": brand.category,
            "competitors": brand.competitors,
        }
    values |= given
    hints = {}
    model = suggester(deployment)
    if model and (price := await suggestion_price(deployment, call)):
        values["suggestions"] = price.usd < inf
        hints["suggestions"] = (
            f"{deployment.names.name(model)} names competitors and questions ({price.short})."
        )
    return FormContent(values, hints=hints, title="1 of 5: Your brand", submit="Next")


def _clean(text: str) -> str:
    """Return a typed name on one line, without invisible characters."""
    return wording.line(text).strip()


def _domains(website: str, before: tuple[str, ...]) -> tuple[str, ...]:
    if not website.strip():
        return before
    try:
        return tuple(dict.fromkeys([read_domain(website), *before]))
    except ValueError as error:
        raise BadUsage(problem=f"The website {error}", usage="setup brand") from None


# 2 Questions


async def set_questions(
    deployment: Deployment,
    call: Call,
    *,
    names: Annotated[
        Sequence[str], option("Untick what is wrong.", label="Competitors and other names")
    ] = (),
    questions: Annotated[
        Sequence[str], option("None of them names a brand.", label="What do your buyers ask?")
    ] = (),
    branded: Annotated[
        Sequence[str],
        option(
            "They show how you are described, and count for no ranking.",
            label="Questions that name you",
        ),
    ] = (),
    own: Annotated[Sequence[str], option("As your buyers type.", label="Your own questions")] = (),
    then: Annotated[str, option("What comes next.", label="And then?")] = "later",
) -> Step:
    """Add the chosen competitors, names and questions, and go on or ask at once.

    Raises:
        BadUsage: when there is no question.
    """
    brand = _brand(deployment)
    draft = await kept_draft(deployment, brand)
    texts = [*_picked(questions, "q", draft.questions), *_picked(branded, "b", draft.branded)]
    texts += [text for text in map(_clean, own) if text]
    if not texts and not deployment.catalogue.prompts_for(brand.name):
        raise BadUsage(problem="Choose at least one question", usage="setup questions")
    offered = await price_of_questions(deployment, brand.name, [*draft.questions, *draft.branded])
    await _keep_names(deployment, call, brand, draft, names)
    catalogue = deployment.store.catalogue
    await catalogue.add_prompts(Prompt(text, brands=(brand.name,)) for text in texts)
    if then == "now":
        after = await _after(deployment)
        agreed_usd = offered.usd if offered else 0.0
        return replace(after, run=f"check {quoted(brand.name)}", agreed_usd=agreed_usd)
    return await _after(deployment, "setup facts")


async def _keep_names(
    deployment: Deployment, call: Call, brand: Brand, draft: Draft, names: Sequence[str]
) -> None:
    """Add the chosen competitors and other names to the brand."""
    rivals = (*brand.competitors, *_picked(names, "c", draft.competitors))
    aliases = (*brand.aliases, *_picked(names, "a", draft.aliases))
    after = replace(
        brand,
        competitors=tuple(dict.fromkeys(rivals)),
        aliases=tuple(dict.fromkeys(aliases)),
    )
    if after != brand:
        after = await check_brand(deployment, call, after, brand)
        await deployment.store.catalogue.set_brand(after)


async def fill_questions(deployment: Deployment, call: Call, **__: object) -> FormContent:
    """Return the form of competitors and questions, with the suggestions as check boxes."""
    brand = _brand(deployment)
    draft, counts = await with_answers(deployment, call, brand)
    mine = {*brand.competitors, *brand.aliases}
    known = {prompt.text for prompt in deployment.catalogue.prompts_for(brand.name)}
    names = [
        *(
            replace(c, label=f"{c.label}{counts.get(c.label, '')}")
            for c in _choices("c", draft.competitors, "{}")
            if c.label not in mine
        ),
        *_choices("a", draft.aliases, "{} (another name of yours)"),
    ]
    questions = [c for c in _choices("q", draft.questions, "{}") if c.label not in known]
    branded = [c for c in _choices("b", draft.branded, "{}") if c.label not in known]
    price = await price_of_questions(
        deployment, brand.name, [*draft.questions[:TICKED], *draft.branded]
    )
    cost = price.short if price else "price unknown"
    then = [
        Choice("now", f"Ask now, {cost}"),
        Choice("later", "First facts, a channel and a day"),
    ]
    ticked = [choice.value for choice in questions[: 0 if known else TICKED]]
    return FormContent(
        {"names": [choice.value for choice in names], "questions": ticked, "then": "now"},
        {"names": names, "questions": questions, "branded": branded, "then": then},
        {"then": _price_hint(price)},
        title="2 of 5: Questions",
        text=_source(draft),
        submit="Next",
    )


def _source(draft: Draft) -> str:
    if draft.problem:
        return f"These are usual questions. {draft.problem[:1].upper()}{draft.problem[1:]}"
    if draft.asked:
        return f"{draft.asked} suggests this. Untick what does not fit."
    return "These are usual questions. Untick what does not fit."


def _price_hint(price: Quote | None) -> str:
    return f"{price.price}." if price else "What comes next."


def _choices(letter: str, texts: Sequence[str], form: str) -> Iterator[Choice]:
    for number, text in enumerate(texts):
        yield Choice(f"{letter}{number}", form.format(text) if form != "{}" else text)


def _picked(values: Sequence[str], letter: str, texts: Sequence[str]) -> list[str]:
    """Return the texts of the entries that were ticked."""
    by_value = {f"{letter}{number}": text for number, text in enumerate(texts)}
    return [by_value[value] for value in values if value in by_value]


# 3 Facts


async def set_facts(
    deployment: Deployment,
    call: Call,
    *,
    price: Annotated[str, FACT_OPTIONS["price"]] = "",
    free_plan: Annotated[str, FACT_OPTIONS["free plan"]] = "",
    founded: Annotated[str, FACT_OPTIONS["founded"]] = "",
    never: Annotated[Sequence[str], FACT_OPTIONS["never say"]] = (),
) -> Step:
    """Store what is true about the brand; without any fact, the step is left out."""
    given = {"price": price, "free plan": free_plan, "founded": founded}
    await keep_facts(deployment, call, _brand(deployment), given, never)
    return await _after(deployment, "setup places")


async def fill_facts(deployment: Deployment, call: Call, **__: object) -> FormContent:
    """Return the form of facts; what a model said is filled in, to be confirmed."""
    brand = _brand(deployment)
    draft, _ = await with_answers(deployment, call, brand)
    values, suggested = fact_values(deployment, brand, draft.facts)
    text = "When a model says otherwise, I tell you at once."
    if suggested:
        text += f" Filled in is what {draft.asked or 'answers'} said: please confirm or correct it."
    return FormContent(
        values,
        {"free_plan": [Choice("yes", "Yes"), Choice("no", "No")]},
        title="3 of 5: Facts",
        text=text,
        submit="Next",
    )


# 4 Where and when


async def set_places(
    deployment: Deployment,
    call: Call,
    *,
    channel: Annotated[
        str, option("For alerts and the weekly summary.", Kind.CHANNEL, label="Channel")
    ] = "",
    days: Annotated[
        Sequence[str], option("When I ask.", choices=tuple(WEEKDAYS), label="Days")
    ] = (),
    time: Annotated[str, option("The time of day.", Kind.CLOCK, label="Time")] = "",
    timezone: Annotated[str, option("Such as Europe/Berlin.", label="Time zone")] = "",
    month: Annotated[
        float | None, option("In dollars.", low=0, label="Spend at most, a month")
    ] = None,
) -> Step:
    """Store where alerts go and when checks run. The price that the form shows is agreed to.

    Raises:
        BadSchedule: when a day, the time or the zone cannot be read.
        ReadOnly: when config.toml has a schedule of the same name.
    """
    choice = PlaceChoice(channel or call.channel, tuple(days), time, timezone, month)
    await keep_place(deployment, call, _brand(deployment), choice)
    return await _after(deployment, "setup start")


async def fill_places(deployment: Deployment, call: Call, **_: object) -> FormContent:
    """Return the form of channel, days, time and budget, with the price and what is seen for it."""
    brand = _brand(deployment)
    return FormContent(
        place_values(deployment, call),
        {"days": DAY_CHOICES},
        {"month": await _month_hint(deployment, brand)},
        title="4 of 5: Where and when",
        text=await _visible(deployment, brand),
        submit="Next",
    )


async def _month_hint(deployment: Deployment, brand: Brand) -> str:
    price = await price_of_questions(deployment, brand.name, (), repeats=REPEATS)
    if price is None or price.usd == inf:
        return "In dollars. What a check costs is not known yet."
    usd = price.asking.typical + price.judging.typical
    weekly = wording.money(usd * DAYS_A_MONTH / 7, about=True)
    return f"In dollars. A check a week is {weekly} a month ({price.short} a check)."


async def _visible(deployment: Deployment, brand: Brand) -> str:
    """Say what a weekly check shows; it only concerns how much the brand is named."""
    asked = deployment.catalogue.prompts_for(brand.name)
    model = suggester(deployment)
    if not asked or model is None:
        return "I ask each question three times in a check."
    offer = await current_offer(deployment, brand, model, repeats=REPEATS, days=7)
    answers = len(asked) * REPEATS
    lost = min(answers, round(offer.within(4) / 100 * answers))
    return (
        f"{wording.count(len(asked), 'question')}, {REPEATS} times each: a check a week shows a "
        f"loss of about {lost} of {answers} answers within a month."
    )


# 5 First check


async def start_checks(
    deployment: Deployment,
    call: Call,
    *,
    begin: Annotated[str, option("What I do now.", label="Begin now?")] = "",
    reader: Annotated[
        str, option("A model misses less than rules do.", label="Who reads tone and facts?")
    ] = "",
) -> Step:
    """Begin with the first check now, in three rounds within a day, or at the scheduled time. The
    model that is to read tone and facts is switched on or off; the form shows its price.
    """
    brand = _brand(deployment)
    if reader:
        await keep_judge(deployment, call, brand, chosen=reader == "model")
        deployment = await deployment.refreshed()
    after = await _after(deployment)
    if begin not in {"once", "three"}:
        return after
    price = await _first_price(deployment, brand, begin)
    first = " --first" if begin == "three" else ""
    words = f"check {quoted(brand.name)}{first}"
    return replace(after, run=words, agreed_usd=price.usd if price else 0.0)


async def _first_price(deployment: Deployment, brand: Brand, begin: str) -> Quote | None:
    repeats = sum(ROUND_SIZES[0]) if begin == "three" else 1
    return await price_of_questions(deployment, brand.name, (), repeats=repeats)


async def fill_start(deployment: Deployment, _: Call, **__: object) -> FormContent:
    """Return the form of the first check, with its prices."""
    brand = _brand(deployment)
    labels = {"once": "Once now", "three": "Three times today: I know sooner what is normal"}
    choices = []
    for key, label in labels.items():
        price = await _first_price(deployment, brand, key)
        choices.append(Choice(key, f"{label}, {price.short}" if price else label))
    when = [in_words(schedule.cron) for schedule in deployment.catalogue.schedules[:1]]
    choices.append(Choice("later", f"Not now: {when[0]}" if when else "Not now"))
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
SETUP_BRAND = CommandSpec(
    "setup brand",
    "Set up your brand: its name, what it is, its competitors.",
    set_brand,
    fill=fill_brand,
    examples=("setup brand Acme",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
SETUP_QUESTIONS = CommandSpec(
    "setup questions",
    "Choose competitors and questions.",
    set_questions,
    fill=fill_questions,
    examples=("setup questions",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
SETUP_FACTS = CommandSpec(
    "setup facts",
    "Say what is true of your brand.",
    set_facts,
    fill=fill_facts,
    examples=("setup facts",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
SETUP_PLACES = CommandSpec(
    "setup places",
    "Choose where alerts go, when I ask, and what it may cost.",
    set_places,
    fill=fill_places,
    examples=("setup places",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
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
