"""The news of a brand's situation, in the one order in which all cards tell it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import IntEnum
from functools import cached_property
from math import ceil

from overheard.alerts.bursts import SOURCE_WORDS
from overheard.alerts.live_claims import LiveClaim
from overheard.alerts.message import ALSO_PREFIX
from overheard.alerts.phrases import claim_lines, rise_title, statement_title
from overheard.alerts.story import Watch
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, fitting
from overheard.cards.command import quoted
from overheard.cards.metric_words import words_of
from overheard.cards.model_names import ModelNames, asked_by
from overheard.deployment import Call
from overheard.domain import VISIBILITY, Brand, Model, Scale
from overheard.measure.trends import USUAL_CHECKS, trend
from overheard.runs.presence import Presence
from overheard.views import standings
from overheard.views.situation import (
    HEADLINE,
    ModelSituation,
    OpenAlert,
    Situation,
    SituationReader,
)
from overheard.views.standings import Level, ModelVisibility, Rise

NAMED_DAYS = 7
"""Days from today on for which a time is told by the name of the day."""
MAX_NAMED = 3
"""Models of which a card says the figures in words."""
MAX_LABEL_CHARS = 30
"""Longest label of a button."""
RIVAL_ICON, WATCH_ICON = "\N{CHART WITH UPWARDS TREND}", "\N{EYES}"


class NewsKind(IntEnum):
    """Kinds of news, in the order in which they are told."""

    WRONG = 1
    """An open alert, or a false claim in the newest answers."""
    FAILED = 2
    """A model did not answer in the newest check that asked it."""
    FAR = 3
    """Far outside of the usual range, without an alert."""
    RIVAL = 4
    """A competitor is named far more than before."""
    WATCHED = 5
    PASSED = 6
    """What was watched is over, without an alert."""
    TOLD = 7
    """What a plugin tells, such as whether an action has helped."""
    OUTSIDE = 8
    """A little outside of the usual range, as one check of ten is by chance."""
    CALM = 9
    """All is as usual, or nothing usual is known yet."""


@dataclass(frozen=True, slots=True)
class News:
    """A piece of news.

    Attributes:
        title: Its headline, which names the brand.
        lines: Sentences with its figures.
        model: The model that it is about; None for several.
        alert: The alert that tells it; None without one.
        rival: The competitor that it is about; empty without one.
        began: The first check since the competitor rose.
    """

    kind: NewsKind
    title: str
    lines: tuple[str, ...] = ()
    severity: Severity = Severity.PLAIN
    model: Model | None = None
    alert: OpenAlert | None = None
    rival: str = ""
    began: datetime | None = None


@dataclass(frozen=True)
class Telling:
    """Tells the situation of a brand in words.

    Attributes:
        in_percent: Whether shares are in per cent, also where counts could be compared.
    """

    situation: Situation
    names: ModelNames
    zone: tzinfo
    in_percent: bool = False

    @cached_property
    def news(self) -> list[News]:
        """All news, the most important first; empty for a brand without answers whose questions
        were never asked.
        """
        found = [*self._alerts(), *self._claims(), *self._failures()]
        found += [*self._levels(), *self._rivals(), *self._watched(), *self._told()]
        if not found and self.situation.models:
            found.append(self._calm())
        return sorted(found, key=lambda one: one.kind)

    def is_new(self, news: News | None) -> bool:
        """Return whether news has an alert that the newest check has raised."""
        attempt, opened = self.situation.attempt, news.alert if news else None
        return bool(attempt and opened and opened.is_new(attempt.started_at))

    def headline(self, news: News) -> str:
        """Return the title of a card that begins with a piece of news; an alert that is older than
        the newest check has its beginning in it.
        """
        if news.alert is None or self.is_new(news):
            return news.title
        return f"Open since {self.day(news.alert.began)}: {news.title}"

    def paragraphs(self, news: Sequence[News], *, ranks: bool = True) -> list[str]:
        """Return the paragraphs of a card that says how things are: the figures of the first piece
        of news, which is its title, and who takes care of it; the other news; claims of a single
        answer; figures of the models of which no news tells; and which are no longer asked.

        Args:
            ranks: Whether these figures have the brand's rank, and are told where nothing is usual
                yet, or something wrong is told first; a picture has all that.
        """
        if not news:
            return [self.left_sentence()]
        first, *others = news
        owner = next((one.alert.owner for one in news if one.alert), "")
        parts = ["\n".join(first.lines), f"{owner} has the alert." if owner else ""]
        parts += told_titles(self, others)
        parts += [*self.single_claims(), "\n".join(self.level_lines(news, ranks=ranks))]
        parts.append(self.left_sentence())
        return [part for part in parts if part]

    def day(self, at: datetime) -> str:
        """Return a day in the reader's time zone: ``3 Mar``."""
        return wording.short_day(at, self.zone)

    def words(self, place: ModelVisibility, share: float, *, short: bool = False) -> str:
        """Return a share of answers: ``9 of 24 answers`` or ``38 % of answers``; without the last
        word if it is short.
        """
        if self.in_percent or not place.answers:
            return f"{wording.percent(share)}{'' if short else ' of answers'}"
        of = place.answers if short else wording.count(place.answers, "answer")
        return f"{wording.share(share, place.answers)} of {of}"

    def usual(self, place: ModelVisibility) -> str:
        """Return the usual share of answers of a brand at a model, without its unit."""
        mean = place.usual_mean or 0.0
        return wording.share(mean, 0 if self.in_percent else place.answers)

    def level_lines(
        self, news: Sequence[News] = (), *, ranks: bool = True, only: Callable[[Model], bool] = bool
    ) -> Iterator[str]:
        """Yield a line on the brand's share of answers and its rank at each of the first
        `MAX_NAMED` current models of which some news do not tell, with the usual share if the
        present one is outside of its usual range, as in ``ChatGPT: 20 of 24 answers, as usual,
        1st of 4.``.
        """
        told = {one.model for one in news if one is news[0] or one.kind is not NewsKind.OUTSIDE}
        is_wrong = bool(news) and news[0].kind is NewsKind.WRONG
        pictured = {Level.UNKNOWN, Level.USUAL if is_wrong else Level.UNKNOWN}
        places = [
            place
            for place in self.situation.places
            if place.model not in told
            and only(place.model)
            and (ranks or place.level not in pictured)
        ]
        for place in places[:MAX_NAMED]:
            clauses = [self.words(place, place.mine.mean, short=place.usual is not None)]
            if place.level is Level.USUAL:
                clauses.append("as usual")
            elif place.level is not Level.UNKNOWN:
                clauses.append(f"usually {self.usual(place)}")
            clauses += [place.rank_words] if ranks and place.rank_words else []
            attempt = self.situation.attempt
            if attempt and place.mine.run_id != attempt.id and place.mine.at < attempt.started_at:
                clauses.append(f"on {self.day(place.mine.at)}")
            yield f"{self.names.name(place.model)}: {', '.join(clauses)}."
        if len(places) > MAX_NAMED:
            yield f"And {wording.count(len(places) - MAX_NAMED, 'more model')}."

    def doubt(self, model: Model) -> str:
        """Return that a fall or rise at a model is not certain yet; empty where there is none."""
        there = self.situation.models.get(model)
        if (
            not (there and there.place and there.place.level.far)
            or model in self.situation.moved_at
        ):
            return ""
        return f"That may be a bad day of the model. {self.decider(there)}"

    def level_words(self, model: Model) -> str:
        """Return how often a model names the brand: ``Named in 8 of 24 answers, usually 20``."""
        place = self.situation.models[model].place
        return (
            f"Named in {self.words(place, place.mine.mean)}, usually {self.usual(place)}"
            if place
            else ""
        )

    def _alerts(self) -> Iterator[News]:
        for opened in self.situation.alerts:
            there = self.situation.models.get(opened.model)
            if there and there.presence is Presence.LEFT:
                continue  # `left_sentence` tells it
            lines = [
                line
                for line in opened.lines(in_percent=self.in_percent)
                if not line.startswith(ALSO_PREFIX)
            ]
            lines += [doubt] if (doubt := self.doubt(opened.model)) else []
            yield News(
                NewsKind.WRONG,
                opened.title.rstrip("."),
                tuple(line.strip() for line in lines),
                opened.severity,
                opened.model,
                opened,
            )

    def _claims(self) -> Iterator[News]:
        """Yield the false claims that several answers of a model make and no open alert tells."""
        for there in self.situation.models.values():
            said = [claim.statement for claim in self._untold(there) if claim.repeated]
            if said:
                name = self.names.name(there.model)
                yield News(
                    NewsKind.WRONG,
                    statement_title(said, self.situation.brand.name, name),
                    tuple(claim_lines(said)),
                    Severity.BAD,
                    there.model,
                )

    def _untold(self, there: ModelSituation) -> list[LiveClaim]:
        """Return the claims of a model that no open alert tells; none of a model that has left."""
        if there.presence is Presence.LEFT:
            return []
        told = [one.alert for one in self.situation.alerts if one.model == there.model]
        return [
            claim
            for claim in there.claims
            if not any(claim.repeats(said) for alert in told for said in alert.statements)
        ]

    def single_claims(self) -> list[str]:
        """Return a sentence for each false claim that one answer alone makes."""
        sentences = []
        for there in self.situation.models.values():
            for claim in self._untold(there):
                if not claim.repeated:
                    [line] = claim_lines([claim.statement])
                    sentences.append(f"{self.names.name(there.model)}: {line[0].lower()}{line[1:]}")
        return sentences

    def _failures(self) -> Iterator[News]:
        """Yield what is known of the models that did not answer, as one piece of news."""
        if unread := self.situation.at_models(Presence.UNREAD):
            day = self.day(max(there.asked for there in unread).at)
            title = f"The answers of {day} are not scored yet"
            yield News(NewsKind.FAILED, title, self._last_known(unread), Severity.WARNING)
        silent = self.situation.at_models(Presence.SILENT)
        if not silent:
            return
        day = self.day(max(there.asked for there in silent).at)
        names = wording.listing([self.names.name(there.model) for there in silent])
        if self.situation.all_failed:
            reasons = _reasons([there.failure for there in silent])
            title = f"The check of {day} failed: no new figures"
            lines = (reasons or "No model answered.", *self._last_known(silent))
            yield News(NewsKind.FAILED, title, lines, Severity.WARNING)
            return
        title = f"{names} did not answer on {day}"
        places = self.situation.places
        is_wrong = self.situation.alerts or self.situation.claims
        if places and not is_wrong and all(place.level is Level.USUAL for place in places):
            others = wording.listing([self.names.name(place.model) for place in places])
            title += f"; {others} as usual"
        lines = tuple(
            f"{self.names.name(there.model)}: {there.reason} {self._last_sentence(there)}"
            for there in silent
        )
        yield News(NewsKind.FAILED, title, lines, Severity.WARNING)

    def _last_known(self, silent: Iterable[ModelSituation]) -> tuple[str, ...]:
        """Return a line with the last figures of models that have some; no line if none has."""
        figures = [
            f"{self.names.name(there.model)} {self.words(place, place.mine.mean, short=True)} "
            f"on {self.day(place.mine.at)}"
            for there in silent
            if (place := there.place)
        ]
        return (f"Last known, not of this check: {wording.listing(figures)}.",) if figures else ()

    def _last_sentence(self, there: ModelSituation) -> str:
        if there.place is None:
            return "It has not answered yet."
        share = self.words(there.place, there.place.mine.mean, short=True)
        day = self.day(there.place.mine.at)
        return f"The last is of {day}: {share}. I cannot say whether it changed."

    def left_sentence(self) -> str:
        """Return a sentence on the models that are no longer asked; empty without any."""
        left = self.situation.at_models(Presence.LEFT)
        if not left:
            return ""
        parts = [
            f"{self.names.name(there.model)}, since {self.day(there.asked.at)}" for there in left
        ]
        situation = self.situation
        open_at = {opened.model for opened in (*situation.alerts, *situation.rival_alerts)}
        stays = any(there.model in open_at for there in left)
        alert = " Its alert can be closed." if stays else ""
        return f"No longer asked: {wording.listing(parts)}.{alert}"

    def _levels(self) -> Iterator[News]:
        """Yield the models at which the brand is outside of its usual range, without an alert."""
        told = {opened.model for opened in self.situation.alerts}
        brand = self.situation.brand.name
        for place in self.situation.places:
            level, watch = place.level, self.situation.models[place.model].story.watch
            if place.model in told or level in {Level.USUAL, Level.UNKNOWN}:
                continue
            if watch and not watch.over and not level.far:
                continue  # `_watched` tells it
            share = self.words(place, place.mine.mean)
            title = (
                f"{level.value.capitalize()} usual: {self.names.name(place.model)} names {brand} "
                f"in {share}, usually {self.usual(place)}"
            )
            if level.far:
                there = self.situation.models[place.model]
                lines = (
                    f"No alert yet: one check can be a bad day of the model. {self.decider(there)}"
                )
                is_bad = level is Level.FAR_BELOW
                severity = Severity.WARNING if is_bad else Severity.PLAIN
                yield News(NewsKind.FAR, title, (lines.strip(),), severity, place.model)
            else:
                yield News(NewsKind.OUTSIDE, title, ("It may be chance.",), model=place.model)

    def _rivals(self) -> Iterator[News]:
        """Yield the competitors that rise, and those of which several answers say what is false; in
        the words of an alert, where a route asked for one.
        """
        told = set()
        for opened in self.situation.rival_alerts:
            there = self.situation.models.get(opened.model)
            if there and there.presence is not Presence.LEFT:
                rival = opened.alert.shift.brand
                told.add((rival, opened.model))
                yield News(
                    NewsKind.RIVAL,
                    opened.title,
                    tuple(opened.lines(in_percent=self.in_percent)),
                    opened.severity,
                    opened.model,
                    opened,
                    rival,
                )
        for place in self.situation.places:
            for rise in place.rises:
                is_told = (rise.rival, place.model) in told
                if place.model not in self.situation.moved_at and not is_told:
                    yield self._rival_news(place, rise)
        for rival, by_model in self.situation.rival_claims.items():
            for model, claims in by_model.items():
                said = [claim.statement for claim in claims if claim.repeated]
                if said and (rival, model) not in told:
                    title = statement_title(said, rival, self.names.name(model))
                    lines = tuple(claim_lines(said))
                    yield News(NewsKind.RIVAL, title, lines, model=model, rival=rival)

    def _rival_news(self, place: ModelVisibility, rise: Rise) -> News:
        """Return the news that a competitor rose at a model, and whether it passes the brand."""
        mine, name = place.mine.mean, self.names.name(place.model)
        passes = rise.usual <= mine < rise.now
        title = f"{RIVAL_ICON} {rise_title(rise.rival, name, passes=passes)}"
        usual = wording.share(rise.usual, 0 if self.in_percent else place.answers)
        named = f"{rise.rival} is named in {self.words(place, rise.now)}, usually {usual}."
        is_first = rise.since == place.mine.at
        doubt = " One check can be a bad day of the model." if is_first else ""
        before, since = self.day(rise.before), self.day(rise.since)
        began = f"between {before} and {since}" if before != since else f"on {since}"
        lines = [f"{named} It began {began}.{doubt}"]
        passed = sum(one.usual <= mine < one.now for one in place.rises)
        brand = self.situation.brand
        you = "You are" if brand.tracked else f"{brand.name} is"
        rank = f", now {place.rank_words}" if place.rank_words else ""
        if passed and rank:
            rank = f", but{rank.removeprefix(',')}, before {wording.ordinal(place.rank - passed)}"
        if place.level is Level.USUAL:
            share = wording.share(mine, 0 if self.in_percent else place.answers)
            lines.append(f"{you} as usual at {share}{rank}.")
        elif rank:
            lines.append(f"{you}{rank.removeprefix(', but').removeprefix(',')}.")
        return News(
            NewsKind.RIVAL,
            title,
            tuple(lines),
            model=place.model,
            rival=rise.rival,
            began=rise.since,
        )

    def _watched(self) -> Iterator[News]:
        """Yield the models at which a change is suspected and nothing above says so."""
        far = {place.model for place in self.situation.places if place.level.far}
        for there in self.situation.at_models(Presence.CURRENT):
            watch, place = there.story.watch, there.place
            if not watch or there.model in self.situation.moved_at | far:
                continue
            figures = self._watch_figures(there, watch.metric)
            if watch.source:
                yield self._update_news(there, watch, figures)
            elif watch.over:
                lines, title = (figures,) if figures else (), self.names.name(there.model)
                yield News(NewsKind.PASSED, f"It has passed at {title}", lines, model=there.model)
            else:
                title = f"{WATCH_ICON} Watching: {self._watch_words(there, watch)}"
                is_young = not place or not place.usual or place.usual.checks < USUAL_CHECKS
                chance = f"True in about {TRUE_OF_WATCHED[is_young][watch.rare]} of such cases."
                line = f"{figures} {chance} {self.decider(there)}".strip()
                yield News(NewsKind.WATCHED, title, (line,), model=there.model)

    def _update_news(self, there: ModelSituation, watch: Watch, figures: str) -> News:
        """Return what an update did to the brand by the checks since: by how much it moved it, or
        did not; or how far it may have, and what decides.
        """
        name, brand = self.names.name(there.model), self.situation.brand.name
        how = SOURCE_WORDS.get(watch.source, watch.source)
        title = f"{WATCH_ICON} {name} was changed: {how}"
        line, decider, severity = figures, self.decider(there), Severity.PLAIN
        if watch.over:
            title = f"What the update of {name} did to {brand} is not clear"
        if not watch.values or not watch.interval:
            if not watch.over:
                line = f"{line} What that did to you is not clear yet. {decider}"
        else:
            before, after = map(wording.percent, watch.values)
            change = wording.change(watch.values[1] - watch.values[0], Scale.BINARY)
            size = f"{change} ({wording.interval(*watch.interval, Scale.BINARY)})"
            line = f"{before} before and {after} after it."
            if watch.has_moved:
                title = f"The update of {name} moved {brand} by {size}"
                severity = Severity.GOOD if watch.values[1] > watch.values[0] else Severity.WARNING
                line = line if watch.over else f"{line} {decider}"
            elif watch.is_still:
                title, severity = f"The update of {name} did not move {brand}", Severity.GOOD
                points = wording.count(ceil(100 * watch.bound), "point")
                line = f"{line} Not by more than {points}."
            elif watch.over:
                line = f"{line} Not clear: {size}."
            else:
                line = f"{line} Not clear yet: {size}. {self._looks_sentences(there, watch)}"
        kind = NewsKind.PASSED if watch.over else NewsKind.WATCHED
        return News(kind, title, (line.strip(),), severity, there.model)

    def _looks_sentences(self, there: ModelSituation, watch: Watch) -> str:
        """Return how many checks would tell what an update did, and when the next one is; empty
        where that is not known.
        """
        if watch.least is None:
            return ""
        if (more := watch.looks_to_tell) is None:
            points = wording.count(ceil(100 * watch.least), "point")
            return f"With the few answers before it fewer than {points} cannot be told."
        if more > LOOKS_WORTH_NAMING:
            return f"More than {LOOKS_WORTH_NAMING} more checks would be needed to tell."
        decider = self.decider(there)
        if more > 1:
            decider = decider.replace("The next check, ", "The next is ").replace(", decides", "")
        return f"About {wording.count(more, 'more check')} would tell. {decider}"

    def _watch_words(self, there: ModelSituation, watch: Watch) -> str:
        """Return what may have changed: ``ChatGPT may name Acme a little less``."""
        name, brand = self.names.name(there.model), self.situation.brand.name
        words, (before, after) = words_of(watch.metric), watch.values or (0.0, 0.0)
        change = after - before or self._change(there, watch.metric)
        if not change or not words.better:
            return f"something may have changed at {name}"
        better = (change > 0) != (watch.metric in LESS_IS_BETTER)
        little = " a little" if abs(change) < standings.FAR_CHANGE else ""
        phrase = (words.better if better else words.worse).format(brand=brand, far=little)
        verb, _, rest = phrase.partition(" ")
        return f"{name} may {verb.removesuffix('s')} {rest}"

    def _change(self, there: ModelSituation, metric: str) -> float:
        """Return by how much the newest value of a metric differs from the earlier usual ones; 0
        where that is not known.
        """
        key = (self.situation.brand.name, there.model, metric)
        lines = (line for line in self.situation.lines if line.key == key)
        points = [point for line in lines for point in trend(line)]
        usual = [point.mean for point in points[:-1] if there.story.is_usual(point.at)]
        return points[-1].mean - sum(usual) / len(usual) if usual else 0.0

    def _watch_figures(self, there: ModelSituation, metric: str) -> str:
        place = there.place
        if metric != VISIBILITY or place is None or place.usual is None:
            return ""
        share = self.words(place, place.mine.mean, short=True)
        return f"{share}, usually {self.usual(place)}."

    def _told(self) -> Iterator[News]:
        for one in self.situation.told:
            severity = Severity.GOOD if one["good"] else Severity.PLAIN
            yield News(NewsKind.TOLD, str(one["title"]), (str(one["line"]),), severity)

    def _calm(self) -> News:
        """Return the news that there is none: with a usual range everywhere, that all is as usual;
        else how the brand stands.
        """
        places = self.situation.places
        if places and not any(place.mine.mean for place in places):
            return News(NewsKind.CALM, f"No answer names {self.situation.brand.name}")
        if not places or any(place.level is Level.UNKNOWN for place in places):
            title = standings.title(self.situation.brand.name, places, self.names)
            return News(NewsKind.CALM, title)
        is_open = self.situation.alerts or self.situation.rival_alerts  # of a model that has left
        none = [] if is_open else ["no open alert"]
        none += ["no false claim"] if self.checks_claims else []
        title = ": ".join(["All as usual", *([", ".join(none)] if none else [])])
        return News(NewsKind.CALM, title, severity=Severity.GOOD)

    @property
    def checks_claims(self) -> bool:
        """Whether it may be said that there is no false claim."""
        return self.situation.has_facts and not self.situation.claims

    def claims_sentence(self, claims: Sequence[LiveClaim] | None = None) -> str:
        """Return a sentence on each false claim of the newest answers (or of some of them), with
        its one count, or that there is none; empty for a brand without facts, whose claims are not
        checked.
        """
        if not self.situation.has_facts or not self.situation.runs:
            return ""
        sentences = []
        for claim in self.situation.claims if claims is None else claims:
            [line] = claim_lines([claim.statement])
            sentences.append(f"{self.names.name(claim.model)} {line.removeprefix('It ')}")
        if not sentences:
            return f"No false claim in the answers of {self.newest_day()}."
        return f"{wording.count(len(sentences), 'false claim')}: {' '.join(sentences)}"

    def dated(self, title: str) -> str:
        """Return a title of figures, with their day if the newest check has none."""
        return f"{title}, as of {self.newest_day()}" if self.situation.all_failed else title

    def newest_day(self) -> str:
        """Return the day of the newest answers; empty without any."""
        newest = self.situation.answered
        return self.day(newest.at) if newest else ""

    def decider(self, there: ModelSituation) -> str:
        """Return a sentence on what decides whether something has changed at a model: that it is
        asked again, or the next check; empty without either.
        """
        if again := there.asked_again:
            when = soon(max(again, self.situation.at), self.situation.at, self.zone)
            if there.by_itself:
                return f"I ask again {when}, and say then."
            return f"Another check, {when} or later, tells."
        at = self.situation.next_check
        return f"The next check, {soon(at, self.situation.at, self.zone)}, decides." if at else ""


LOOKS_WORTH_NAMING = 12
"""The largest number of checks that is named as what it takes to tell what an update did."""
TRUE_OF_WATCHED = {False: ("a quarter", "half"), True: ("a tenth", "a third")}
"""The share of what is watched that is true, where there are fewer than `USUAL_CHECKS` and where
not: where one run is unlike others, and where the evidence is rare (docs/statistics.md)."""
LESS_IS_BETTER = frozenset({"position", "drawback"})
"""Metrics of which a smaller value is better."""


def _reasons(failures: Iterable[str]) -> str:
    """Return why models did not answer: a sentence for those that failed for one reason."""
    models: dict[str, list[str]] = {}
    for failure in filter(None, dict.fromkeys(failures)):
        name, did_not_answer, reason = failure.partition(" did not answer")
        models.setdefault(f"{did_not_answer}{reason}" or failure, []).append(name)
    return " ".join(
        f"{wording.listing(names)}{reason}" if reason not in names else reason
        for reason, names in models.items()
    )


def soon(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return a future time in words: ``today at 09:00``, ``tomorrow at 09:00``, ``on Monday at
    09:00`` within a week, else ``on 3 Mar at 09:00``.
    """
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days < NAMED_DAYS:
        day = {0: "today", 1: "tomorrow"}.get(days, f"on {wording.DAYS[local.weekday()]}")
    else:
        day = f"on {wording.short_day(at, zone)}"
    return f"{day} at {wording.clock(at, zone)}"


def asked_words(models: Iterable[Model], *, brief: bool = False) -> str:
    """Return how models are asked: ``by API, with search, not the app``, in brief ``API only``;
    empty without models, and where they are asked in different ways, of which one is no API.
    """
    ways = {asked_by(model) for model in models}
    if ways and all(way.startswith("API") for way in ways):
        way = ways.pop() if len(ways) == 1 else "API"
        return "API only" if brief else f"by {way}, not the app"
    if len(ways) != 1:
        return ""
    [way] = ways
    return way if way.startswith("on ") else f"by {way}"


async def read_tellings(call: Call, brands: Iterable[Brand]) -> list[Telling]:
    """Return what there is to tell of how often brands are named, by their newest checks."""
    reader = SituationReader(call)
    situations = [await reader.read(brand, HEADLINE) for brand in brands]
    return [Telling(situation, call.names, call.zone) for situation in situations]


def told_titles(telling: Telling, news: Iterable[News], *, brief: bool = False) -> list[str]:
    """Return a line for each piece of news that is not the first of a card: an open alert with the
    day on which it began; a failure with the last figures, unless it is brief.
    """
    lines = []
    for one in news:
        if one.kind >= NewsKind.OUTSIDE:  # `Telling.level_lines` has its figures
            continue
        icon = one.severity.icon if one.alert or one.kind is NewsKind.WRONG else ""
        figures = " ".join(one.lines) if one.kind is NewsKind.FAILED and not brief else ""
        owner = f"; {one.alert.owner} has it" if one.alert and one.alert.owner else ""
        lines.append(f"{icon}{telling.headline(one)}{owner}. {figures}".rstrip())
    return lines


def standing_news(telling: Telling, *, apart: int = 0) -> list[str]:
    """Return a line for each piece of news that stands whatever else is asked: open alerts, false
    claims, models that did not answer, shares far outside of the usual range, and competitors that
    rise.
    """
    standing = [
        one
        for one in telling.news
        if one.kind <= NewsKind.RIVAL and not (one.alert and one.alert.alert.id == apart)
    ]
    return told_titles(telling, standing, brief=True)


def with_standing_news(
    card: Card, *tellings: Telling, apart: int = 0, figures: bool = True
) -> Card:
    """Return a card that answers another question with what stands for brands: its lines, and the
    situations in its JSON data, if that is an object. Where the newest check has no answers of the
    only brand, the title says of which day the card is, and the lines come first.

    Args:
        apart: The number of the alert that the card is about, which it tells itself.
        figures: Whether the title is of figures.
    """
    lines = [line for telling in tellings for line in standing_news(telling, apart=apart)]
    title, texts = card.title, [str(card.text), *lines]
    if len(tellings) == 1 and tellings[0].situation.all_failed:
        title = tellings[0].dated(title) if figures else title
        texts = [*lines, str(card.text)]
    situations = [telling.situation.data() for telling in tellings]
    situation = situations[0] if len(situations) == 1 else situations
    data = {**card.data, "situation": situation} if isinstance(card.data, dict) else card.data
    return replace(card, title=title, text="\n\n".join(filter(None, texts)), data=data)


def first_steps(situation: Situation, news: Sequence[News]) -> list[Action]:
    """Return the button that the most important news asks for: the open alert, the questions that a
    model did not answer, or a comparison with the competitor that rises.
    """
    if not news:
        return []
    first, name = news[0], situation.brand.name
    if opened := next((one.alert for one in news if one.alert), None):
        return [Action(f"alerts show {opened.alert.id}", "Open alert", Style.PRIMARY)]
    silent = situation.at_models(Presence.SILENT)
    if first.kind is NewsKind.FAILED and silent:
        chosen = [] if situation.all_failed else silent
        models = "".join(f" --model {quoted(str(there.model))}" for there in chosen)
        return list(fitting(Action(f"check {quoted(name)}{models}", "Ask again", Style.PRIMARY)))
    if first.rival:
        label = wording.shorten(f"Compare with {first.rival}", MAX_LABEL_CHARS)
        return [Action(f"trend {quoted(name)} {quoted(first.rival)}", label, Style.PRIMARY)]
    return []
