"""Detection of the gaps in a brief, one function for each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from overheard.cards import wording
from overheard.domain import (
    BRANDED_VISIBILITY,
    FALSE_VERDICTS,
    SENTIMENT,
    VISIBILITY,
    Fact,
    Model,
    Prompt,
)
from overheard.finetune.brief import BriefItem, BriefMarket, Excerpt, GapKind, ranked_items
from overheard.finetune.scored_answers import ScoredAnswer, by_prompt
from overheard.finetune.texts import facts_asked_for
from overheard.reading.claims import FalseClaim, cluster_claims

MAX_EXCERPTS = 3
"""Largest number of excerpts of an item."""
MAX_SITES = 5
"""Largest number of sites of an item, and of items for sites."""
MIN_ANSWERS = 2
"""Smallest number of answers with poor sentiment, or that cite a site, for an item."""


def absent(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each question with scored answers that name a competitor but not the
    brand.
    """
    for answers in by_prompt(scored).values():
        prompt = answers[0].answer.question.prompt
        hits = [answer for answer in answers if _names_rivals_only(market, answer)]
        if not hits:
            continue
        rival_counts = Counter(
            r.name for answer in hits for r in market.rivals if _names_a_brand(answer, r.name)
        )
        facts = facts_asked_for(market.facts, f"{prompt.text} {prompt.topic}")
        yield BriefItem(
            kind=GapKind.ABSENT,
            subject=prompt.key,
            title=f"Answer “{wording.line(prompt.text)}”",
            why=f"{wording.count(len(hits), 'answer')} of {len(answers)} to this question "
            f"{_verb(len(hits), 'name')} "
            f"{wording.listing([name for name, _ in rival_counts.most_common(3)])} "
            f"and not {market.brand.name}.",
            hits=len(hits),
            answers=len(scored),
            possible=len(answers),
            prompts=_prompt_keys(hits),
            models=_models_by_frequency(hits),
            sources=_sites_by_frequency(hits),
            reachable=_reachable_sites(market, hits),
            facts=facts or market.facts,
            missing=_missing_fact(facts, _topic_of_question(prompt)),
            question=wording.line(prompt.text),
        )


def claim_items(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each cluster of wrong or outdated claims about the brand in the scored
    answers.
    """
    for cluster in cluster_claims(_false_claims(market, scored)):
        field, quoted = cluster.first.field, [(c.answer_id, c.quote) for c in cluster.claims]
        hits = [scored[number] for number in dict.fromkeys(number for number, _ in quoted)]
        [(stated, _)] = Counter(claim.stated for claim in cluster.claims).most_common(1)
        facts = tuple(fact for fact in market.facts if fact.field == field)
        verdict = "out of date" if cluster.first.verdict == "stale" else "wrong"
        yield BriefItem(
            kind=GapKind.CLAIM,
            subject=field,
            title=f"Correct “{field}”, given as “{wording.line(stated)}”",
            why=f"{wording.count(len(hits), 'answer')} {_verb(len(hits), 'state')} "
            f"“{wording.line(stated)}”, which is {verdict}.",
            hits=len(hits),
            answers=len(scored),
            possible=max(len(hits), sum(_states_field(market, answer, field) for answer in scored)),
            stated=wording.line(stated),
            prompts=_prompt_keys(hits),
            models=_models_by_frequency(hits),
            sources=_sites_by_frequency(hits),
            reachable=_reachable_sites(market, hits),
            said=_excerpts((scored[number], quote) for number, quote in quoted),
            facts=facts,
            missing=_missing_fact(facts, field),
        )


def unstated(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each fact that no scored answer states; nothing if no answer names the
    brand.

    A fact is stated if a scorer found a claim about its field, or if an answer contains its value.
    The hits of the item are the answers to questions that ask for the fact.
    """
    stated = {d.topic for answer in scored for d in answer.claims(market.brand.name)}
    naming = [answer for answer in scored if _names_own_brand(market, answer)]
    texts = [wording.line(answer.answer.reply.text).casefold() for answer in naming]
    if not texts:
        return
    for fact in market.facts:
        value = wording.line(fact.value).casefold()
        if fact.field in stated or any(value in text for text in texts):
            continue
        asking = [
            answer
            for answer in scored
            if facts_asked_for([fact], _question_and_topic(answer.answer.question.prompt))
        ]
        yield BriefItem(
            kind=GapKind.UNSTATED,
            subject=fact.field,
            title=f"State “{fact.field}”",
            why=f"None of {wording.count(len(texts), 'answer')} that "
            f"{_verb(len(texts), 'name')} {market.brand.name} states it; "
            + _asked_for_clause(len(asking)),
            hits=len(asking),
            answers=len(scored),
            prompts=_prompt_keys(asking),
            models=_models_by_frequency(asking),
            sources=_sites_by_frequency(asking),
            reachable=_reachable_sites(market, asking),
            facts=(fact,),
        )


def poor_sentiment(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each topic with at least `MIN_ANSWERS` negative scored answers about the
    brand, and more of them than positive ones.

    A question without a topic is a topic of its own.
    """
    topics: dict[tuple[str, str], list[tuple[ScoredAnswer, float]]] = {}
    for answer in scored:
        value = answer.value(market.brand.name, SENTIMENT)
        for subject_and_title in _subjects_and_titles(answer.answer.question.prompt):
            if value is not None:
                topics.setdefault(subject_and_title, []).append((answer, value))
    for (subject, topic), judged in topics.items():
        negative = [answer for answer, value in judged if value < 0]
        positive = sum(value > 0 for _, value in judged)
        if len(negative) < MIN_ANSWERS or len(negative) <= positive:
            continue
        aspects = _aspects(market, negative)
        facts = facts_asked_for(market.facts, " ".join((topic, *aspects)))
        where = "on this topic" if subject == topic else "to this question that judge it"
        yield BriefItem(
            kind=GapKind.SENTIMENT,
            subject=subject,
            title=f"Respond to the criticism of {topic}"
            if subject == topic
            else f"Respond to the criticism in answers to “{topic}”",
            why=f"{wording.count(len(negative), 'answer')} of {len(judged)} {where} "
            f"{_verb(len(negative), 'speak')} badly of {market.brand.name}, and {positive} well"
            + (f"; above all on {wording.listing(aspects)}." if aspects else "."),
            hits=len(negative),
            answers=len(scored),
            possible=len(judged),
            prompts=_prompt_keys(negative),
            models=_models_by_frequency(negative),
            sources=_sites_by_frequency(negative),
            reachable=_reachable_sites(market, negative),
            said=_excerpts(
                (answer, answer.quote(market.brand.name, SENTIMENT)) for answer in negative
            ),
            facts=facts,
            missing=_missing_fact(facts, wording.listing(aspects) or "what they complain of"),
            question="" if subject == topic else wording.line(topic),
        )


def cited_sites(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each of the `MAX_SITES` sites of neither the brand nor a competitor that
    the scored answers without the brand cite most, if at least `MIN_ANSWERS` do.
    """
    citing = [answer for answer in scored if answer.cited]
    counted = Counter(s for answer in citing for s in answer.cited if not market.owner(s))
    missing_counts = Counter(
        s for answer in citing if not _names_own_brand(market, answer) for s in answer.cited
    )
    reachable = [(name, missed) for name, missed in missing_counts.most_common() if name in counted]
    for name, missed in reachable[:MAX_SITES]:
        if missed < MIN_ANSWERS:
            continue
        hits = [
            answer
            for answer in citing
            if name in answer.cited and not _names_own_brand(market, answer)
        ]
        yield BriefItem(
            kind=GapKind.SOURCE,
            subject=name,
            title=f"Be named on {name}",
            why=f"{wording.count(counted[name], 'answer')} of {len(citing)} with sources "
            f"{_verb(counted[name], 'cite')} it; {missed} of them "
            f"{_verb(missed, 'do')} not name {market.brand.name}.",
            hits=missed,
            answers=len(scored),
            possible=len(citing),
            prompts=_prompt_keys(hits),
            models=_models_by_frequency(hits),
            facts=market.facts,
            missing=_missing_fact(market.facts, "what buyers ask for"),
        )


def _states_field(market: BriefMarket, answer: ScoredAnswer, field: str) -> bool:
    """Whether an answer states something about a field of the brand's facts."""
    return any(detail.topic == field for detail in answer.claims(market.brand.name))


Finder = Callable[[BriefMarket, Sequence[ScoredAnswer]], Iterator[BriefItem]]
FINDERS: tuple[Finder, ...] = (absent, claim_items, unstated, poor_sentiment, cited_sites)
"""The functions that find gaps."""


def brief(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> list[BriefItem]:
    """Return the items of a brand's brief, ordered by `ranked_items`.

    Args:
        market: The brand, its competitors and facts.
        scored: The scored answers to buyers' questions, without answers to controls.
    """
    return ranked_items(item for find in FINDERS for item in find(market, scored))


def _false_claims(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[FalseClaim]:
    """Yield the false claims about the brand; their `answer_id` is the index of the answer in
    `scored`.
    """
    for index, answer in enumerate(scored):
        for detail in answer.claims(market.brand.name):
            if detail.verdict in FALSE_VERDICTS:
                yield FalseClaim(
                    answer_id=index,
                    model=answer.model,
                    field=detail.topic,
                    verdict=detail.verdict,
                    stated=detail.stated,
                    quote=detail.quote,
                )


def _names_rivals_only(market: BriefMarket, answer: ScoredAnswer) -> bool:
    return answer.value(market.brand.name, VISIBILITY) == 0 and any(
        _names_a_brand(answer, rival.name) for rival in market.rivals
    )


def _names_a_brand(answer: ScoredAnswer, brand: str) -> bool:
    return 1 in {answer.value(brand, VISIBILITY), answer.value(brand, BRANDED_VISIBILITY)}


def _names_own_brand(market: BriefMarket, answer: ScoredAnswer) -> bool:
    return _names_a_brand(answer, market.brand.name)


def _subjects_and_titles(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return for each topic of a question its subject (the topic, or the prompt's key without one)
    and its title.
    """
    topics = (prompt.topic,) if prompt.topic else prompt.tags
    return tuple((t, t) for t in topics) or ((prompt.key, wording.line(prompt.text)),)


def _question_and_topic(prompt: Prompt) -> str:
    return f"{prompt.text} {prompt.topic}"


def _topic_of_question(prompt: Prompt) -> str:
    topic = f" ({prompt.topic})" if prompt.topic else ""
    return f"what this question asks for{topic}"


def _aspects(market: BriefMarket, negative: Iterable[ScoredAnswer]) -> list[str]:
    """Return up to three aspects that negative answers name most often."""
    counts = Counter(
        detail.topic
        for answer in negative
        for detail in answer.details(market.brand.name, SENTIMENT)
        if detail.verdict == "negative" and detail.topic
    )
    return [aspect for aspect, _ in counts.most_common(3)]


def _prompt_keys(hits: Iterable[ScoredAnswer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.answer.question.prompt.key for answer in hits))


def _models_by_frequency(hits: Iterable[ScoredAnswer]) -> tuple[Model, ...]:
    return tuple(model for model, _ in Counter(answer.model for answer in hits).most_common())


def _sites_by_frequency(hits: Iterable[ScoredAnswer]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(s for answer in hits for s in answer.cited).most_common(MAX_SITES))


def _reachable_sites(market: BriefMarket, hits: Iterable[ScoredAnswer]) -> tuple[str, ...]:
    """Return the cited sites that belong neither to the brand nor to a competitor."""
    return tuple(site for site, _ in _sites_by_frequency(hits) if not market.owner(site))


def _asked_for_clause(count: int) -> str:
    if not count:
        return "none of your prompts asks for it."
    return (
        f"{wording.count(count, 'answer')} {_verb(count, 'belong')} to questions that ask for it."
    )


def _excerpts(quotes: Iterable[tuple[ScoredAnswer, str]]) -> tuple[Excerpt, ...]:
    """Return the first `MAX_EXCERPTS` distinct non-empty quotes as excerpts."""
    excerpts = {
        quote: Excerpt(answer.model, answer.answer.question.prompt.text, quote)
        for answer, quote in quotes
        if quote
    }
    return tuple(excerpts.values())[:MAX_EXCERPTS]


def _missing_fact(facts: Sequence[Fact], what: str) -> str:
    return "" if facts else what


def _verb(count: int, verb: str) -> str:
    """Return a verb that agrees with a count: singular if the count is 1, else plural."""
    if count != 1:
        return verb
    return {"do": "does"}.get(verb, f"{verb}s")
