"""`collectors start`: ask the apps from now on, once one answer has been bought as a trial."""

from overheard import (
    Action,
    BadUsage,
    Brand,
    Card,
    CommandSpec,
    ConfirmationNeeded,
    Model,
    Panel,
    PriceList,
    Role,
    Severity,
    Style,
    UnknownName,
    View,
    wording,
)
from overheard_surfaces.settings import STARTED

KEPT = "apps"
"""The name under which the products are kept that scheduled checks ask, too."""
ACCOUNTS = ("dataforseo", "brightdata", "cloro")
"""Collectors that sell both products."""
WEEKS_A_MONTH = 52 / 12
HOW = "set DATAFORSEO_API_KEY, or name its file as api_key_file in [providers.dataforseo]; restart"


async def start(view: View, *, agreed: bool = False) -> Card:
    """Ask the ChatGPT app and Google in each scheduled check, if a trial succeeds: one answer is
    bought now.

    Raises:
        BadUsage: when there is no key of a collector, or no question that the apps take.
        ConfirmationNeeded: with the price, until the person has agreed.
    """
    models = account(view)
    if not models:
        raise BadUsage(problem="There is no key of a collector", usage=HOW)
    brands = tuple(brand.name for brand in view.catalogue.brands if brand.tracked)
    prompts = tuple(p for p in view.catalogue.prompts if any(map(p.concerns, brands)))
    repeats = max((one.repeats for one in view.catalogue.schedules), default=1)
    single = [prompt for prompt in prompts if len(prompt.turns) == 1]
    if not single:
        problem = "The apps are asked questions without a follow-up, and there is none"
        raise BadUsage(problem=problem, usage="prompts add TEXT")
    trial = Panel(brands, tuple(single[:1]), models[:1])
    if not agreed:
        now = await view.quote(trial)
        check = (await view.quote(Panel(brands, prompts, models, repeats))).usd
        month = wording.money(check * WEEKS_A_MONTH, about=True)
        price = f"{month} a month if it is weekly, and {wording.money(now.usd)} for a trial now"
        raise ConfirmationNeeded(
            price=f"Asking the ChatGPT app and Google too: {price}", usd=now.usd
        )
    asked = await view.ask(trial)
    if not any(answer.complete for answer in asked.answers):
        return Card(
            title="The trial has failed, so the apps are not asked",
            text=" ".join(asked.failures) or "Its answer is not there after a long wait.",
            severity=Severity.WARNING,
            actions=(Action("collectors start", "Try again", Style.PRIMARY),),
        )
    names = [str(model) for model in models]
    await view.work.keep(KEPT, {"also_ask": names, "leave": []})
    return Card(
        title="The ChatGPT app and Google are asked too",
        text=f"The trial has come back for {wording.money(asked.spent_usd)}. Each scheduled check "
        "asks them from now on.",
        actions=(Action("collectors stop", "Stop"),),
        data={"models": names, "trial_usd": asked.spent_usd},
    )


async def stop(view: View) -> Card:
    """Ask the apps no longer that `collectors start` has added; what was answered is kept."""
    await view.work.keep(KEPT, None)
    return Card(title="The apps are asked no more", text="What was answered is kept.")


def account(view: View) -> tuple[Model, ...]:
    """Return the products at the first collector with a key; empty without one."""
    for name in ACCOUNTS:
        try:
            return tuple(view.find_model(f"{name}/{product}") for product in STARTED)
        except UnknownName:
            continue
    return ()


def offer(view: View, brand: Brand) -> Card:
    """Return what asking the apps would cost, and what it takes."""
    models = account(view)
    vendor = models[0].provider if models and models[0].provider != "dataforseo" else "dataforseo-1"
    prices = map(PriceList({}, "overheard_surfaces", vendor).price, STARTED)
    prompts = len(view.catalogue.prompts_for(brand.name))
    repeats = max((one.repeats for one in view.catalogue.schedules), default=1)
    usd = sum(one.search for one in prices if one) * prompts * repeats * WEEKS_A_MONTH
    questions, money = wording.count(prompts, "question"), wording.money(usd, about=True)
    ask = Action("collectors start", "Ask the ChatGPT app and Google too", Style.PRIMARY)
    return Card(
        title="I ask by API: in the apps people may see other answers",
        text=f"The ChatGPT app and AI Overviews, {questions} every week: {money} a month at a "
        f"collector.{'' if models else f' For an admin: {HOW}.'}",
        actions=(ask,) if models else (),
        footer="docs/surfaces.md says who sells what, and what is disputed.",
        data={"brand": brand.name, "apps": None, "usd_a_month": usd},
    )


SECTION = "What is measured"
COLLECTORS_START = CommandSpec(
    "collectors start",
    "Ask the ChatGPT app and Google too, after a trial.",
    start,
    role=Role.ADMIN,
    spends=True,
    section=SECTION,
)
COLLECTORS_STOP = CommandSpec(
    "collectors stop", "Ask the apps no longer.", stop, role=Role.ADMIN, section=SECTION
)
