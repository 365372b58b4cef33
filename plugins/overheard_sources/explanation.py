"""`sources why`: the card of what changed in a model's sources with an alert."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated

from overheard import (
    Alert,
    Answer,
    Card,
    Citation,
    CommandSpec,
    Detail,
    Kind,
    Run,
    Shift,
    Table,
    UnknownName,
    View,
    argument,
    wording,
)
from overheard_sources.causes import (
    Move,
    NothingToCompare,
    Sources,
    cells_of,
    changed_sources,
    times_of,
)

TIMES_BEFORE, TIMES_AFTER = 12, 3
"""Times that are compared at most: the last before the change, and the first since it."""
RUNS_READ = 300
FACTS = "accuracy"
"""The metric of facts, of which claims say what is wrong."""
CITES = ("cites", "newly cites", "no longer cites")
IS_SHOWN = ("is shown", "is newly shown", "is no longer shown")
"""What a model does with sites, in the place of others or not."""
MOST_NAMED, MOST_ROWS = 2, 6
"""Sites of one direction in the title, and rows of the table, at most."""
ALL_PAGES = ("",)
"""What all hosts end with, so that pages are told apart on all of them."""
SAID_CHARS = 24
"""Characters of a claim in a title."""


async def answers_around(
    view: View, alert: Alert, shift: Shift
) -> tuple[datetime, list[list[Run]], list[Answer]]:
    """Return when the run began with which a change began, the runs before and since it, and the
    model's answers in them.

    Raises:
        NothingToCompare: when that run is not stored.
    """
    runs = [
        run
        for run in reversed(await view.history.runs(limit=RUNS_READ))
        if not run.aside
        if run.panel is None
        or (shift.model in run.panel.models and shift.brand in {"", *run.panel.brands})
    ]
    starts = {run.id: run.started_at for run in runs}
    began = starts.get(shift.first_run_id)
    if began is None:
        raise NothingToCompare(reason="the check with which it began is not stored any more")
    earliest = min(starts.get(run, began) for run in (*shift.likely_first_runs, shift.first_run_id))
    until = alert.over_at or runs[-1].started_at
    before = times_of(run for run in runs if run.started_at < earliest)[-TIMES_BEFORE:]
    since = times_of(run for run in runs if began <= run.started_at <= until)[:TIMES_AFTER]
    numbers = [run.id for time in (*before, *since) for run in time]
    answers = [
        answer
        async for answer in view.history.answers(runs=numbers)
        if answer.question.model == shift.model and answer.complete
        if not (answer.gone or answer.reused_from)
    ]
    return began, [*before, *since], answers


async def why(
    view: View, *, alert: Annotated[str, argument("The number of the alert.", Kind.ALERT)]
) -> Card:
    """Say which sources changed with an alert or state its claims, if any passes the test."""
    alerts = {str(one.id): one for one in await view.history.alerts()}
    found = alerts.get(alert.strip().removeprefix("#"))
    if found is None:
        raise UnknownName(kind="alert", name=alert, hint="", known="those of alerts list")
    stated = (one for one in found.moved if one.statement and one.statement.kind == "claim")
    claims = {one.statement: one for one in stated}
    figures = (
        one for one in found.moved if not (one.statement or (claims and one.metric == FACTS))
    )
    cards, problem = list[Card](), NothingToCompare(reason="it is no change of a figure")
    for shift in [*[*figures][:1], *[*claims.values()][:MOST_NAMED]]:
        explained = claim_card if shift.statement else figure_card
        try:
            cards.append(await explained(view, found, shift))
        except NothingToCompare as error:
            problem = error
    if not cards:
        raise problem
    best = max(cards, key=lambda card: card.data["found"])
    more = [f"{card.title}." for card in cards if card is not best and card.data["found"]]
    return replace(best, text="\n\n".join([str(best.text), *more]))


async def figure_card(view: View, alert: Alert, shift: Shift) -> Card:
    """Return the card of a change of a figure, of a brand or of the model as a whole.

    Raises:
        NothingToCompare: when too little is stored of either side.
    """
    began, times, answers = await answers_around(view, alert, shift)
    brands = (one for one in view.catalogue.brands if one.tracked or one.name == shift.brand)
    domains = [d for one in brands if shift.brand in {"", one.name} for d in one.domains]
    own = [f".{host}" for host in (Citation(domain).host for domain in domains) if host]
    cells = cells_of(times, answers, own)
    since = [(cell.at, cell.run) for cell in cells if cell.at >= began]
    if not since or len(since) == len(cells) or not any(cell.searched for cell in cells):
        raise NothingToCompare(reason="the model is asked without search, or too seldom")
    sources = changed_sources(cells, min(since)[1], view.p_values_at)
    shifts = alert.also if alert.of_model else (shift,)
    moved = {
        p.prompt for one in shifts for p in one.prompts if (p.after - p.before) * one.change > 0
    }
    return cause_card(view, shift, moved, began, sources)


def cause_card(
    view: View, shift: Shift, moved: Set[str], began: datetime, sources: Sources
) -> Card:
    """Return the card: the sites that changed where the brand did, or that no source explains it.

    Args:
        moved: The keys of the questions at which the brand, or any, moved as the shift did.

    Raises:
        NothingToCompare: when nothing is told, and not even a new site at all questions could be.
    """
    name = view.names.name(shift.model)
    usual, now = (round(share * sources.answers) for share in sources.searches)
    searched = f"{now} of {sources.answers} answers, usually {usual}"
    if sources.searches_moved:
        less = "no longer searches" if now <= usual / 4 else "searches less"
        more = "now searches" if usual <= now / 4 else "searches more"
        return Card(
            title=f"{name} {less if now < usual else more}: {searched}",
            text="What it cites depends on that, so no site is blamed.",
            footer="Fits, no proof",
            data=_data(sources, ()),
        )
    # Of the questions at which the brand moved, most show that the site came or went there.
    causes = _exact(m for m in sources.moves if 2 * len(m.prompts & moved) >= len(moved) > 0)
    tested = f"{len(sources.moves)} of {sources.tested} sites moved beyond chance"
    tested = tested if sources.tested else "no site came or went"
    if not causes:
        if sources.size is None:
            raise NothingToCompare(reason="there are too few checks")
        size = f"I would have seen a new one in {sources.size} of {sources.questions} questions"
        others = wording.listing([move.site for move in sources.moves[:MOST_NAMED]])
        is_told = sources.showing == sources.questions
        same = (
            f"{name} searches as before{', is shown' if is_told else ''} and cites the same sites"
        )
        elsewhere = f"{others} moved at {name}, but not where it counts"
        silent = "" if is_told else " What it was shown, its service does not tell."
        return Card(
            title=f"No source explains it: {elsewhere if others else same}",
            text=f"It searched in {searched}; {tested}. {size}.{silent}",
            data=_data(sources, ()),
        )
    since = f"Since {wording.short_day(began, view.zone)} {name}"
    tracked = {"", *(one.name for one in view.catalogue.brands if one.tracked)}
    rival = "" if shift.brand in tracked else shift.brand
    return Card(
        title=_title(since, causes, sources, rival),
        text=_link(shift, moved, causes, rival),
        table=_table(causes, sources),
        footer=f"Fits, no proof · {tested} · it searched in {searched}",
        data=_data(sources, causes),
    )


def _exact(moves: Iterable[Move]) -> list[Move]:
    """Return moves without hosts of which a page is among them."""
    found = [*moves]
    hosts = {move.site.partition("/")[0] for move in found if "/" in move.site}
    return [move for move in found if move.site not in hosts]


def _title(since: str, causes: Sequence[Move], sources: Sources, rival: str) -> str:
    """Return what is cited instead of what, or else shown, at how many questions."""
    cited = [move for move in causes if move.is_cited]
    verbs, questions = (CITES, sources.questions) if cited else (IS_SHOWN, sources.showing)
    gained = [move for move in cited or causes if move.gained][:MOST_NAMED]
    lost = [move for move in cited or causes if not move.gained][:MOST_NAMED]
    came, went = (frozenset().union(*(m.prompts for m in side)) for side in (gained, lost))
    new, old = (wording.listing([_named(m.site, rival) for m in side]) for side in (gained, lost))
    if both := len(came & went):
        return f"{since} {verbs[0]} {new} instead of {old} in {both} of {questions} questions"
    if len(came) > len(went):
        return f"{since} {verbs[1]} {new} in {len(came)} of {questions} questions"
    return f"{since} {verbs[2]} {old} in {len(went)} of {questions} questions"


def _named(site: str, rival: str) -> str:
    """Return how a sentence calls a site or a page of the brand: ``your pricing page``."""
    host, slash, path = site.partition("/")
    if not slash:
        return host
    whose, words = f"{rival}'s" if rival else "your", path.replace("-", " ").strip("/")
    return f"{whose} {words} page" if words.replace(" ", "").isalpha() else f"{whose} {site}"


def _link(shift: Shift, moved: Set[str], causes: Sequence[Move], rival: str) -> str:
    """Return how many of the questions at which the brand moved are among those of the sites."""
    count = sum(any(key in move.prompts for move in causes) for key in moved)
    gained = f"{'gained' if shift.change > 0 else 'lost'} {rival or 'you'} answers"
    what = gained if shift.metric == "visibility" and shift.brand else "moved"
    if len(moved) == 1:
        return f"The question that {what} is among these."
    among = f"All {count}" if count == len(moved) else f"{count} of the {len(moved)}"
    return f"{among} questions that {what} {'is' if count == 1 else 'are'} among these."


def _table(causes: Sequence[Move], sources: Sources) -> Table:
    """Return at how many questions the sites are shown, if that is told, and cited."""
    names = ("Shown", "Cited") if sources.showing else ("Cited",)
    rows = []
    for move in causes[:MOST_ROWS]:
        counts = (move.shown, move.cited)[-len(names) :]
        rows.append((move.site, *(f"{round(old)} → {round(new)}" for old, new in counts)))
    of_shown = f" (shown: of {sources.showing})" if 0 < sources.showing < sources.questions else ""
    caption = f"Questions of {sources.questions}{of_shown}, usually → since"
    return Table(("Page", *names), tuple(rows), frozenset({1, len(names)}), caption=caption)


def _data(sources: Sources, causes: Sequence[Move]) -> dict[str, object]:
    """Return the card as JSON."""
    data = asdict(sources)
    sites = data.pop("moves")
    for site, move in zip(sites, sources.moves, strict=True):
        site.update(prompts=sorted(move.prompts), cause=move in causes)
    return data | {"found": sources.searches_moved or bool(causes), "sites": [*sites]}


async def claim_card(view: View, alert: Alert, shift: Shift) -> Card:
    """Return the card of a false claim: the page that answers with it cite, and other answers to
    the same questions do not. Those with it count as if they were asked after the others.

    Raises:
        NothingToCompare: when there are too few of either.
    """
    _, times, answers = await answers_around(view, alert, shift)
    topic, said = (shift.statement.topic, shift.statement.said) if shift.statement else ("", "")
    making = {
        record.answer_id
        async for record in view.history.scores(runs={one.run_id for one in answers})
        if record.brand == shift.brand
        and any(_states(detail, topic, said) for detail in record.score.details)
    }
    asked = {answer.question.prompt.key for answer in answers if answer.id in making}
    after = replace(times[-1][-1], id=times[-1][-1].id + 1, started_at=view.clock.now())
    moved = [
        replace(answer, run_id=after.id) if answer.id in making else answer
        for answer in answers
        if answer.question.prompt.key in asked
    ]
    cells = cells_of([*times, [after]], moved, ALL_PAGES)
    if not asked or {cell.run for cell in cells} == {after.id}:
        raise NothingToCompare(reason="no answers with the claim, or none without it, are stored")
    sources = changed_sources(cells, after.id, view.p_values_at)
    causes = _exact(move for move in sources.moves if move.gained and move.is_cited)
    answers_with = f"answers with “{wording.shorten(wording.line(said), SAID_CHARS)}”"
    usual, now = (round(share * sources.answers) for share in sources.searches)
    title = f"No source explains it: {answers_with} cite what others do"
    if sources.searches_moved:
        title = f"{now} of {sources.answers} {answers_with} rest on a search, of others {usual}"
    elif causes:
        others, with_it = map(round, causes[0].cited)
        at = f"at {with_it} of {sources.questions} questions, others at {others or 'none'}"
        title = f"A{answers_with[1:]} cite {causes[0].site} {at}"
    elif sources.size is None:
        raise NothingToCompare(reason="too few answers with the claim, or without it, cite pages")
    return Card(
        title=title,
        text="See whether the page states it." if causes else "I compare the same questions.",
        footer="Fits, no proof"
        + (f" · {len(sources.moves)} of {sources.tested} pages differ" if sources.tested else ""),
        data=_data(sources, causes) | {"claim": said},
    )


def _states(detail: Detail, topic: str, said: str) -> bool:
    """Return whether an answer states a fact as falsely as a claim: with the same figures, or where
    one has none, with the same words.
    """
    stated, claimed = (
        {*(re.findall(r"\d+(?:[.,]\d+)*", text) or re.findall(r"\w+", text.casefold()))}
        for text in (detail.stated, said)
    )
    is_same = stated <= claimed or claimed <= stated
    return detail.is_false and detail.topic == topic and bool(stated and claimed) and is_same


SOURCES_WHY = CommandSpec(
    "sources why",
    "Say which sources changed with an alert, or that none explains it.",
    why,
    examples=("sources why 12",),
    section="Alerts",
    explains=True,
)
