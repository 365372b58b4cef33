"""`apps`: what people see in the apps, against the answers by API."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from overheard import (
    Action,
    Brand,
    Card,
    CommandSpec,
    Difference,
    Finish,
    Kind,
    Model,
    PriceList,
    Run,
    Severity,
    Spans,
    Table,
    View,
    argument,
    fitting,
    quoted,
    unknown_name,
    wording,
)
from overheard_surfaces.gap import Gap, gap, sums
from overheard_surfaces.settings import SURFACES, product_of

READ_RUNS = 60
"""The newest runs that are searched."""
WITHIN = timedelta(days=1)
"""How far apart the answers of an app and those by API may be."""
FAMILIES = {
    "chatgpt": "ChatGPT",
    "gemini": "Gemini",
    "ai-mode": "Gemini",
    "ai-overviews": "Gemini",
    "perplexity": "Perplexity",
}
"""The beginning of the name of the model by API that belongs to an app."""
SHARE, FIRST, PLACE = "visibility", "first_choice", "position"
WEEKS_A_MONTH = 52 / 12


@dataclass(frozen=True, slots=True)
class Observed:
    """An app in the newest check that asked it, and the model by API within a day of it.

    Attributes:
        asked: Number of questions that were put to it, with their repeats.
        answers: Number of whole answers.
        none: How often the app showed no answer.
        partner: The model by API; None if none was asked within a day.
        gaps: The differences, by metric.
    """

    model: Model
    run: Run
    asked: int
    answers: int
    none: int
    partner: Model | None
    gaps: dict[str, Gap]

    @property
    def unobserved(self) -> int:
        """How often it remained unknown what the app shows."""
        return self.asked - self.answers - self.none


async def apps(
    view: View, *, brand: Annotated[str, argument("The brand.", Kind.BRAND)] = ""
) -> Card:
    """Show how a brand stands in the apps, and how that differs from the answers by API to the same
    questions within a day.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.

    Raises:
        UnknownName: when there is no such brand.
    """
    found = tracked_brand(view, brand)
    order = list(SURFACES)
    asked = [model for model in view.models if model.name in SURFACES]
    asked.sort(key=lambda model: order.index(model.name))
    if not asked:
        return _offer(view, found)
    newest = await view.history.runs(limit=READ_RUNS)
    runs = [run for run in newest if run.panel and run.finished_at and not run.aside]
    observed = [one for model in asked if (one := await _observed(view, found, model, runs))]
    if not observed:
        return Card(
            title="The apps were not asked yet",
            text="The next check asks them as well.",
            actions=(Action(f"check {quoted(found.name)}", "Ask now"),),
            data={"brand": found.name, "apps": []},
        )
    return await _card(view, found, observed)


def tracked_brand(view: View, name: str) -> Brand:
    """Return the brand of a name or alias; the first that is tracked for an empty name."""
    known = [brand for brand in view.catalogue.brands if brand.tracked or name]
    found = view.catalogue.brand(name) if name else next(iter(known), None)
    if found is None:
        raise unknown_name("brand", name, [brand.name for brand in view.catalogue.brands])
    return found


async def _observed(view: View, brand: Brand, model: Model, runs: Sequence[Run]) -> Observed | None:
    """Return what the newest check that asked an app has found; None if none has.

    Args:
        runs: The runs, the newest first.
    """
    run = next((r for r in runs if r.panel and model in r.panel.models), None)
    if run is None or run.panel is None:
        return None
    endings = Counter[str]()
    async for answer in view.history.answers(runs=[run.id]):
        if answer.question.model == model:
            endings["answers" if answer.complete else answer.reply.finish] += 1
    near = [r for r in runs if abs(r.started_at - run.started_at) <= WITHIN]
    blocks = await view.history.blocks(brand=brand.name, since=run.started_at - WITHIN)
    partner, partner_run = _partner(view, model, near)
    gaps = {}
    for metric in (SHARE, FIRST, PLACE):
        mine = [b for b in blocks if (b.run_id, b.model, b.metric) == (run.id, model, metric)]
        other = [
            b for b in blocks if (b.run_id, b.model, b.metric) == (partner_run, partner, metric)
        ]
        if measured := gap(sums(mine), sums(other)):
            gaps[metric] = measured
    return Observed(
        model=model,
        run=run,
        asked=sum(1 for _ in run.panel.questions(model)),
        answers=endings["answers"],
        none=endings[Finish.NONE],
        partner=partner,
        gaps=gaps,
    )


def _partner(view: View, model: Model, runs: Sequence[Run]) -> tuple[Model | None, int]:
    """Return the model by API that belongs to an app, one that searches if there is one, and the
    newest of some runs that asked it; None and 0 without one.
    """
    family = FAMILIES.get(model.name, "-")
    for run in runs:
        models = [
            other
            for other in (run.panel.models if run.panel else ())
            if product_of(other.name) not in SURFACES and view.names.name(other).startswith(family)
        ]
        if models:
            return max(models, key=lambda other: other.searches), run.id
    return None, 0


async def _card(view: View, brand: Brand, observed: Sequence[Observed]) -> Card:
    """Return the card: the first app with a difference in the title, a picture of all."""
    measured = [one for one in observed if SHARE in one.gaps]
    first = max(measured, key=lambda one: abs(one.gaps[SHARE].direction), default=None)
    chart = Spans("Answers that name you: app against API", tuple(_spans(view, measured)))
    return Card(
        title=_title(view, brand, first) if first else f"{brand.name} in the apps",
        text="\n".join(_lines(view, first, observed)),
        image=await view.draw(chart, "apps.png") if chart.spans else None,
        table=None if chart.spans else _table(view, observed),
        severity=Severity.WARNING if first and first.gaps[SHARE].direction < 0 else Severity.PLAIN,
        actions=fitting(
            Action(f"answers {quoted(brand.name)}", "Read answers"),
            Action(f"report {quoted(brand.name)}", "Report"),
        ),
        footer="📱 apps: a signed-out visitor · the rest by API",
        data={"brand": brand.name, "apps": [_json(one) for one in observed]},
    )


def _title(view: View, brand: Brand, one: Observed) -> str:
    """Return a sentence with the counts in the app and by API."""
    share, app = one.gaps[SHARE], view.names.name(one.model)
    only = sum(other.tracked for other in view.catalogue.brands) == 1
    who, direction = "you" if brand.tracked and only else brand.name, share.direction
    compared = {1: "more", -1: "less"}.get(direction, "about as often, as far as this shows")
    app_n, named = share.app
    api_n, api_named = share.api
    counts = f"{named:.0f} of {app_n} answers, by API {api_named:.0f}"
    of = "" if api_n == app_n else f" of {api_n}"
    app = f"the {app}" if app.endswith("app") else app
    return f"In {app} people see {who} {compared}: {counts}{of}"


def _lines(view: View, first: Observed | None, observed: Sequence[Observed]) -> Iterator[str]:
    """Yield the difference in words, what the apps showed no answer to, and what is unknown."""
    if first:
        share, scale = first.gaps[SHARE], view.metrics[SHARE].scale
        questions = wording.count(share.questions, "question")
        amount = f"Difference {wording.change(share.difference, scale)}"
        ends = wording.interval(*share.interval, scale) if share.interval else ""
        ends = f" ({ends.removesuffix(' points')})" if ends else ""
        yield f"{amount}{ends}: same {questions}, within a day."
        if FIRST in first.gaps:
            (n, app), (api_n, api) = first.gaps[FIRST].app, first.gaps[FIRST].api
            of = "" if n == api_n else f" of {api_n}"
            yield f"First choice: {app:.0f} of {n}, by API {api:.0f}{of}."
        if PLACE in first.gaps and first.gaps[PLACE].direction:
            (n, app), (api_n, api) = first.gaps[PLACE].app, first.gaps[PLACE].api
            yield f"Place where listed: {app / n:.1f}, by API {api / api_n:.1f}."
    for one in observed:
        name = view.names.name(one.model)
        if one.none:
            yield f"{name}: shown for {one.answers} of {one.answers + one.none} questions."
        if one.unobserved:
            yield f"{name}: {one.unobserved} of {one.asked} not observed; they count as neither."
        if one.partner is None:
            yield f"{name}: no model by API to compare it with was asked within a day."


def _spans(view: View, measured: Sequence[Observed]) -> Iterator[Difference]:
    """Yield the difference of each app in the share of answers that name the brand."""
    words = {1: "more", -1: "less", 0: "unclear"}
    for one in measured:
        share = one.gaps[SHARE]
        interval = share.interval or (-1.0, 1.0)
        yield Difference(
            label=view.names.name(one.model),
            difference=share.difference,
            interval=interval,
            scale=view.metrics[SHARE].scale,
            verdict=words[share.direction],
            moved=share.direction != 0,
        )


def _table(view: View, observed: Sequence[Observed]) -> Table:
    """Return the counts of each app."""
    rows = tuple(
        (view.names.name(one.model), f"{one.answers}", f"{one.none}", f"{one.unobserved}")
        for one in observed
    )
    return Table(("App", "Answers", "None shown", "Not observed"), rows, frozenset({1, 2, 3}))


def _json(one: Observed) -> dict[str, Any]:
    return {
        "app": str(one.model),
        "run": one.run.key,
        "asked": one.asked,
        "answers": one.answers,
        "none_shown": one.none,
        "not_observed": one.unobserved,
        "api": str(one.partner) if one.partner else None,
        "gaps": {
            metric: {
                "questions": measured.questions,
                "app": {"answers": measured.app[0], "sum": measured.app[1]},
                "api": {"answers": measured.api[0], "sum": measured.api[1]},
                "difference": measured.difference,
                "interval": measured.interval,
            }
            for metric, measured in one.gaps.items()
        },
    }


def _offer(view: View, brand: Brand) -> Card:
    """Return what asking the apps would cost, and what it takes."""
    price = PriceList({}, "overheard_surfaces", "dataforseo-1").price("chatgpt")
    prompts = len(view.catalogue.prompts_for(brand.name))
    usd = (price.search if price else 0.0) * 2 * prompts * WEEKS_A_MONTH
    questions, money = wording.count(prompts, "question"), wording.money(usd, about=True)
    return Card(
        title="I ask by API: in the apps people may see other answers",
        text=f"The ChatGPT app and AI Overviews, {questions} every week: {money} a month at a "
        "collector. An admin adds [providers.dataforseo] and its key to config.toml.",
        footer="docs/surfaces.md says who sells what, and what is disputed.",
        data={"brand": brand.name, "apps": None, "usd_a_month": usd},
    )


APPS = CommandSpec(
    "apps",
    "Show what people see in the apps, against the answers by API.",
    apps,
    section="Measure and read",
    examples=("apps", "apps Acme"),
)
