"""A report's page: the figures of `report`, what they are based on, false claims, advice and
sources, in words; and as HTML with the brand's logo, its colours made legible, charts as SVG.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from overheard.advice.brief import mixed_items, steps
from overheard.alerts.history import certainty, how_often
from overheard.alerts.live_claims import LiveClaim
from overheard.cards import wording
from overheard.cards.charts.bars import Rates
from overheard.cards.charts.renderer import alt_text, drawing
from overheard.cards.charts.shares import Shares
from overheard.cards.charts.style import COLORS, Theme
from overheard.cards.charts.trend import Chart
from overheard.cards.html import render_html
from overheard.cards.model_names import ModelNames, asked_by
from overheard.commands.brief import newest_brief
from overheard.commands.page_tables import (
    ModelView,
    QuestionRow,
    SourceRow,
    newest_answers,
    read_questions,
    read_sources,
    read_views,
)
from overheard.deployment import Call, plugin_sentences
from overheard.domain import VISIBILITY, Brand
from overheard.errors import BadUsage, FileUnreadable
from overheard.views import standings
from overheard.views.courses import news_chart, voice_shares
from overheard.views.news import News, Telling, told_titles
from overheard.views.situation import OpenAlert, Situation

MAX_CLAIMS = 2
QUOTE_CHARS = 300
PROMPT_CHARS = 120
STATED_CHARS = 80
"""Longest texts of a claim."""


@dataclass(frozen=True, slots=True)
class QuotedClaim:
    """A false claim, as a page quotes it.

    Attributes:
        quote: The sentence in three parts (before the claim, the claim, after); None without a
            quote.
        by: The model; also the day and the question, if the answer is stored.
        truth: A sentence with the true value.
        counts: Sentences on which models said it, in how many answers, and next to which source.
    """

    quote: tuple[str, str, str] | None
    by: str
    truth: str
    counts: str


async def read_claim(call: Call, brand: str, claim: LiveClaim) -> QuotedClaim:
    """Return a false claim of a model's newest answers in words: the quote of its first answer and
    where that comes from, the true value, and how many answers of the check make it.

    Args:
        deployment: The open deployment; its facts have the true value, unless the fact was removed.
        brand: The brand's name.
    """
    cluster = claim.cluster
    first, name = cluster.first, call.names.name(claim.model)
    origin = name
    async for answer in call.store.answers.stream(numbers={first.answer_id}):
        question = wording.shorten(wording.line(answer.question.prompt.text), PROMPT_CHARS)
        origin += f", {wording.day(answer.asked_at, call.zone)}: “{question}”"
    verdict = "Out of date" if first.verdict == "stale" else "Wrong"
    truth = call.catalogue.facts_of(brand).get(first.field, "not on the fact sheet any more")
    stated = (
        f"“{wording.shorten(wording.line(first.stated), STATED_CHARS)}”" if first.stated else "this"
    )
    answers, asked = wording.count(cluster.answers, "answer"), claim.statement.asked
    of = f"{answers} of {asked} that state it" if asked > 1 else answers
    day = wording.day(claim.run.at, call.zone)
    counts = f"{verdict}: {name} says {stated} in {of} on {day}."
    if cluster.sources:
        site, cited = cluster.sources[0]
        counts += f" In {cited} of the {cluster.answers} it is said next to a source: {site}."
    return QuotedClaim(
        _split_quote(first.quote, first.stated),
        origin,
        f"In truth, {first.field}: {truth}.",
        counts,
    )


def _split_quote(quote: str, stated: str) -> tuple[str, str, str] | None:
    """Return a quote in three parts: the text before the stated claim, the claim, and the text
    after it. None for an empty quote.
    """
    text = wording.shorten(wording.line(quote), QUOTE_CHARS)
    if not text:
        return None
    claim = wording.line(stated)
    before, stated_words, after = text.partition(claim) if claim else (text, "", "")
    return before, stated_words, after


def claims_note(telling: Telling) -> str:
    """Return a sentence that follows the claims on a page: how many more there are than the
    `MAX_CLAIMS` shown, or why none is shown. Empty if all are shown.
    """
    if not telling.situation.has_facts:
        return "The fact sheet is empty, so claims are not checked."
    claims = telling.situation.claims
    if not claims:
        return telling.claims_sentence()
    more = len(claims) - MAX_CLAIMS
    return f"And {wording.count(more, 'more false claim')}." if more > 0 else ""


MAX_STEPS, MAX_CHANGES, MAX_MODELS = 3, 3, 4
"""Largest numbers of entries, so that a page prints on two sheets of A4."""
MAX_TITLE_CHARS = 120
MIN_RATE_DROP = 0.05
"""Smallest drop below the usual share (0 to 1) with which a tile is shown as worse."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of a page with its caption, and whether it is worse than usual."""

    value: str
    words: str
    worse: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """A piece of advice: a title, its evidence, and the first action."""

    title: str
    why: str
    action: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The content of a page, in its order.

    `voice` is None if the share of voice is not measured; `models` are the columns of `questions`;
    `answers` is the number of answers of the newest runs.
    """

    brand: str
    day: str
    headline: str
    lead: str
    tiles: tuple[Tile, ...]
    claims: tuple[QuotedClaim, ...]
    claims_note: str
    steps: tuple[NextStep, ...]
    changes: tuple[str, ...]
    certainty: str
    trend: Chart | Rates
    voice: Shares | None
    voice_words: str
    views: tuple[ModelView, ...]
    models: tuple[str, ...]
    questions: tuple[QuestionRow, ...]
    questions_note: str
    sources: tuple[SourceRow, ...]
    of_plugins: tuple[str, ...]
    answers: int
    asked: str
    method: str


async def read_page(call: Call, situation: Situation) -> ReportPage:
    """Return the content of a report's page, from stored answers and scores; no model is asked.

    Of each kind (claims, steps, changes, models, questions, sources) only the first few entries are
    taken, so that the page prints on two sheets.

    Args:
        situation: That of the brand, with at least one run.
    """
    brand, names, now = situation.brand, call.names, call.clock.now()
    telling = Telling(situation, names, call.zone)
    news = telling.news
    claims = situation.claims
    draft = await newest_brief(call, situation)
    scored = await newest_answers(call, situation.lines, situation.runs)
    voice = None if situation.all_failed else voice_shares(situation, call.zone)
    models = [place.model for place in situation.places[:MAX_MODELS]]
    questions, more = read_questions(call.catalogue, brand, situation.lines, scored, models)
    if not models:
        questions, more = [], 0
    next_steps = []
    for item in mixed_items(draft.items)[:MAX_STEPS]:
        title = wording.shorten(wording.line(item.title), MAX_TITLE_CHARS)
        why = f"{names.name(item.models[0])}: {item.why}" if item.models else item.why
        first, stop, _ = steps(item, brand.name)[0].partition(". ")
        ended = title if title.endswith((".", "?", "!", "…")) else f"{title}."
        next_steps.append(NextStep(title=ended, why=why, action=first + stop.rstrip()))
    years = 1 / call.config.alerts.false_alarms_per_year
    often = f"once in {years:.0f} years" if years >= 2 else f"{1 / years:g} times a year"
    return ReportPage(
        brand=brand.name,
        day=wording.day(now, call.zone),
        headline=telling.headline(news[0]) if news else brand.name,
        lead=_lead(telling, news),
        tiles=tuple(_page_tiles(call.names, situation, voice)),
        claims=tuple([await read_claim(call, brand.name, claim) for claim in claims[:MAX_CLAIMS]]),
        claims_note=claims_note(telling),
        steps=tuple(next_steps),
        changes=tuple(
            _alert_sentences(call.zone, opened) for opened in situation.alerts[:MAX_CHANGES]
        )
        or ("No alert is open.",),
        certainty=f"Over all brands, chance alone should raise an alert about {often}.",
        trend=await _visibility_chart(call, telling, news),
        voice=voice,
        voice_words=_voice_words(voice, brand),
        views=tuple(read_views(call.names, situation.places, situation.rows, scored)[:MAX_MODELS]),
        models=tuple(names.name(model) for model in models),
        questions=tuple(questions),
        questions_note=f"And {wording.count(more, 'more question')}." if more else "",
        sources=tuple(read_sources(draft.market, scored)),
        of_plugins=tuple(await plugin_sentences(call, brand)),
        answers=len(scored),
        asked=_how_asked_paragraph(call.names, call.zone, situation),
        method=_method_paragraph(brand, len(situation.names) - 1),
    )


def _lead(telling: Telling, news: Sequence[News]) -> str:
    """Return the page's second sentence: the figures of its headline, other news, the sentence on
    false claims, and which models are no longer asked.
    """
    first, others = (news[0], news[1:]) if news else (None, [])
    claims = "" if telling.situation.claims else telling.claims_sentence()
    parts = [*(first.lines if first else ()), *told_titles(telling, others), claims]
    return " ".join(filter(None, [*parts, *telling.single_claims(), telling.left_sentence()]))


def _page_tiles(names: ModelNames, situation: Situation, voice: Shares | None) -> Iterator[Tile]:
    """Yield the large figures of a page: the share of answers that name the brand, at up to
    `MAX_MODELS` models, then the brand's share of voice.
    """
    for place in situation.places[:MAX_MODELS]:
        name = names.name(place.model)
        mean, usual = place.mine.mean, place.usual_mean
        value = wording.share(mean, place.answers)
        value += f" of {place.answers}" if place.answers else ""
        words = f"{name} answers name you"
        if usual is not None:
            words += f", usually {wording.share(usual, place.answers)}"
        yield Tile(value, words, usual is not None and usual - mean >= MIN_RATE_DROP)
    if voice:
        own = voice.shares[0]
        now, usual = own.values[-1], voice.usual(own)
        usually = f", usually {wording.percent(usual)}" if usual is not None else ""
        worse = usual is not None and usual - now >= MIN_RATE_DROP
        yield Tile(wording.percent(now), f"share of voice{usually}", worse)


def _alert_sentences(zone: tzinfo, opened: OpenAlert) -> str:
    """Return an open alert as sentences, for people who do not see the chat.

    They are: the alert's title, since when, and who has taken it; the lines of its message; the
    last update of the model that fits; the certainty, where it is known.
    """
    alert = opened.alert
    shift = next((moved for moved in alert.moved if not moved.statement), alert.shift)
    owner = f"; {opened.owner} has it" if opened.owner else ""
    since = f"since {wording.day(opened.began, zone)}{owner}"
    words = " ".join([f"{opened.title.rstrip('.')}, {since}.", *opened.lines()])
    if shift.updates:
        words += f" It fits the model's update of {wording.day(shift.updates[-1].at, zone)}."
    if level := certainty(shift.chance_a_year):
        often = how_often(shift.chance_a_year)
        words += f" {level.capitalize()}: if nothing had changed, you would see this {often}."
    return words


async def _visibility_chart(call: Call, telling: Telling, news: Sequence[News]) -> Chart | Rates:
    """Return the chart of the brand's visibility.

    If no model has two runs yet, it is a bar chart of the brand and its competitors. Otherwise it
    shows the course over time: at the model of the most important news with its competitors, or
    at all models if that is of no single one.
    """
    situation = telling.situation
    if max((len(runs) for runs in situation.runs.values()), default=0) < 2:
        return standings.rates(situation.places, call.names, call.zone)
    return await news_chart(call, replace(telling, in_percent=True), news[0])


def _voice_words(voice: Shares | None, brand: Brand) -> str:
    """Return a sentence on which brand has the largest share of voice now, and on the brand's own
    share if it is another one; empty if `voice` is None.
    """
    if voice is None:
        return ""
    last = {share.label: share.values[-1] for share in voice.shares}
    leader = max(last, key=lambda name: last[name])
    if leader == brand.name:
        return f"{brand.name} leads with {wording.percent(last[leader])}."
    own_share = wording.percent(last[brand.name])
    return f"{leader} leads with {wording.percent(last[leader])}; {brand.name} has {own_share}."


def _how_asked_paragraph(names: ModelNames, zone: tzinfo, situation: Situation) -> str:
    """Return the paragraph on where the figures come from: for each model its id, how it is asked
    (``API, with search``), and the numbers of its newest answers and of their questions, with the
    day; then the number of checks of all models and the day of the first one; then a caution.
    """
    parts = []
    for place in situation.places:
        key = (situation.brand.name, place.model, VISIBILITY)
        stream = next(line for line in situation.lines if line.key == key)
        row = [run.id for run in stream.runs].index(place.mine.run_id)
        questions = int((stream.n[row] > 0).sum())
        parts.append(
            f"{names.name(place.model)} ({place.model.id}, {asked_by(place.model)}): "
            f"{wording.count(place.mine.n, 'answer')} to {wording.count(questions, 'question')} on "
            f"{wording.day(place.mine.at, zone)}"
        )
    runs = sorted({run for model_runs in situation.runs.values() for run in model_runs})
    checks = f"{wording.count(len(runs), 'check')} since {wording.day(runs[0].at, zone)}"
    asked = f"{'; '.join(parts)}. " if parts else ""
    return (
        f"{asked}{checks}. Answers of an API are not what people see in the apps, "
        "which search and cite differently: compare these figures only with themselves."
    )


def _method_paragraph(brand: Brand, rivals: int) -> str:
    """Return the paragraph that explains the figures of a page; `rivals` is the number of
    competitors.
    """
    return (
        f"“Named”: the answer names {brand.name}; each question weighs the same. “Usually”: the "
        "mean of the earlier checks, without those since a change that is not over. Share of "
        f"voice: of all mentions of {brand.name} and {wording.count(rivals, 'competitor')}, the "
        "mean of the models. “Likely range”: the true value lies in it nine times in ten. Claims "
        "are compared with the fact sheet alone. A program reads the answers and can misread a "
        "sentence; a source next to a claim need not be where it comes from."
    )


MAX_LOGO_BYTES = 200_000

MIN_CONTRAST = 4.5
"""Smallest contrast of text with its background, WCAG 2.2, criterion 1.4.3."""
CONTRAST_STEPS = 20
"""In how many steps a colour is moved to black or white until it has the contrast."""
BAND_TINT = 0.82
"""Share of the background in the colour of the band that is drawn behind a brand's line."""

_SURFACES = {
    Theme.LIGHT: {"bg": "#ffffff", "card": "#f6f7f9", "badbg": "#fdeef0", "mark": "#ffe2e6"},
    Theme.DARK: {"bg": "#17181b", "card": "#212327", "badbg": "#3a2026", "mark": "#5a2530"},
}


_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # HTML needs none


_RASTERS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


_SVG = re.compile(rb"\A\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg\b", re.S)


def page_html(page: ReportPage, *, logo: Path | None, color: str) -> str:
    """Return a page as one HTML document that needs no network: charts are inline SVG, the logo is
    embedded.

    Equal content gives equal text.

    Args:
        page: The content; all of its text is escaped.
        logo: A picture file (PNG, JPEG, GIF, WebP or SVG), or None for no logo.
        color: The brand's colour as ``#rrggbb``; it is made darker or lighter where it would be
            hard to read. Empty for the standard colour.

    Raises:
        FileUnreadable: when the logo cannot be read.
        BadUsage: when the logo is not such a picture, or larger than `MAX_LOGO_BYTES`.
    """
    return render_html(
        "overheard.commands",
        "page.html.j2",
        page=page,
        light=colors(Theme.LIGHT, color),
        dark=colors(Theme.DARK, color),
        logo=_data_uri(logo) if logo else "",
        svg=lambda chart: drawing(chart).svg(alt_text(chart)).replace(_NAMESPACE, "", 1),
    )


def colors(theme: Theme, color: str) -> Mapping[str, str]:
    """Return the colours of a theme as values of the page's CSS variables, by the variable's name
    without its leading hyphens.

    Args:
        theme: Light or dark.
        color: The brand's colour as ``#rrggbb``, made legible in this theme; empty for the standard
            colour.
    """
    surfaces = _SURFACES[theme]
    colors = {**COLORS[theme], **surfaces, "pic": surfaces["bg"]}
    if color:
        colors["brand"] = legible_color(color, surfaces["bg"])
        colors["band"] = _mixed_color(colors["brand"], surfaces["bg"], BAND_TINT)
    return colors


def legible_color(color: str, background: str) -> str:
    """Return a colour that is legible on a background, as close to the given one as possible.

    It is moved in `CONTRAST_STEPS` equal steps towards black (on a light background) or white (on a
    dark one) until it has `MIN_CONTRAST`; at the end it is black or white.

    Args:
        color: The colour as ``#rrggbb``.
        background: The background as ``#rrggbb``.
    """
    end = "#000000" if _luminance(background) > 0.5 else "#ffffff"
    shares = (step / CONTRAST_STEPS for step in range(CONTRAST_STEPS + 1))
    mixed = (_mixed_color(color, end, share) for share in shares)
    for mix in mixed:
        low, high = sorted((_luminance(mix), _luminance(background)))
        if (high + 0.05) / (low + 0.05) >= MIN_CONTRAST:  # the contrast ratio of WCAG 2.2
            return mix
    return end


def _luminance(color: str) -> float:
    """Return the relative luminance of a colour ``#rrggbb``, 0 (black) to 1 (white), as WCAG 2.2
    defines it.
    """
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb_shares(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed_color(color: str, end: str, share: float) -> str:
    """Return a mixture of two colours; `share` is the part of `end`, 0 to 1."""
    mixed = (a + (b - a) * share for a, b in zip(_rgb_shares(color), _rgb_shares(end), strict=True))
    return "#" + "".join(f"{round(c * 255):02x}" for c in mixed)


def _rgb_shares(color: str) -> list[float]:
    """Return the red, green and blue of a colour ``#rrggbb``, each 0 to 1."""
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _data_uri(file: Path) -> str:
    """Return a logo file as a data URI. The media type is found from the content, and not from the
    file's name.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from None
    usage = 'logo = "logo.png" in [page]'
    if len(content) > MAX_LOGO_BYTES:
        problem = f"The logo {file} has more than {MAX_LOGO_BYTES // 1000} kB"
        raise BadUsage(problem=problem, usage=usage)
    media = next((m for start, m in _RASTERS.items() if content.startswith(start)), "")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        media = "image/webp"
    if _SVG.match(content):
        media = "image/svg+xml"
    if not media:
        problem = f"The logo {file} is not a PNG, JPEG, GIF, WebP or SVG picture"
        raise BadUsage(problem=problem, usage=usage)
    return f"data:{media};base64,{base64.b64encode(content).decode()}"
