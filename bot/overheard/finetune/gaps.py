"""Detection of the gaps in a brief, one function for each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from overheard.cards import wording
from overheard.domain import Fact, Model, Prompt
from overheard.finetune.brief import BriefItem, BriefMarket, Excerpt, GapKind, ranked
from overheard.finetune.evidence import SENTIMENT, VISIBILITY, ScoredAnswer, by_prompt
from overheard.finetune.texts import facts_asked_for
from overheard.reading.claims import FalseClaim, cluster_claims

FALSE = ("wrong", "stale")
"""Verdicts of a claim that is not correct."""
MAX_EXCERPTS = 3
"""Largest number of excerpts of an item."""
MAX_SITES = 5
"""Largest number of sites of an item, and of items for sites."""
MIN_ANSWERS = 2
"""Smallest number of answers with poor sentiment, or that cite a site, for an item."""


def absent(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each question whose answers name competitors and not the brand."""
    for answers in by_prompt(scored).values():
        prompt = answers[0].answer.question.prompt
        hits = [answer for answer in answers if _missed(market, answer)]
        if not hits:
            continue
        named = Counter(r.name for answer in hits for r in market.rivals if _names(answer, r.name))
        facts = facts_asked_for(market.facts, f"{prompt.text} {prompt.topic}")
        yield BriefItem(
            GapKind.ABSENT,
            prompt.key,
            f"Answer “{wording.line(prompt.text)}”",
            f"{wording.count(len(hits), 'answer')} of {len(answers)} to this question "
            f"{_are(len(hits), 'name')} "
            f"{wording.listing([name for name, _ in named.most_common(3)])} "
            f"and not {market.brand.name}.",
            len(hits),
            len(scored),
            prompts=_prompts(hits),
            models=_models(hits),
            sources=_sources(hits),
            reachable=_reachable(market, hits),
            facts=facts or market.facts,
            missing=_wanted(facts, _asked(prompt)),
        )


def claims(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each wrong or outdated claim about the brand."""
    for cluster in cluster_claims(_false(market, scored)):
        field, quoted = cluster.first.field, [(c.answer_id, c.quote) for c in cluster.claims]
        hits = [scored[number] for number in dict.fromkeys(number for number, _ in quoted)]
        [(stated, _)] = Counter(claim.stated for claim in cluster.claims).most_common(1)
        facts = tuple(fact for fact in market.facts if fact.field == field)
        out = "out of date" if cluster.first.verdict == "stale" else "wrong"
        yield BriefItem(
            GapKind.CLAIM,
            field,
            f"Correct “{field}”, given as “{wording.line(stated)}”",
            f"{wording.count(len(hits), 'answer')} {_are(len(hits), 'state')} "
            f"“{wording.line(stated)}”, which is {out}.",
            len(hits),
            len(scored),
            stated=wording.line(stated),
            prompts=_prompts(hits),
            models=_models(hits),
            sources=_sources(hits),
            reachable=_reachable(market, hits),
            said=_said((scored[number], quote) for number, quote in quoted),
            facts=facts,
            missing=_wanted(facts, field),
        )


def unstated(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each fact that no model states.

    A fact is stated if a scorer found a claim about its field, or if an answer contains its value.
    The hits of the item are the answers to questions that ask for the fact.
    """
    stated = {d.topic for answer in scored for d in answer.claims(market.brand.name)}
    shown = [answer for answer in scored if _shown(market, answer)]
    texts = [wording.line(answer.answer.reply.text).casefold() for answer in shown]
    if not texts:
        return
    for fact in market.facts:
        value = wording.line(fact.value).casefold()
        if fact.field in stated or any(value in text for text in texts):
            continue
        asked = [
            answer
            for answer in scored
            if facts_asked_for([fact], _question(answer.answer.question.prompt))
        ]
        yield BriefItem(
            GapKind.UNSTATED,
            fact.field,
            f"State “{fact.field}”",
            f"None of {wording.count(len(texts), 'answer')} that "
            f"{_are(len(texts), 'name')} {market.brand.name} states it; " + _asked_for(len(asked)),
            len(asked),
            len(scored),
            prompts=_prompts(asked),
            models=_models(asked),
            sources=_sources(asked),
            reachable=_reachable(market, asked),
            facts=(fact,),
        )


def poor_sentiment(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each topic with more negative than positive answers about the brand.

    A question without a topic is a topic itself.
    """
    topics: dict[tuple[str, str], list[tuple[ScoredAnswer, float]]] = {}
    for answer in scored:
        value = answer.value(market.brand.name, SENTIMENT)
        for each in _topics(answer.answer.question.prompt):
            if value is not None:
                topics.setdefault(each, []).append((answer, value))
    for (subject, topic), judged in topics.items():
        bad = [one for one, value in judged if value < 0]
        good = sum(value > 0 for _, value in judged)
        if len(bad) < MIN_ANSWERS or len(bad) <= good:
            continue
        aspects = _aspects(market, bad)
        facts = facts_asked_for(market.facts, " ".join((topic, *aspects)))
        where = "on this topic" if subject == topic else "to this question that judge it"
        yield BriefItem(
            GapKind.SENTIMENT,
            subject,
            f"Respond to the criticism of {topic}"
            if subject == topic
            else f"Respond to the criticism in answers to “{topic}”",
            f"{wording.count(len(bad), 'answer')} of {len(judged)} {where} "
            f"{_are(len(bad), 'speak')} badly of {market.brand.name}, and {good} well"
            + (f"; above all on {wording.listing(aspects)}." if aspects else "."),
            len(bad),
            len(scored),
            prompts=_prompts(bad),
            models=_models(bad),
            sources=_sources(bad),
            reachable=_reachable(market, bad),
            said=_said((answer, answer.quote(market.brand.name, SENTIMENT)) for answer in bad),
            facts=facts,
            missing=_wanted(facts, wording.listing(aspects) or "what they complain of"),
        )


def cited_sites(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each site that answers without the brand cite most."""
    citing = [answer for answer in scored if answer.cited]
    counted = Counter(s for answer in citing for s in answer.cited if not market.owner(s))
    missing = Counter(s for answer in citing if not _shown(market, answer) for s in answer.cited)
    open_to_us = [(name, missed) for name, missed in missing.most_common() if name in counted]
    for name, missed in open_to_us[:MAX_SITES]:
        if missed < MIN_ANSWERS:
            continue
        hits = [answer for answer in citing if name in answer.cited and not _shown(market, answer)]
        yield BriefItem(
            GapKind.SOURCE,
            name,
            f"Be named on {name}",
            f"{wording.count(counted[name], 'answer')} of {len(citing)} with sources "
            f"{_are(counted[name], 'cite')} it; {missed} of them "
            f"{_are(missed, 'do')} not name {market.brand.name}.",
            missed,
            len(scored),
            prompts=_prompts(hits),
            models=_models(hits),
            facts=market.facts,
            missing=_wanted(market.facts, "what buyers ask for"),
        )


Finder = Callable[[BriefMarket, Sequence[ScoredAnswer]], Iterator[BriefItem]]
FINDERS: tuple[Finder, ...] = (absent, claims, unstated, poor_sentiment, cited_sites)
"""The functions that find gaps."""


def brief(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> list[BriefItem]:
    """Return the items of a brand's brief, the most frequent gaps first, see `ranked`.

    Args:
        market: The brand, its competitors and facts.
        scored: The scored answers to buyers' questions, without answers to controls.
    """
    return ranked(item for find in FINDERS for item in find(market, scored))


def _false(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[FalseClaim]:
    """Yield each false claim; `answer_id` is the index of the answer in `scored`."""
    for place, answer in enumerate(scored):
        for detail in answer.claims(market.brand.name):
            if detail.verdict in FALSE:
                yield FalseClaim(
                    *(
                        place,
                        answer.model,
                        detail.topic,
                        detail.verdict,
                        detail.stated,
                        detail.quote,
                    )
                )


def _missed(market: BriefMarket, answer: ScoredAnswer) -> bool:
    return answer.value(market.brand.name, VISIBILITY) == 0 and any(
        _names(answer, rival.name) for rival in market.rivals
    )


def _names(answer: ScoredAnswer, brand: str) -> bool:
    return answer.value(brand, VISIBILITY) == 1


def _shown(market: BriefMarket, answer: ScoredAnswer) -> bool:
    return _names(answer, market.brand.name)


def _topics(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return for each topic of a question its subject (a topic or prompt key) and its title."""
    topics = (prompt.topic,) if prompt.topic else prompt.tags
    return tuple((t, t) for t in topics) or ((prompt.key, wording.line(prompt.text)),)


def _question(prompt: Prompt) -> str:
    return f"{prompt.text} {prompt.topic}"


def _asked(prompt: Prompt) -> str:
    topic = f" ({prompt.topic})" if prompt.topic else ""
    return f"what this question asks for{topic}"


def _aspects(market: BriefMarket, bad: Iterable[ScoredAnswer]) -> list[str]:
    """Return the three aspects that negative answers name most often."""
    found = Counter(
        detail.topic
        for answer in bad
        for detail in answer.details(market.brand.name, SENTIMENT)
        if detail.verdict == "negative" and detail.topic
    )
    return [aspect for aspect, _ in found.most_common(3)]


def _prompts(hits: Iterable[ScoredAnswer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.answer.question.prompt.key for answer in hits))


def _models(hits: Iterable[ScoredAnswer]) -> tuple[Model, ...]:
    return tuple(model for model, _ in Counter(answer.model for answer in hits).most_common())


def _sources(hits: Iterable[ScoredAnswer]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(s for answer in hits for s in answer.cited).most_common(MAX_SITES))


def _reachable(market: BriefMarket, hits: Iterable[ScoredAnswer]) -> tuple[str, ...]:
    """Return the cited sites that belong neither to the brand nor to a competitor."""
    return tuple(site for site, _ in _sources(hits) if not market.owner(site))


def _asked_for(count: int) -> str:
    if not count:
        return "none of your prompts asks for it."
    return f"{wording.count(count, 'answer')} {_are(count, 'belong')} to questions that ask for it."


def _said(quotes: Iterable[tuple[ScoredAnswer, str]]) -> tuple[Excerpt, ...]:
    """Return the first `MAX_EXCERPTS` distinct sentences."""
    found = {
        quote: Excerpt(answer.model, answer.answer.question.prompt.text, quote)
        for answer, quote in quotes
        if quote
    }
    return tuple(found.values())[:MAX_EXCERPTS]


def _wanted(facts: Sequence[Fact], what: str) -> str:
    return "" if facts else what


def _are(count: int, verb: str) -> str:
    """Return a verb in the singular if the count is 1, else in the plural."""
    if count != 1:
        return verb
    return {"do": "does"}.get(verb, f"{verb}s")
