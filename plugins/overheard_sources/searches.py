"""What models search for before they answer, and whose pages they are shown and cite."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from importlib.resources import files
from typing import Annotated, Any

from overheard import (
    Action,
    Answer,
    Brand,
    Card,
    Citation,
    CommandSpec,
    Kind,
    Model,
    Table,
    Tainted,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
)

WORDS = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
"""The questions that commands answer, and the names of products."""


def reading(name: str, *given: Any, **more: Any) -> CommandSpec:
    """Return a command with the questions in words that it answers."""
    models = WORDS["names"]["MODELS"]
    asked = (text.replace("MODELS", models) for text in WORDS["asked"].get(name, ()))
    patterns = tuple(re.compile(rf"{text}[\s?!.]*", re.IGNORECASE) for text in asked)
    return replace(CommandSpec(name, *given, **more), section="Measure and read", asked=patterns)


READ_RUNS = 200
"""The newest runs in which the newest answers of each model are searched."""
SHOWN_ROWS = 5
NAMED_PLACES = 3
QUERY_CHARS = 33
"""Characters of a search that fit next to its number on a phone."""
_AROUND = re.compile(r"\A[a-z]+://(?:www\.)?|[?#].*\Z|/+\Z", re.IGNORECASE)

A_BRAND = argument("The brand; without one, the first.", Kind.BRAND)
A_MODEL = option("Only this model.", Kind.MODEL)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A search that a model made for an answer.

    Attributes:
        query: What it searched for, on one line.
        shown: The pages that it was shown, see `page_key`; of services that do not tell them apart
            by search, those of all searches of the answer.
        cited: Those of them that the answer cites.
    """

    model: Model
    query: str
    shown: frozenset[str]
    cited: frozenset[str]


@dataclass(frozen=True, slots=True)
class Searched:
    """The newest answers of each model to questions that do not name the brand.

    Attributes:
        owners: The brand or competitor to which a host belongs with all below it.
        at: When the newest of their runs began; None without one.
    """

    brand: Brand
    owners: Mapping[str, str]
    answers: tuple[Answer, ...]
    lookups: tuple[Lookup, ...]
    at: datetime | None

    def owner(self, page: str) -> str:
        """Return the brand or competitor that owns a page; for other pages their site."""
        site = host = page.partition("/")[0]
        while host:
            if owner := self.owners.get(host):
                return owner
            host = host.partition(".")[2]
        return site

    def of_answers(self, zone: tzinfo) -> str:
        """Return how many answers of which day were read."""
        day = f" of {wording.short_day(self.at, zone)}" if self.at else ""
        return f"{wording.count(len(self.answers), 'answer')}{day}"

    @property
    def asked(self) -> str:
        """How all models were asked, for the end of a footer; empty where they differ."""
        by_api = self.answers and all(answer.question.model.searches for answer in self.answers)
        return " · by API, with search" if by_api else ""

    def has_own(self, pages: Iterable[str]) -> bool:
        """Return whether one of the pages is the brand's."""
        return any(self.owner(page) == self.brand.name for page in pages)


def page_key(source: Citation) -> str:
    """Return a page as people write it, ``acme.com/pricing``, so that the same page is one however
    it is linked; the host alone where only that is known, and an empty text where nothing is.
    """
    host, slash, path = _AROUND.sub("", _AROUND.sub("", source.page)).partition("/")
    return f"{source.host}{slash}{path}" if host.casefold() == source.host else source.host


def lookups_of(answer: Answer) -> Iterator[Lookup]:
    """Yield the searches for an answer, as far as it is known what they showed."""
    sources = answer.reply.citations
    keys = {source.url: page_key(source) for source in sources}
    cited = {keys[source.url] for source in sources if source.cited}
    for search in answer.reply.searches:
        told = (keys.get(page) or page_key(Citation(page)) for page in search.pages)
        shown = frozenset(told if search.pages else keys.values()) - {""}
        if search.query and shown:
            query = wording.line(search.query)
            yield Lookup(answer.question.model, query, shown, shown & cited)


def tracked_brand(view: View, name: str) -> Brand:
    """Return the brand of a name or alias; the first that is tracked for an empty name."""
    known = [brand for brand in view.catalogue.brands if brand.tracked or name]
    found = view.catalogue.brand(name) if name else next(iter(known), None)
    if found is None:
        raise unknown_name("brand", name, [brand.name for brand in view.catalogue.brands])
    return found


async def newest_searches(view: View, brand: str, model: str) -> Searched:
    """Return the newest answers about a brand of each model, or of one.

    Args:
        brand: The brand's name or alias; empty for the first that is tracked.
        model: The name of the only model; empty for all that are asked.

    Raises:
        UnknownName: for a brand or model that does not exist.
    """
    catalogue, found = view.catalogue, tracked_brand(view, brand)
    models = [view.find_model(model)] if model else view.models
    newest: dict[Model, int] = {}
    at = None
    for run in await view.history.runs(limit=READ_RUNS):
        if run.panel is None or run.finished_at is None or run.aside:
            continue
        for asked in {*run.panel.models} & {*models} - {*newest}:
            if any(prompt.concerns(found.name) for prompt in run.panel.prompts):
                newest[asked], at = run.id, max(at or run.started_at, run.started_at)
    names = [name.casefold() for name in found.names]
    answers = [
        answer
        async for answer in view.history.answers(runs={*newest.values()})
        if answer.complete
        and answer.run_id == newest.get(answer.question.model)
        and answer.question.prompt.concerns(found.name)
        and not any(name in answer.question.prompt.text.casefold() for name in names)
    ]
    lookups = (lookup for answer in answers for lookup in lookups_of(answer))
    brands = (*catalogue.rivals(found.name), found)
    owners = {Citation(domain).host: one.name for one in brands for domain in one.domains}
    return Searched(found, owners, tuple(answers), tuple(lookups), at)


async def sources_list(
    view: View, *, brand: Annotated[str, A_BRAND] = "", model: Annotated[str, A_MODEL] = ""
) -> Card:
    """Show what models searched for before their newest answers, where they were shown no page of
    the brand, and who is cited there.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.
    """
    searched = await newest_searches(view, brand, model)
    unknown = {"brand": searched.brand.name, "found": False, "searches": []}
    if not searched.brand.domains:
        text = "Add its domains, and I can say where its pages are shown."
        return Card(f"{searched.brand.name} has no domain yet", text, data=unknown)
    if not searched.lookups:
        text = "Models name their searches where they are asked with search."
        return Card("No search of a model is known here", text, data=unknown)
    lookups, name = searched.lookups, quoted(searched.brand.name)
    absent = [lookup for lookup in lookups if not searched.has_own(lookup.shown)]
    cited = sum(searched.has_own(lookup.cited) for lookup in lookups)
    models = {lookup.model for lookup in lookups}
    who = f"{view.names.name(lookups[0].model)} is" if len(models) == 1 else "Models are"
    of, yours = wording.count(len(lookups), "search", "searches"), own_words(view, searched.brand)
    title, caption = f"{who} shown a page of {yours} in each of {of}", "Searches"
    text = f"A page of {yours} is shown in {len(lookups) - len(absent)}, cited in {cited}."
    if absent:
        title = f"{who} shown no page of {yours} in {len(absent)} of {of}"
        caption = f"Searches without a page of {yours}"
        places = Counter(place for one in absent for place in {*map(searched.owner, one.cited)})
        named = [f"{place} in {count}" for place, count in places.most_common(NAMED_PLACES)]
        text += f" Cited in those {len(absent)}: {wording.listing(named) or 'nothing'}."
    queries = Counter(wording.shorten(lookup.query, QUERY_CHARS) for lookup in absent or lookups)
    rows = tuple(
        (Tainted(query), f"{n}\N{MULTIPLICATION SIGN}")
        for query, n in queries.most_common(SHOWN_ROWS)
    )
    answering = sum(bool(answer.reply.searches) for answer in searched.answers)
    return Card(
        title=title,
        text=Tainted(text),
        table=Table(("Searched for", "Times"), rows, frozenset({1}), caption=caption),
        actions=fitting(
            Action(f"brief {name}", "What to do?"), Action(f"sources pages {name}", "Your pages")
        ),
        footer=f"{answering} of {searched.of_answers(view.zone)} searched{searched.asked}",
        data={
            "brand": searched.brand.name,
            "found": True,
            "without_own": len(absent),
            "searches": [
                {
                    "model": str(lookup.model),
                    "query": lookup.query,
                    "shown": sorted(lookup.shown),
                    "cited": sorted(lookup.cited),
                    "own": searched.has_own(lookup.shown),
                }
                for lookup in lookups
            ],
        },
    )


def own_words(view: View, brand: Brand) -> str:
    """Return ``yours`` for the only brand that is tracked, else its name."""
    only = sum(other.tracked for other in view.catalogue.brands) == 1
    return "yours" if brand.tracked and only else brand.name


SOURCES_LIST = reading(
    "sources list",
    "Show what models search for, and where they are shown no page of the brand.",
    sources_list,
    reports=True,
    examples=("sources list Acme", "sources list Acme --model Claude"),
)
