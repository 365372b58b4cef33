"""The last steps of the set-up: the channel of alerts, the times of checks and the budget; then the
first check, and whether a model (the judge) reads tone and facts of the answers.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, inf
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import FormChoice, FormContent, Kind, Step, option, quoted
from overheard.commands.arguments import (
    DAY_CHOICES,
    USUAL_DAYS,
    USUAL_TIME,
    WEEKDAYS,
    cron_of,
    days_of,
    in_words,
)
from overheard.commands.check import scheduled_repeats
from overheard.commands.first_check import ROUND_SIZES
from overheard.commands.power import alarm_budgets, current_offer, times_in_words
from overheard.commands.routes import store_digest, store_route, time_zone_name
from overheard.commands.schedules import WEEKLY
from overheard.commands.setup.checklist import (
    checklist,
    drafted_brand,
    step_after,
    step_command,
    step_form,
)
from overheard.commands.setup.draft import DAYS_A_MONTH, REPEATS, price_of_questions, suggester
from overheard.config.sections import BUDGETS, RouteTable
from overheard.config.stored_settings import ALARMS, ASSISTANT, BUDGET, JUDGE, MONTH
from overheard.deployment import Call
from overheard.domain import TERMINAL, Brand, Model, Schedule, Usage
from overheard.errors import ReadOnly
from overheard.interfaces import Store
from overheard.runs.budget import price_of
from overheard.runs.quote import PriceQuote
from overheard.scoring.judge import judges, judging_cost_a_year, proposed_judge

DIGEST_DELAY_H = 1
"""Hours from the check to the weekly summary."""
RUNS_A_MONTH = 4
"""Weekly runs within which a loss is to be noticed."""
API_NOTE = "I ask by API. In the ChatGPT and Claude apps, people may see other answers."
BUDGET_FACTOR = 2
"""The judge's budget of a month, as a multiple of its expected price."""
QUESTION_SIZE = Usage(3_600, 120)
"""Tokens of a question in words and of its reading, as measured with five brands."""
QUESTIONS_PRICED = 100
"""Questions in words whose price is shown: one costs less than a cent."""
MEASURED_RUNS = 20
"""The newest questions in words of which the price of one is measured."""


async def set_places(
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
    """Store what was chosen in the form, and return the next step, `setup start`. Submitting the
    form accepts the price of the checks that it shows.

    The schedule is called `WEEKLY`. An existing one keeps its repeats and what is not given, gets
    the brand if it names others, and is not stored again if it is the same. The summary follows the
    first check of the week. In a terminal there is no channel, and neither alerts nor a summary are
    stored.

    Args:
        call: The person who decides; its channel and time zone are the defaults.
        channel: The channel of alerts and of the weekly summary, as ``platform:id``; empty for the
            call's.
        days: Keys of `WEEKDAYS`; of a new schedule, empty for Monday.
        time: The time of day of a check; of a new schedule, empty for 9:00.
        timezone: An IANA time zone; of a new schedule, empty for the person's.
        month: The most US dollars a month; None leaves the budget as it is.

    Raises:
        BadSchedule: when a day, the time or the zone cannot be read; nothing is stored then.
        ReadOnly: when config.toml has a schedule of the same name with other times or brands, or
            another budget of a month; nothing is stored then.
    """
    brand, place = await drafted_brand(call), channel or call.channel
    declared = call.configured.budget.month
    if month is not None and declared is not None and month != declared:
        thing = f"The budget of a month ({wording.money(declared)})"
        raise ReadOnly(thing=thing, file=call.config.file)
    before, usual_days, usual_time, usual_zone = _weekly(call)
    zone = time_zone_name(timezone or usual_zone, call)
    cron = cron_of(tuple(days) or usual_days, time or usual_time)
    if before and (not (days or time) or in_words(before.cron) == in_words(cron)):
        cron = before.cron
    usual = Schedule(WEEKLY, cron, zone, (brand.name,), REPEATS)
    schedule = replace(before or usual, cron=cron, timezone=zone)
    if schedule.brands and brand.name not in schedule.brands:
        schedule = replace(schedule, brands=(*schedule.brands, brand.name))
    is_same = before == schedule
    is_stored = is_same or await call.store.catalogue.set_schedule(schedule)
    if before and not is_stored:
        times = f"{in_words(before.cron)}, {before.timezone}"
        raise ReadOnly(thing=f'The schedule "{WEEKLY}" ({times})', file=call.config.file)
    if place != TERMINAL:
        await store_route(call, RouteTable(channel=place, timezone=zone), keeps=True)
        day, digest_time = _digest_day_and_time(cron)
        await store_digest(call, place, (day,), digest_time, zone)
    if month is not None and declared is None:
        await call.decide(f"{BUDGET}{MONTH}", {"usd": month})
    return await step_after(call, "start")


def _weekly(call: Call) -> tuple[Schedule | None, Sequence[str], str, str]:
    """Return the schedule `WEEKLY`, and its days, time and time zone: Monday at 9:00 without it, or
    if it is neither daily nor weekly; and the person's zone without it.
    """
    weekly = next((one for one in call.catalogue.schedules if one.name == WEEKLY), None)
    days, time = (days_of(weekly.cron) if weekly else None) or (USUAL_DAYS, USUAL_TIME)
    return weekly, days, time, weekly.timezone if weekly else getattr(call.zone, "key", "UTC")


def _digest_day_and_time(cron: str) -> tuple[str, str]:
    """Return the day (``mon``) and time (``10:00``) of the weekly summary, which follows the week's
    first check: `DIGEST_DELAY_H` hours after the full hour of the check, so that a check at 9:30 is
    followed at 10:00. After a check late in the evening it is on the next day.
    """
    days, time = days_of(cron) or (USUAL_DAYS, USUAL_TIME)
    order = list(WEEKDAYS)
    first = min(order.index(day) for day in days)
    days_later, hour = divmod(int(time[:2]) + DIGEST_DELAY_H, 24)
    return order[(first + days_later) % len(order)], f"{hour}:00"


async def fill_places(call: Call, **_: object) -> FormContent:
    """Return the form of channel, days, time and budget, with the values that hold now. It shows
    the price of weekly checks, and the smallest fall that they would show within a month.

    The channel is that of the first route, else that of the call.
    """
    brand, routes = await drafted_brand(call), call.config.routes
    weekly, days, time, zone = _weekly(call)
    repeats = scheduled_repeats(call.catalogue, (brand.name,)) if weekly else REPEATS
    return step_form(
        "places",
        {
            "channel": routes[0].channel if routes else call.channel,
            "days": days,
            "time": time,
            "timezone": zone,
            "month": call.config.budget.month,
        },
        {"days": DAY_CHOICES},
        {"month": await _budget_hint(call, brand, repeats)},
        text=await _power_sentence(call, brand, repeats),
    )


async def _budget_hint(call: Call, brand: Brand, repeats: int) -> str:
    """Return the price of a check a week for a month, and of one check, as two sentences; or that
    the price is not known.
    """
    price = await price_of_questions(call, brand.name, (), repeats=repeats)
    if price is None or price.usd == inf:
        return "In dollars. What a check costs is not known yet."
    check_usd = price.asking.typical + price.judging.typical
    month = wording.money(check_usd * DAYS_A_MONTH / 7, about=True)
    return f"In dollars. A check is {price.for_questions}; one a week is {month} a month."


async def _power_sentence(call: Call, brand: Brand, repeats: int) -> str:
    """Return a sentence with the smallest fall, in percentage points, that weekly checks would show
    within a month at the first configured model, and what asking oftener would show and cost.
    Without questions or a model, the sentence only says how often each question is asked.
    """
    asked = call.catalogue.prompts_for(brand.name)
    model = suggester(call.plugins)
    if not asked or model is None:
        return f"I ask each question {times_in_words(repeats)} in a check."
    more = max(REPEATS, 2 * repeats)
    seen, sooner = [
        (await current_offer(call, brand, model, repeats=times)).within(RUNS_A_MONTH)
        for times in (repeats, more)
    ]
    price = await price_of_questions(call, brand.name, (), repeats=more - repeats)
    cost = ""
    if price and price.usd < inf and seen - sooner >= 1:
        usd = (price.asking.typical + price.judging.typical) * DAYS_A_MONTH / 7
        points, dollars = wording.count(round(sooner), "point"), wording.money(usd, about=True)
        cost = f" {more} times each would show {points}, for {dollars} more a month."
    share = call.config.bursts.share if call.config.bursts.automatic else 0.0
    return (
        f"{wording.count(len(asked), 'question')}, {times_in_words(repeats)} each: a check a week "
        f"shows a fall of about {wording.count(round(seen), 'point')} within a month.{cost} Where "
        f"something may have changed I ask again within hours, for at most "
        f"{wording.percent(share)} more."
    )


async def start_checks(
    call: Call,
    *,
    begin: Annotated[str, option("What I do now.", label="Begin now?")] = "",
    reader: Annotated[
        str, option("A model misses less than rules do.", label="Who reads tone and facts?")
    ] = "",
    questions: Annotated[
        str, option("Alone I know short ones word by word.", label="Who reads your questions?")
    ] = "",
    alarms: Annotated[
        str,
        option(
            "Early notices smaller changes, and errs more often.", label="How soon do I speak up?"
        ),
    ] = "",
) -> Step:
    """Store who reads tone and facts, and who reads questions in words, and return what follows: a
    check at the price that the form showed, or the checklist alone.

    Args:
        begin: ``once`` for a check now; ``three`` for a first check, whose three rounds within a
            day show sooner what is normal; ``later`` or empty for the checklist.
        reader: ``model`` or ``rules``; empty leaves it unchanged.
        questions: The same.
        alarms: The name of a budget of false alarms; empty leaves it unchanged.
    """
    brand = await drafted_brand(call)
    if alarms in BUDGETS:
        await call.decide(ALARMS, {"budget": alarms})
    if questions:
        model = proposed_judge(call.plugins.providers) if questions == "model" else None
        await call.decide(ASSISTANT, {"model": str(model)} if model else {})
    if reader:
        await _store_reader(call, brand, reader)
        call = await call.refreshed()
    after = await step_after(call)
    if begin not in {"once", "three"}:
        return after
    price = await _first_price(call, brand, begin)
    first = " --first" if begin == "three" else ""
    words = f"check {quoted(brand.name)}{first}"
    return replace(after, run=words, agreed_usd=price.usd if price else 0.0)


async def _store_reader(call: Call, brand: Brand, reader: str) -> None:
    """Store whether a model (``model``) or rules read tone and facts of answers.

    The model is the proposed one, and gets a monthly budget of its own: `BUDGET_FACTOR` times its
    expected price, rounded up to whole US dollars. Nothing is stored if a model was chosen before
    and is chosen again, so that it stays the same one, or if none can be proposed.
    """
    value: dict[str, object] = {}
    if reader == "model":
        proposal = _proposed_judge_and_price(call, brand)
        if proposal is None or await _chosen_in_chat(call.store):
            return
        model, usd = proposal
        value = {"model": str(model), "budget": float(ceil(BUDGET_FACTOR * usd / 12))}
    await call.decide(JUDGE, value)


async def _chosen_in_chat(store: Store) -> bool:
    """Return whether a person has chosen a model that reads tone and facts."""
    stored = await store.settings.get(JUDGE)
    return bool(stored and stored.value.get("model"))


def _proposed_judge_and_price(call: Call, brand: Brand) -> tuple[Model, float] | None:
    """Return the model that is proposed as judge, and what it is expected to cost in US dollars a
    year if the brand is checked weekly at all models. None if no model can be proposed, or if its
    price is not known.
    """
    providers = call.plugins.providers
    model = proposed_judge(providers)
    if model is None:
        return None
    prompts = call.catalogue.prompts_for(brand.name)
    answers = len(prompts) * REPEATS * len(call.plugins.models)
    usd = judging_cost_a_year(model, answers, providers)
    return None if usd is None else (model, usd)


async def _question_readers(call: Call) -> list[FormChoice]:
    """Return who can read questions in words: a model, with the measured price of a question and
    its limit of a month, or the grammar alone. Empty if config.toml has the model, or none with a
    known price can be proposed.
    """
    model, store = proposed_judge(call.plugins.providers), call.store
    price = price_of(model, call.plugins.providers) if model else None
    if model is None or price is None or call.configured.assistant.model:
        return []
    runs = await store.runs.find(label=ASSISTANT, aside=True, limit=MEASURED_RUNS)
    spent = [await store.money.spent(run_id=run.id) for run in runs]
    usd = sum(spent) / len(spent) if spent else price.cost(QUESTION_SIZE)
    about = wording.money(usd * QUESTIONS_PRICED, about=True)
    most = wording.money(call.config.assistant.budget)
    name = call.names.name(model)
    label = f"{name}: {QUESTIONS_PRICED} for {about}, at most {most} a month"
    return [FormChoice("model", label), FormChoice("rules", "You alone, for nothing")]


async def _first_price(call: Call, brand: Brand, begin: str) -> PriceQuote | None:
    """Return the price of the first check: of one as the schedule asks, or for ``three`` of the
    three largest rounds. None if there is nothing to ask.
    """
    weekly = scheduled_repeats(call.catalogue, (brand.name,))
    repeats = sum(ROUND_SIZES[0]) if begin == "three" else weekly
    return await price_of_questions(call, brand.name, (), repeats=repeats)


async def fill_start(call: Call, **__: object) -> FormContent:
    """Return the form of the first check: the choices of `start_checks` with their prices, and who
    reads tone and facts (a model at its price a year, or rules), if there is a choice: config.toml
    has no judge, and a model with a known price can be proposed as one; who reads questions; and
    which budget of false alarms holds, if config.toml has none.

    If a check was made already, ``later`` is chosen at first, else ``once``. A model is chosen as
    reader if there is a judge now, else rules; for questions, unless that was declined.
    """
    brand = await drafted_brand(call)
    labels = {"once": "Once now", "three": "Three times today, to learn faster"}
    choices = []
    for key, label in labels.items():
        quote = await _first_price(call, brand, key)
        choices.append(FormChoice(key, f"{label}, {quote.for_questions}" if quote else label))
    when = [in_words(schedule.cron) for schedule in call.catalogue.schedules[:1]]
    choices.append(FormChoice("later", f"Not now: {when[0]}" if when else "Not now"))
    checked = bool((await checklist(call)).decided["start"])
    on = bool(judges(call.plugins.scorers.values()))
    readers = []
    proposal = _proposed_judge_and_price(call, brand)
    if proposal and (not on or await _chosen_in_chat(call.store)):
        name, price = call.names.name(proposal[0]), wording.money(proposal[1], about=True)
        readers = [
            FormChoice("model", f"{name} reads a tenth and alerts, {price} a year"),
            FormChoice("rules", "Only my own rules, for nothing"),
        ]
    declined = await call.store.settings.get(ASSISTANT)
    by_model = not declined or bool(declined.value.get("model"))
    model = suggester(call.plugins)
    asked = call.catalogue.prompts_for(brand.name)
    budgets = await alarm_budgets(call, brand, model) if asked and model else {}
    return step_form(
        "start",
        {
            "begin": "later" if checked else "once",
            "reader": "model" if on else "rules",
            "questions": "model" if by_model else "rules",
            "alarms": call.config.alerts.budget,
        },
        {
            "begin": choices,
            "reader": readers,
            "questions": await _question_readers(call),
            "alarms": [FormChoice(*one) for one in budgets.items()],
        },
        text=API_NOTE,
        submit="Done" if checked else "Begin",
    )


SETUP_PLACES = step_command("setup places", set_places, fill_places, form_of="schedules add")
SETUP_START = step_command("setup start", start_checks, fill_start)
