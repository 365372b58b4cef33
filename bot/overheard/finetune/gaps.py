"""The gaps that a brief is made of, found one kind at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from overheard.cards import wording
from overheard.domain import Fact, Model, Prompt
from overheard.finetune.brief import Item, Kind, Market, Said, ranked
from overheard.finetune.evidence import SENTIMENT, VISIBILITY, Heard, by_prompt
from overheard.finetune.texts import about
from overheard.reading.claims import FalseClaim, cluster_claims

FALSE = ("wrong", "stale")
"""Verdicts of a detail that is not as it should be."""
QUOTED = 3
"""Sentences of an item."""
SITES = 5
"""Sites of an item, and sites that are items themselves."""
FEWEST = 2
"""Answers in which sentiment is poor, or a site is cited, before it is an item."""


def absent(market: Market, heard: Sequence[Heard]) -> Iterator[Item]:
    """Yield the questions whose answers name competitors and not the brand."""
    for answers in by_prompt(heard).values():
        prompt = answers[0].answer.question.prompt
        hits = [one for one in answers if _missed(market, one)]
        if not hits:
            continue
        named = Counter(r.name for one in hits for r in market.rivals if _names(one, r.name))
        facts = about(market.facts, f"{prompt.text} {prompt.topic}")
        yield Item(
            Kind.ABSENT,
            prompt.key,
            f"Answer “{wording.line(prompt.text)}”",
            f"{wording.count(len(hits), 'answer')} of {len(answers)} to this question "
            f"{_are(len(hits), 'name')} "
            f"{wording.listing([name for name, _ in named.most_common(3)])} "
            f"and not {market.brand.name}.",
            len(hits),
            len(heard),
            prompts=_prompts(hits),
            models=_models(hits),
            sources=_sources(hits),
            reachable=_reachable(market, hits),
            facts=facts or market.facts,
            missing=_wanted(facts, _asked(prompt)),
        )


def claims(market: Market, heard: Sequence[Heard]) -> Iterator[Item]:
    """Yield what models state of the brand that is wrong or out of date, one item a claim."""
    for cluster in cluster_claims(_false(market, heard)):
        field, quoted = cluster.first.field, [(one.answer_id, one.quote) for one in cluster.claims]
        hits = [heard[number] for number in dict.fromkeys(number for number, _ in quoted)]
        [(stated, _)] = Counter(one.stated for one in cluster.claims).most_common(1)
        facts = tuple(fact for fact in market.facts if fact.field == field)
        out = "out of date" if cluster.first.verdict == "stale" else "wrong"
        yield Item(
            Kind.CLAIM,
            field,
            f"Correct “{field}”, given as “{wording.line(stated)}”",
            f"{wording.count(len(hits), 'answer')} {_are(len(hits), 'state')} "
            f"“{wording.line(stated)}”, which is {out}.",
            len(hits),
            len(heard),
            stated=wording.line(stated),
            prompts=_prompts(hits),
            models=_models(hits),
            sources=_sources(hits),
            reachable=_reachable(market, hits),
            said=_said((heard[number], quote) for number, quote in quoted),
            facts=facts,
            missing=_wanted(facts, field),
        )


def unstated(market: Market, heard: Sequence[Heard]) -> Iterator[Item]:
    """Yield the facts that no model states, in words or as it is written in the sheet.

    It hits the answers to questions that ask for it.
    """
    told = {d.topic for one in heard for d in one.claims(market.brand.name)}
    texts = [wording.line(one.answer.reply.text).casefold() for one in heard if _shown(market, one)]
    if not texts:
        return
    for fact in market.facts:
        if fact.field in told or any(wording.line(fact.value).casefold() in text for text in texts):
            continue
        asked = [one for one in heard if about([fact], _question(one.answer.question.prompt))]
        yield Item(
            Kind.UNSTATED,
            fact.field,
            f"State “{fact.field}”",
            f"None of {wording.count(len(texts), 'answer')} that "
            f"{_are(len(texts), 'name')} {market.brand.name} states it; " + _asked_for(len(asked)),
            len(asked),
            len(heard),
            prompts=_prompts(asked),
            models=_models(asked),
            sources=_sources(asked),
            reachable=_reachable(market, asked),
            facts=(fact,),
        )


def poor_sentiment(market: Market, heard: Sequence[Heard]) -> Iterator[Item]:
    """Yield the topics on which more answers speak badly of the brand than well.

    A question that has no topic is one of its own: among all others its answers would drown.
    """
    topics: dict[tuple[str, str], list[tuple[Heard, float]]] = {}
    for one in heard:
        value = one.value(market.brand.name, SENTIMENT)
        for each in _topics(one.answer.question.prompt):
            if value is not None:
                topics.setdefault(each, []).append((one, value))
    for (subject, topic), judged in topics.items():
        bad = [one for one, value in judged if value < 0]
        good = sum(value > 0 for _, value in judged)
        if len(bad) < FEWEST or len(bad) <= good:
            continue
        aspects = _aspects(market, bad)
        facts = about(market.facts, " ".join((topic, *aspects)))
        where = "on this topic" if subject == topic else "to this question that judge it"
        yield Item(
            Kind.SENTIMENT,
            subject,
            f"Respond to the criticism of {topic}"
            if subject == topic
            else f"Respond to the criticism in answers to “{topic}”",
            f"{wording.count(len(bad), 'answer')} of {len(judged)} {where} "
            f"{_are(len(bad), 'speak')} badly of {market.brand.name}, and {good} well"
            + (f"; above all on {wording.listing(aspects)}." if aspects else "."),
            len(bad),
            len(heard),
            prompts=_prompts(bad),
            models=_models(bad),
            sources=_sources(bad),
            reachable=_reachable(market, bad),
            said=_said((one, one.quote(market.brand.name, SENTIMENT)) for one in bad),
            facts=facts,
            missing=_wanted(facts, wording.listing(aspects) or "what they complain of"),
        )


def cited_sites(market: Market, heard: Sequence[Heard]) -> Iterator[Item]:
    """Yield the sites that are cited most by answers that do not name the brand."""
    citing = [one for one in heard if one.cited]
    counted = Counter(s for one in citing for s in one.cited if not market.owner(s))
    missing = Counter(s for one in citing if not _shown(market, one) for s in one.cited)
    open_to_us = [(name, missed) for name, missed in missing.most_common() if name in counted]
    for name, missed in open_to_us[:SITES]:
        if missed < FEWEST:
            continue
        hits = [one for one in citing if name in one.cited and not _shown(market, one)]
        yield Item(
            Kind.SOURCE,
            name,
            f"Be named on {name}",
            f"{wording.count(counted[name], 'answer')} of {len(citing)} with sources "
            f"{_are(counted[name], 'cite')} it; {missed} of them "
            f"{_are(missed, 'do')} not name {market.brand.name}.",
            missed,
            len(heard),
            prompts=_prompts(hits),
            models=_models(hits),
            facts=market.facts,
            missing=_wanted(market.facts, "what buyers ask for"),
        )


Finder = Callable[[Market, Sequence[Heard]], Iterator[Item]]
FINDERS: tuple[Finder, ...] = (absent, claims, unstated, poor_sentiment, cited_sites)
"""Who looks for gaps."""


def brief(market: Market, heard: Sequence[Heard]) -> list[Item]:
    """Return what to write for a brand, the most pressing first.

    Args:
        market: Whose brief it is.
        heard: The scored answers to buyers' questions; not those to controls.
    """
    return ranked(item for find in FINDERS for item in find(market, heard))


def _false(market: Market, heard: Sequence[Heard]) -> Iterator[FalseClaim]:
    """Yield each false claim, with the place of its answer among all as the answer's number."""
    for place, one in enumerate(heard):
        for detail in one.claims(market.brand.name):
            if detail.verdict in FALSE:
                yield FalseClaim(
                    *(place, one.model, detail.topic, detail.verdict, detail.stated, detail.quote)
                )


def _missed(market: Market, one: Heard) -> bool:
    return one.value(market.brand.name, VISIBILITY) == 0 and any(
        _names(one, rival.name) for rival in market.rivals
    )


def _names(one: Heard, brand: str) -> bool:
    return one.value(brand, VISIBILITY) == 1


def _shown(market: Market, one: Heard) -> bool:
    return _names(one, market.brand.name)


def _topics(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return what each topic of a question is known by, and what people call it."""
    topics = (prompt.topic,) if prompt.topic else prompt.tags
    return tuple((t, t) for t in topics) or ((prompt.key, wording.line(prompt.text)),)


def _question(prompt: Prompt) -> str:
    return f"{prompt.text} {prompt.topic}"


def _asked(prompt: Prompt) -> str:
    topic = f" ({prompt.topic})" if prompt.topic else ""
    return f"what this question asks for{topic}"


def _aspects(market: Market, bad: Iterable[Heard]) -> list[str]:
    found = Counter(
        detail.topic
        for one in bad
        for detail in one.details(market.brand.name, SENTIMENT)
        if detail.verdict == "negative" and detail.topic
    )
    return [aspect for aspect, _ in found.most_common(3)]


def _prompts(hits: Iterable[Heard]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.answer.question.prompt.key for one in hits))


def _models(hits: Iterable[Heard]) -> tuple[Model, ...]:
    return tuple(model for model, _ in Counter(one.model for one in hits).most_common())


def _sources(hits: Iterable[Heard]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(s for one in hits for s in one.cited).most_common(SITES))


def _reachable(market: Market, hits: Iterable[Heard]) -> tuple[str, ...]:
    """Return the sites that can be asked: those of nobody who competes."""
    return tuple(site for site, _ in _sources(hits) if not market.owner(site))


def _asked_for(count: int) -> str:
    if not count:
        return "none of your prompts asks for it."
    return f"{wording.count(count, 'answer')} {_are(count, 'belong')} to questions that ask for it."


def _said(quotes: Iterable[tuple[Heard, str]]) -> tuple[Said, ...]:
    """Return the first sentences, each once."""
    found = {
        quote: Said(one.model, one.answer.question.prompt.text, quote)
        for one, quote in quotes
        if quote
    }
    return tuple(found.values())[:QUOTED]


def _wanted(facts: Sequence[Fact], what: str) -> str:
    return "" if facts else what


def _are(count: int, verb: str) -> str:
    """Return a verb as its number wants it."""
    if count != 1:
        return verb
    return {"do": "does"}.get(verb, f"{verb}s")
