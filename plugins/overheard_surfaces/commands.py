"""`apps`: what people see in the apps, against the answers by API."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Annotated, Any

from overheard import (
    Action,
    Bar,
    Bars,
    Brand,
    Card,
    CommandSpec,
    Finish,
    Kind,
    Model,
    Run,
    Severity,
    Style,
    Table,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_surfaces.gap import Gap, gap, sums
from overheard_surfaces.settings import SURFACES
from overheard_surfaces.starting import KEPT, offer

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


METRICS = {
    SHARE: "Named",
    FIRST: "First choice",
    PLACE: "Place where listed",
    "accuracy": "Facts right",
}
"""The metrics that are compared, and what cards call them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one model has answered in a check.

    Attributes:
        asked: Number of questions that were put to it, with their repeats.
        answers: Number of whole answers.
        none: How often the app showed no answer.
        named: Number of answers that name the brand.
        sites: In how many answers each site is cited.
    """

    asked: int
    answers: int
    none: int
    named: int
    sites: Counter[str]

    @property
    def unobserved(self) -> int:
        """How often it remained unknown what the app shows."""
        return self.asked - self.answers - self.none

    def bar(self, label: str, *, emphasis: bool = False) -> Bar:
        """Return its bar in the picture."""
        rest = (self.answers - self.named, self.none, self.unobserved)
        words = f"{self.named} of {self.answers}"
        return Bar(label, self.named, rest, words, emphasis)


@dataclass(frozen=True, slots=True)
class Observed:
    """An app in the newest check that asked it, and the model by API within a day of it.

    Attributes:
        partner: The model by API; None if none was asked within a day.
        api: What it has answered.
        gaps: The differences, by metric.
    """

    model: Model
    run: Run
    app: Asked
    partner: Model | None
    api: Asked | None
    gaps: dict[str, Gap]


async def apps(
    view: View,
    *,
    brand: Annotated[str, argument("The brand.", Kind.BRAND)] = "",
    details: Annotated[bool, option("Show all metrics and sources side by side.")] = False,
) -> Card:
    """Show how a brand stands in the apps, and how that differs from the answers by API to the same
    questions within a day.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.
        details: Whether all metrics and sources are shown side by side.

    Raises:
        UnknownName: when there is no such brand.
    """
    found = tracked_brand(view, brand)
    order = list(SURFACES)
    also = (await view.work.kept()).get(KEPT, {}).get("also_ask", ())
    asked = [model for model in view.models if model.name in SURFACES]
    asked = list(dict.fromkeys((*asked, *map(Model.parse, also))))
    asked.sort(key=lambda model: order.index(model.name))
    if not asked:
        return offer(view, found)
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
    return await _card(view, found, observed, details=details)


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
    if run is None:
        return None
    near = [r for r in runs if abs(r.started_at - run.started_at) <= WITHIN]
    blocks = await view.history.blocks(brand=brand.name, since=run.started_at - WITHIN)
    partner, other = _partner(view, model, near)

    def by_question(metric: str, model: Model | None, run: Run) -> dict[str, tuple[int, float]]:
        return sums(b for b in blocks if (b.run_id, b.model, b.metric) == (run.id, model, metric))

    app, api = await _asked(view, model, run, by_question(SHARE, model, run)), None
    gaps = dict[str, Gap]()
    if partner and other:
        api = await _asked(view, partner, other, by_question(SHARE, partner, other))
        for metric in METRICS:
            mine, theirs = by_question(metric, model, run), by_question(metric, partner, other)
            if measured := gap(mine, theirs):
                gaps[metric] = measured
    return Observed(model, run, app, partner, api, gaps)


async def _asked(
    view: View, model: Model, run: Run, share: Mapping[str, tuple[int, float]]
) -> Asked:
    """Return what a model has answered in a run, with the sums of the share of answers that name
    the brand.
    """
    endings, sites = Counter[str](), Counter[str]()
    async for answer in view.history.answers(runs=[run.id]):
        if answer.question.model == model:
            endings["answers" if answer.complete else answer.reply.finish] += 1
            sites.update({one.host for one in answer.reply.citations if one.cited and one.host})
    asked = sum(1 for _ in run.panel.questions(model)) if run.panel else 0
    named = round(sum(total for _, total in share.values()))
    return Asked(asked, endings["answers"], endings[Finish.NONE], named, sites)


def _partner(
    view: View, model: Model, runs: Sequence[Run]
) -> tuple[Model, Run] | tuple[None, None]:
    """Return the model by API that belongs to an app, one that searches if there is one, and the
    newest of some runs that asked it.
    """
    family = FAMILIES.get(model.name, "-")
    for run in runs:
        models = [
            other
            for other in (run.panel.models if run.panel else ())
            if other.id not in SURFACES and not other.market
            if view.names.name(other).startswith(family)
        ]
        if models:
            return max(models, key=lambda other: other.searches), run
    return None, None


async def _card(
    view: View, brand: Brand, observed: Sequence[Observed], *, details: bool = False
) -> Card:
    """Return the card: the first app with a difference in the title, and a picture of all; or a
    table of the first with `details`.
    """
    measured = [one for one in observed if SHARE in one.gaps]
    first = max(measured, key=lambda one: abs(one.gaps[SHARE].direction), default=None)
    about = details and first is not None
    where = {one.app.asked for one in observed}
    asked = f"{where.pop()} questions asked of each" if len(where) == 1 else "Asked"
    day = wording.short_day(observed[0].run.started_at, view.zone)
    chart = Bars(
        f"{asked}, {day}", tuple(_bars(view, observed, first)), legend=legend_of(view, brand)
    )
    more = Action(f"apps {quoted(brand.name)} --details", "Details")
    return Card(
        title=_title(view, brand, first) if first else f"{brand.name} in the apps",
        text="\n".join(_lines(view, first, observed, details=details)),
        image=None if about else await view.draw(chart, "apps.png"),
        table=_table(view, first) if about and first else None,
        severity=Severity.WARNING if first and first.gaps[SHARE].direction < 0 else Severity.PLAIN,
        actions=fitting(
            Action(f"answers {quoted(brand.name)}", "Read answers", Style.PRIMARY),
            *((more,) if first and not details else ()),
            Action(f"report {quoted(brand.name)}", "Report"),
        ),
        footer="📱 apps: a signed-out visitor · the rest by API",
        data={
            "brand": brand.name,
            "found": first is not None and first.gaps[SHARE].direction != 0,
            "apps": [_json(one) for one in observed],
        },
    )


def _bars(view: View, observed: Sequence[Observed], first: Observed | None) -> Iterator[Bar]:
    """Yield the bars: of the app in the title and of the model by API that belongs to it, then of
    the others.
    """
    drawn = set[Model]()
    for one in sorted(observed, key=lambda one: one is not first):
        sides = ((one.partner, one.api, ", API"), (one.model, one.app, ""))
        for model, asked, how in sides:
            if model is not None and asked is not None and model not in drawn:
                drawn.add(model)
                yield asked.bar(f"{view.names.name(model)}{how}", emphasis=one is first)


def who_of(view: View, brand: Brand) -> str:
    """Return ``you`` for the only tracked brand, else its name."""
    only = sum(other.tracked for other in view.catalogue.brands) == 1
    return "you" if brand.tracked and only else brand.name


def legend_of(view: View, brand: Brand) -> str:
    """Return what the blue parts of the bars are."""
    return "names you" if who_of(view, brand) == "you" else "named"


def _title(view: View, brand: Brand, one: Observed) -> str:
    """Return a sentence with the counts in the app and by API."""
    share, app = one.gaps[SHARE], view.names.name(one.model)
    who, direction = who_of(view, brand), share.direction
    compared = {1: "more", -1: "less"}.get(direction, "about as often, as far as this shows")
    app_n, named = share.app
    api_n, api_named = share.api
    counts = f"{named:.0f} of {app_n} answers, by API {api_named:.0f}"
    of = "" if api_n == app_n else f" of {api_n}"
    app = f"the {app}" if app.endswith("app") else app
    return f"In {app} people see {who} {compared}: {counts}{of}"


def _lines(
    view: View, first: Observed | None, observed: Sequence[Observed], *, details: bool
) -> Iterator[str]:
    """Yield the difference in words, what the apps showed no answer to, and what is unknown; with
    `details` the sources.
    """
    if first:
        share = first.gaps[SHARE]
        questions = wording.count(share.questions, "question")
        yield f"Difference {difference_words(view, SHARE, share)}: same {questions}, within a day."
    if first and first.api and details:
        app, api = first.app.sites, first.api.sites
        if app or api:
            yield f"Sources in the app: {_most(app)}. By API: {_most(api)}."
            both = len(app.keys() & api.keys())
            yield f"{both} of {wording.count(len(app | api), 'site')} are cited in both."
        return
    for one in observed:
        asked = one.app
        if asked.none:
            shown = f"{asked.answers} of {asked.answers + asked.none} questions"
            yield f"Google shows an overview for {shown}."
    if first is None:
        yield "No model by API that belongs to them was asked within a day."
    if any(one.app.unobserved for one in observed):
        yield "What I could not observe counts as neither."


def _most(sites: Counter[str]) -> str:
    """Return the three sites that most answers cite, with the numbers of answers."""
    return wording.listing([f"{site} {n}" for site, n in sites.most_common(3)]) or "none"


def difference_words(view: View, metric: str, measured: Gap) -> str:
    """Return a difference with its interval in words."""
    scale = view.metrics[metric].scale
    amount, most = wording.change(measured.difference, scale), 1.0 if scale.is_rate else inf
    if measured.interval is None:
        return amount
    low, high = measured.interval  # Student's reaches beyond the scale
    ends = wording.interval(max(-most, low), min(most, high), scale)
    return f"{amount} ({ends.removesuffix(' points')})"


def _table(view: View, one: Observed) -> Table:
    """Return the metrics in the app and by API side by side."""

    def mean(metric: str, side: tuple[int, float]) -> str:
        return wording.value(side[1] / side[0], view.metrics[metric].scale)

    rows = tuple(
        (
            METRICS[metric],
            mean(metric, measured.app),
            mean(metric, measured.api),
            difference_words(view, metric, measured),
        )
        for metric, measured in one.gaps.items()
    )
    return Table(("", "App", "API", "Difference"), rows, frozenset({1, 2, 3}))


def _json(one: Observed) -> dict[str, Any]:
    return {
        "app": str(one.model),
        "run": one.run.key,
        "asked": one.app.asked,
        "answers": one.app.answers,
        "none_shown": one.app.none,
        "not_observed": one.app.unobserved,
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
        "sources": {"app": one.app.sites, "by_api": one.api.sites if one.api else {}},
    }


APPS = CommandSpec(
    "apps",
    "Show what people see in the apps, against the answers by API.",
    apps,
    section="Measure and read",
    examples=("apps", "apps Acme"),
    reports=True,
)
