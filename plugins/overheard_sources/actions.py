"""`actions`: what was published or changed, and whether it has helped."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self

from overheard import (
    Action,
    BadUsage,
    Block,
    Brand,
    Card,
    Kind,
    Model,
    Rate,
    RateGroup,
    Rates,
    Role,
    Scale,
    Severity,
    Style,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_sources.effects import CHECKS, MAX_BEFORE, Finding, Verdict, found_gain
from overheard_sources.searches import reading, tracked_brand

VISIBILITY = "visibility"
METRICS = {"claim": "accuracy", "unstated": "accuracy", "sentiment": "sentiment"}
"""What an item of the brief should improve, by its kind; visibility for all others."""
KEPT = "action "
"""The beginning of the names under which actions are kept."""
READ_DAYS, LEAST_DAYS, TOLD_DAYS = 200, 14, 7
"""Days before an action whose answers are read, that have to pass before the verdict, and for which
the verdict is told."""
MIN_QUESTIONS = 3
"""With fewer questions, the others on their topic are compared as well."""
MIN_SHARE = 0.85
"""The share of all questions to all models that a check has answers to."""
STEM_CHARS = 4
"""As many letters at the beginning of words say what a question is about."""
GENERAL = frozenset({"page", "pages", "post", "site", "website"})
"""Words that say nothing of that."""
MAX_OTHERS = 3
"""Other actions that a card tells of."""
EARLIEST = date(2000, 1, 1)
UNMOVED = 0.005
"""The largest change that is told as none."""


@dataclass(frozen=True, slots=True)
class Acted:
    """Something that was published or changed.

    Attributes:
        what: A few words, such as ``pricing page``.
        day: The day on which it was published, in ISO format.
        metric: The metric that should improve.
        questions: Keys of the questions that it answers.
        visible: The least gain that was said to be found; None where none could be told.
        verdict: What was found, once it is final; empty before.
        read: The first day on which models can have read it; empty for the one after `day`.
    """

    key: str
    brand: str
    what: str
    day: str
    metric: str
    questions: tuple[str, ...]
    visible: float | None = None
    verdict: str = ""
    read: str = ""

    @property
    def published(self) -> date:
        """The day."""
        return date.fromisoformat(self.day)

    @property
    def unread(self) -> date:
        """The last day on which no model can have read it."""
        return date.fromisoformat(self.read) - timedelta(1) if self.read else self.published


async def noted_actions(view: View) -> list[Acted]:
    """Return the actions that are noted, the newest first."""
    kept = await view.work.kept()
    values = [{**one} for name, one in kept.items() if name.startswith(KEPT)]
    for one in values:
        one.pop("tells", None)
    actions = (Acted(**one | {"questions": tuple(one["questions"])}) for one in values)
    return sorted(actions, key=lambda one: (one.day, one.key), reverse=True)


async def all_actions(view: View, brand: str = "") -> list[Acted]:
    """Return the actions of a brand, or of all, the newest first; with them items of the brief that
    were marked before actions were noted, as far as it is known of which questions.
    """
    actions = await noted_actions(view)
    noted = {one.key for one in actions}
    for known in view.catalogue.brands:
        texts = {one.key: one.text for one in view.catalogue.prompts_for(known.name)}
        for one in await view.approvals.publications(known.name):
            asked = (one.subject,) if one.subject in texts else _naming(view, known, one.subject)
            if asked and one.item not in noted:
                what = f"page on {texts.get(one.subject, one.subject)}"
                day = one.at.astimezone(view.zone).date().isoformat()
                metric, keys = METRICS.get(one.kind, VISIBILITY), _with_topic(view, known, asked)
                actions.append(Acted(one.item, known.name, what, day, metric, keys))
    of_brand = (one for one in actions if brand in {"", one.brand})
    return sorted(of_brand, key=lambda one: (one.day, one.key), reverse=True)


@dataclass(frozen=True, slots=True)
class Followed:
    """An action and what the checks show of it so far.

    Attributes:
        what: Its words, with those of the actions that cannot be told apart from it.
        joined: The keys of these.
        models: The models that may have read it.
    """

    action: Acted
    finding: Finding
    what: str
    joined: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()

    @classmethod
    async def read(cls, view: View, action: Acted) -> Self:
        """Return an action with what the checks show of it so far."""
        if action.metric not in view.metrics:  # as its scorer is off
            action = replace(action, metric=VISIBILITY)
        blocks = await _answered(view, action)
        days = _full_days(one for one in blocks if one.brand == action.brand)
        others = [one for one in await all_actions(view, action.brand) if one.key != action.key]
        same = [one for one in others if {*one.questions} & {*action.questions}]
        joined = [one for one in same if _checks_between(action, one, days) < CHECKS]
        treated = {*action.questions}.union(*(one.questions for one in joined))
        first = min(one.published for one in (action, *joined))
        after, is_done = _checks_after(max(one.unread for one in (action, *joined)), days)
        end = after[-1] if is_done else view.clock.now().date()
        # An update after the action ends the model's part; one before it, or an earlier action on
        # the same questions, shortens what is compared with.
        updates = [(one.model, one.at.date()) for one in await view.history.updates()]
        asked = {one.model for one in blocks if one.at.date() < first}
        updated = {model: at for model, at in updates if model in asked and first < at <= end}
        models = asked - updated.keys()
        earlier = [one.published for one in same if one not in joined and one.published < first]
        earlier += [at for model, at in updates if model in models and at <= first]
        since = max(earlier, default=date.min)
        before = [day for day in days if since <= day < first][-MAX_BEFORE:]
        begin = min([*before, first])
        busy = {key for one in others if begin <= one.published <= end for key in one.questions}
        blocks = [
            one
            for one in blocks
            if one.model in models and (one.prompt in treated or one.prompt not in busy)
        ]
        own = [one for one in blocks if one.brand == action.brand]
        rivals = [one for one in blocks if one.brand != action.brand]
        checks = {*_full_days(own)}
        finding = found_gain(
            own, rivals, treated, checks & {*before}, checks & {*after}, is_done=is_done
        )
        if not models:
            finding = Finding(Verdict.UNKNOWN, _no_model(view, updated))
        what = wording.listing([action.what, *(one.what for one in joined)])
        return cls(action, finding, what, tuple(one.key for one in joined), tuple(sorted(models)))

    def gain(self, view: View) -> str:
        """Return the gain with its interval: ``+13 points (+1 to +24)``."""
        low, high = self.finding.gain
        scale = view.metrics[self.action.metric].scale
        ends = wording.interval(low, high, scale).removesuffix(" points")
        return f"{wording.change((low + high) / 2, scale)} ({ends})"

    def size(self, view: View, size: float | None) -> str:
        """Return a size on the metric's scale in words: ``12 points``."""
        scale = view.metrics[self.action.metric].scale
        return wording.change(size or 0.0, scale).removeprefix("+")

    def title(self, view: View) -> str:
        """Return the verdict in a sentence."""
        left = CHECKS - self.finding.after
        wait = wording.count(left, "more check") if left > 0 else "some more days"
        bound = self.size(view, self.finding.bound) if self.finding.gains else ""
        return {
            Verdict.UNKNOWN: f"I cannot tell whether your {self.what} helped",
            Verdict.EARLY: f"Your {self.what}: too early to tell, {wait}",
            Verdict.HELPED: f"Your {self.what} likely helped",
            Verdict.WORSE: f"Since your {self.what} these answers likely got worse",
            Verdict.NOTHING: f"Your {self.what}: no effect of {bound} or more",
        }[self.finding.verdict]

    def text(self, view: View) -> str:
        """Return what is compared, and how it moved."""
        finding, metric = self.finding, view.metrics[self.action.metric]
        published = f"Published on {_day_words(view, self.action.published)}"
        if self.action.read:
            published += f", read from {_day_words(view, date.fromisoformat(self.action.read))}"
        published += "."
        if finding.reason:
            return f"{published} {finding.reason}"
        asked = "question" if finding.questions == 1 else f"{finding.questions} questions"
        others = wording.count(finding.others, "other question")
        joined = f" They came within {CHECKS} checks: which of them it is, I cannot tell."
        joined = joined if self.joined else ""
        own, other = finding.levels
        if not finding.gains:
            notices = f"would notice {self.size(view, finding.visible)} or more"
            if metric.scale.is_rate and (finding.visible or 0.0) > 1 - own.before:
                notices = "would notice no gain, as these are few answers"
            return (
                f"{published} I compare the {asked} about it with {others} and your rivals, and "
                f"{notices}.{joined}"
            )
        before, after = (_value(one, own.answers, metric.scale) for one in (own.before, own.after))
        of = f" of {own.answers} answers" if own.answers and metric.scale.is_yes_or_no else ""
        name = view.names.name(self.models[0]) if len(self.models) == 1 else "the models"
        did = f"{name} named you in" if metric.name == VISIBILITY else f"{metric.label} was"
        against = "them and your rivals" if len(finding.gains) > 1 else "them"
        rise = other.after - other.before
        moved = "did not rise" if rise <= UNMOVED else f"rose by {self.size(view, rise)}"
        return (
            f"{published} On the {asked} about it {did} {before}{of}, now {after}.\n\n"
            f"The other questions {moved}. Against {against}: {self.gain(view)}.{joined}"
        )

    async def card(self, view: View) -> Card:
        """Return the card of the action."""
        finding, name = self.finding, quoted(self.action.brand)
        checks = f"{finding.before} checks before, {finding.after} after, by API"
        said = f"I had said beforehand that I would notice {self.size(view, self.action.visible)}"
        is_promised = finding.gains and self.action.visible
        severities = {Verdict.HELPED: Severity.GOOD, Verdict.WORSE: Severity.WARNING}
        return Card(
            title=self.title(view),
            text=self.text(view),
            image=await view.draw(self._chart(), "action.png") if finding.gains else None,
            severity=severities.get(finding.verdict, Severity.PLAIN),
            actions=fitting(
                Action(f"answers {name}", "Read new answers", Style.PRIMARY),
                Action(f"brief {name}", "Next gap"),
                Action(await _undoing(view, self.action), "Undo “published”"),
            ),
            footer=f"{checks} · {said}" if is_promised else checks if finding.before else "",
            data={
                **asdict(self.action),
                **asdict(finding),
                "prompts": self.action.questions,
                "models": [str(model) for model in self.models],
            },
        )

    def _chart(self) -> Rates:
        counted = all(one.answers for one in self.finding.levels)
        labels = (
            f"{wording.count(self.finding.questions, 'question')} about it",
            wording.count(self.finding.others, "other question"),
        )
        groups = (
            RateGroup(
                label,
                (
                    Rate("before", level.before),
                    Rate("now", level.after, emphasis=label is labels[0]),
                ),
                detail=f"of {level.answers}" if counted else "",
                answers=level.answers if counted else 0,
            )
            for label, level in zip(labels, self.finding.levels, strict=True)
        )
        return Rates(f"Answers that name you{', a check' if counted else ''}", tuple(groups))

    async def keep(self, view: View, *, tells: bool = False) -> None:
        """Keep the action, and tell its verdict for some days."""
        kept = asdict(self.action)
        if tells:
            until = view.clock.now() + timedelta(TOLD_DAYS)
            kept["tells"] = {
                "brand": self.action.brand,
                "title": self.title(view),
                "line": f"{self.gain(view)} against your other questions and rivals."
                if self.finding.gains
                else self.finding.reason,
                "until": until.isoformat(),
                "good": self.finding.verdict is Verdict.HELPED,
            }
        await view.work.keep(f"{KEPT}{self.action.key}", kept)


def _value(mean: float, answers: int, scale: Scale) -> str:
    return wording.share(mean, answers) if scale.is_yes_or_no else wording.value(mean, scale)


def _day_words(view: View, day: date) -> str:
    return wording.short_day(datetime.combine(day, time(12), view.zone), view.zone)


async def _answered(view: View, action: Acted) -> list[Block]:
    """Return the blocks of the brand and its competitors at models that search."""
    since = datetime.combine(action.published - timedelta(READ_DAYS), time(), view.zone)
    names = [action.brand, *(rival.name for rival in view.catalogue.rivals(action.brand))]
    controls = {prompt.key for prompt in view.catalogue.prompts if prompt.is_control}
    citing = await view.history.blocks(metric="own_citation", since=since)
    cited = {one.model for one in citing}
    return [
        block
        for name in names
        for block in await view.history.blocks(brand=name, metric=action.metric, since=since)
        if block.prompt not in controls and (block.model.searches or block.model in cited)
    ]


def _checks_between(one: Acted, other: Acted, days: Iterable[date]) -> int:
    first, last = sorted((one.published, other.published))
    return sum(first < day <= last for day in days)


def _checks_after(last: date, days: Iterable[date]) -> tuple[list[date], bool]:
    """Return the checks after a day that the verdict takes, and whether these are all."""
    later = [day for day in days if day > last]
    for number, day in enumerate(later, 1):
        if number >= CHECKS and (day - last).days >= LEAST_DAYS:
            return later[:number], True
    return later, False


def _no_model(view: View, updated: Mapping[Model, date]) -> str:
    """Return why no model is left that may have read it."""
    if not updated:
        return "No model that you ask searches the web, so none can have read it yet."
    names = sorted({view.names.name(model) for model in updated})
    were = f"{wording.listing(names)} {'was' if len(names) == 1 else 'were'}"
    return f"{were} updated on {_day_words(view, max(updated.values()))}, in the middle of it."


def _full_days(blocks: Iterable[Block]) -> list[date]:
    """Return the days of checks that have answers to most questions, the earliest first."""
    asked: dict[date, set[tuple[Model, str]]] = {}
    for one in blocks:
        asked.setdefault(one.at.date(), set()).add((one.model, one.prompt))
    most = max(map(len, asked.values()), default=0)
    return sorted(day for day, pairs in asked.items() if len(pairs) >= MIN_SHARE * most)


async def add(
    view: View,
    *,
    what: Annotated[str, argument("What you published, such as: pricing page.")],
    about: Annotated[str, option("The topic or words of its questions; else its own words.")] = "",
    when: Annotated[str, option("On which day; today.", Kind.TIME)] = "today",
    read: Annotated[str, option("From which day models can read it; the next.", Kind.TIME)] = "",
    brand: Annotated[str, option("The brand; the first.", Kind.BRAND)] = "",
    questions: Sequence[str] = (),
    metric: str = VISIBILITY,
    key: str = "",
) -> Card:
    """Note what was published, and say how large an effect will be seen.

    Args:
        questions: Keys of its questions, in place of `about`.
        metric: The metric that should improve.
        key: Its key, if it has one.

    Raises:
        BadUsage: when no question is about it, or a day is to come or in the wrong order.
        UnknownName: when there is no such brand.
    """
    found = tracked_brand(view, brand)
    hashed = hashlib.blake2b(f"{found.name} {what.casefold()}".encode(), digest_size=3).hexdigest()
    chosen = _with_topic(view, found, questions) or _naming(view, found, about or what)
    if not chosen:
        prompts = view.catalogue.prompts_for(found.name)
        topics = wording.listing(sorted({one.topic for one in prompts if one.topic}))
        problem = f"No question is about “{wording.line(about or what)}”"
        usage = f"actions add {quoted(about or what)} --about TOPIC"
        raise BadUsage(
            problem=f"{problem}; topics are {topics}" if topics else problem, usage=usage
        )
    day = _day(view, when)
    read = _day(view, read, after=date.fromisoformat(day)) if read else ""
    action = Acted(key or hashed, found.name, what, day, metric, chosen, read=read)
    followed = await Followed.read(view, action)
    final = Verdict.UNKNOWN.value if followed.finding.reason else ""
    action = replace(followed.action, visible=followed.finding.visible, verdict=final)
    followed = replace(followed, action=action)
    await followed.keep(view)
    return await followed.card(view)


def _naming(view: View, brand: Brand, words: str) -> tuple[str, ...]:
    """Return the keys of the questions that have the beginning of a word of a text in them."""
    stems = {
        re.escape(word[:STEM_CHARS])
        for word in re.findall(r"\w+", words.casefold())
        if len(word) >= STEM_CHARS and word not in GENERAL
    }
    pattern = re.compile(rf"\b(?:{'|'.join(stems) or '$^'})")
    prompts = view.catalogue.prompts_for(brand.name)
    texts = {one.key: " ".join((one.text, one.topic, *one.tags)).casefold() for one in prompts}
    return tuple(key for key, text in texts.items() if pattern.search(text))


def _with_topic(view: View, brand: Brand, keys: Sequence[str]) -> tuple[str, ...]:
    """Return keys of questions, with those of the same topics where there are only a few."""
    prompts = view.catalogue.prompts_for(brand.name)
    topics = {one.topic for one in prompts if one.key in keys} - {""}
    more = [one.key for one in prompts if one.topic in topics] if len(keys) < MIN_QUESTIONS else []
    return tuple(dict.fromkeys((*keys, *more)))


def _day(view: View, text: str, after: date | None = None) -> str:
    """Return a day in ISO format: one up to today, or some time after another."""
    today = view.clock.now().astimezone(view.zone).date()
    first, last, bounds = EARLIEST, today, f"from {EARLIEST.year} up to today"
    usage = 'actions add "pricing page" --when 2026-11-03'
    if after:
        first, last = after + timedelta(1), after + timedelta(READ_DAYS)
        bounds, usage = f"within {READ_DAYS} days after it", f"{usage} --read 2026-11-10"
    named = {"today": today, "yesterday": today - timedelta(1)}
    try:
        day = named.get(text.strip().casefold()) or datetime.fromisoformat(text.strip()).date()
    except ValueError:
        day = date.max
    if not first <= day <= last:
        raise BadUsage(problem=f"“{wording.line(text)}” is no day {bounds}", usage=usage)
    return day.isoformat()


async def remove(view: View, *, action: Annotated[str, argument("Its key.")]) -> Card:
    """Forget an action.

    Raises:
        UnknownName: when there is no such action.
        BadUsage: for an item of the brief.
    """
    actions = {one.key: one for one in await all_actions(view)}
    found = actions.get(action.strip().casefold())
    if found is None:
        raise unknown_name("action", action, [*actions])
    if (undoing := await _undoing(view, found)) != f"actions remove {found.key}":
        raise BadUsage(problem="It is an item of the brief, so take it back there", usage=undoing)
    await view.work.keep(f"{KEPT}{found.key}", None)
    return Card("No longer followed", f"Your {found.what} is compared with nothing any more.")


async def _undoing(view: View, action: Acted) -> str:
    """Return the command that takes an action back."""
    marked = {one.item for one in await view.approvals.publications(action.brand)}
    of_brief = f"brief done {action.key} --brand {quoted(action.brand)} --undo"
    return of_brief if action.key in marked else f"actions remove {action.key}"


async def list_actions(
    view: View,
    *,
    brand: Annotated[str, argument("The brand.", Kind.BRAND)] = "",
    about: Annotated[str, option("Only this action: its key, or a word of what it is.")] = "",
) -> Card:
    """Show whether the newest action has helped, and how the others stand.

    Raises:
        UnknownName: when there is no such brand.
    """
    found = tracked_brand(view, brand)
    actions = await all_actions(view, found.name)
    if about:
        stem = about.strip().casefold()
        actions = [
            one for one in actions if one.key == stem or stem[:STEM_CHARS] in one.what.casefold()
        ]
    if not actions:
        text = "Tell me what you publish or change, and I say whether it helped."
        steps = (Action(f"brief {quoted(found.name)}", "What to do?"),)
        return Card("Nothing that you published is noted", text, actions=steps, data=[])
    newest, *others = [await Followed.read(view, one) for one in actions[: 1 + MAX_OTHERS]]
    card = await newest.card(view)
    apart = (one for one in others if one.action.key not in newest.joined)
    lines = "\n".join(f"{one.title(view)}." for one in apart)
    return replace(card, text="\n\n".join(filter(None, [str(card.text), lines])))


async def run(view: View) -> Card:
    """Tell the verdicts that have become final; the running bot does so every hour."""
    told = list[str]()
    for action in await noted_actions(view):
        followed = await Followed.read(view, action)
        verdict = followed.finding.verdict
        if action.verdict or verdict is Verdict.EARLY:
            continue
        is_news = not {*followed.joined} & {*told}  # else one card tells them together
        followed = replace(followed, action=replace(followed.action, verdict=verdict.value))
        await followed.keep(view, tells=is_news)
        if is_news:
            told.append(action.key)
            key = f"{action.key}-{action.day}"
            await view.work.post(key, "actions list", brand=action.brand, about=action.key)
    return Card(wording.count(len(told), "new verdict"), "")


ACTIONS_LIST = reading(
    "actions list",
    "Show whether what you published or changed has helped.",
    list_actions,
    examples=("actions list", "actions list Acme"),
    chart="action.png",
)
ACTIONS_ADD = reading(
    "actions add",
    "Note what you published or changed, to see whether it helps.",
    add,
    role=Role.OPERATOR,
    examples=('actions add "pricing page" --when 2026-11-03',),
    title="What you published",
)
ACTIONS_REMOVE = reading(
    "actions remove",
    "No longer follow what you published.",
    remove,
    role=Role.OPERATOR,
    examples=("actions remove a1b2c3",),
)
ACTIONS_RUN = reading(
    "actions run",
    "Tell new verdicts; a running bot does that itself.",
    run,
    role=Role.OPERATOR,
    hourly=True,
)
