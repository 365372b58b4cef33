"""Detection of the gaps in a brief, one function for each kind."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from overheard.advice.brief import BriefItem, BriefMarket, Excerpt, GapKind, ranked_items
from overheard.advice.evidence import ScoredAnswer, by_prompt, facts_asked_for
from overheard.cards import wording
from overheard.domain import BRANDED_VISIBILITY, SENTIMENT, VISIBILITY, Fact, Model, Prompt
from overheard.reading.claims import FalseClaim, cluster_claims

MAX_EXCERPTS = 3
"""Largest number of excerpts of an item."""
MAX_SITES = 5
"""Largest number of sites of an item, and of items for sites."""
MAX_NAMED_RIVALS = 3
"""Largest number of competitors that an item names."""
MAX_ASPECTS = 3
"""Largest number of criticised aspects that an item names."""
MIN_ANSWERS = 2
"""Smallest number of answers with poor sentiment, or that cite a site, for an item."""


def absent(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each question with at least one answer that names a competitor and not the
    brand: its hits are these answers. Questions are in the order of their first answers. The reason
    names the competitors that these answers name most often.

    The page should state the facts that the question asks for. Without any, all facts are listed,
    and the item says that such a fact is missing.
    """
    for answers in by_prompt(scored).values():
        prompt = answers[0].answer.question.prompt
        hits = [answer for answer in answers if _names_rivals_only(market, answer)]
        if not hits:
            continue
        rival_counts = Counter(
            rival.name
            for answer in hits
            for rival in market.rivals
            if _names_a_brand(answer, rival.name)
        )
        named_rivals = [name for name, _ in rival_counts.most_common(MAX_NAMED_RIVALS)]
        facts = facts_asked_for(market.facts, _question_and_topic(prompt))
        topic = f" ({prompt.topic})" if prompt.topic else ""
        yield _item(
            market,
            scored,
            hits,
            kind=GapKind.ABSENT,
            subject=prompt.key,
            title=f"Answer “{wording.line(prompt.text)}”",
            why=f"{wording.count(len(hits), 'answer')} of {len(answers)} to this question "
            f"{_verb(len(hits), 'name')} "
            f"{wording.listing(named_rivals)} and not {market.brand.name}.",
            possible=len(answers),
            facts=facts or market.facts,
            missing=_missing_fact(facts, f"what this question asks for{topic}"),
            question=wording.line(prompt.text),
        )


def claim_items(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each false claim about the brand, wrong or out of date: its hits are the
    answers that make the claim, in any words. Claims of most models come first.

    The item gives the claim in its most frequent words. It says that a fact is missing if the
    market has no fact of this field.
    """
    for cluster in cluster_claims(_false_claims(market, scored)):
        field = cluster.first.field
        quoted = [(claim.answer_id, claim.quote) for claim in cluster.claims]
        hits = [scored[index] for index in dict.fromkeys(index for index, _ in quoted)]
        [(stated, _)] = Counter(claim.stated for claim in cluster.claims).most_common(1)
        facts = tuple(fact for fact in market.facts if fact.field == field)
        verdict = "out of date" if cluster.first.verdict == "stale" else "wrong"
        # The count is of the model that says it most: one over models would mix what each says.
        models = _models_by_frequency(hits)
        most = [answer for answer in hits if answer.model == models[0]]
        yield _item(
            market,
            scored,
            hits,
            kind=GapKind.CLAIM,
            subject=field,
            title=f"Correct “{field}”, given as “{wording.line(stated)}”",
            why=f"{wording.count(len(most), 'answer')} {_verb(len(most), 'state')} "
            f"“{wording.line(stated)}”, which is {verdict}.",
            hits=len(most),
            possible=max(
                len(most),
                sum(
                    any(detail.topic == field for detail in answer.claims(market.brand.name))
                    for answer in scored
                    if answer.model == models[0]
                ),
            ),
            stated=wording.line(stated),
            models=models,
            said=_excerpts((scored[index], quote) for index, quote in quoted),
            facts=facts,
            missing=_missing_fact(facts, field),
        )


def unstated(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each fact that no answer states, in the order of the facts; nothing if no
    answer names the brand.

    A fact is stated if a scorer found a claim about its field, right or wrong, or if an answer that
    names the brand contains its value. The hits of the item are the answers to questions that ask
    for the fact; there may be none.
    """
    stated = {claim.topic for answer in scored for claim in answer.claims(market.brand.name)}
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
        yield _item(
            market,
            scored,
            asking,
            kind=GapKind.UNSTATED,
            subject=fact.field,
            title=f"State “{fact.field}”",
            why=f"None of {wording.count(len(texts), 'answer')} that "
            f"{_verb(len(texts), 'name')} {market.brand.name} states it; "
            + _asked_for_clause(len(asking)),
            facts=(fact,),
        )


def poor_sentiment(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each topic with at least `MIN_ANSWERS` answers that speak badly of the
    brand, and more of them than of answers that speak well: its hits are the bad ones. Answers
    without a sentiment do not count.

    The topics of a question are its topic or else its tags; a question without any is a topic of
    its own. The item says that a fact is missing if no fact answers what is criticised.
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
        yield _item(
            market,
            scored,
            negative,
            kind=GapKind.SENTIMENT,
            subject=subject,
            title=f"Respond to the criticism of {topic}"
            if subject == topic
            else f"Respond to the criticism in answers to “{topic}”",
            why=f"{wording.count(len(negative), 'answer')} of {len(judged)} {where} "
            f"{_verb(len(negative), 'speak')} badly of {market.brand.name}, and {positive} well"
            + (f"; above all on {wording.listing(aspects)}." if aspects else "."),
            possible=len(judged),
            said=_excerpts(
                (answer, answer.quote(market.brand.name, SENTIMENT)) for answer in negative
            ),
            facts=facts,
            missing=_missing_fact(facts, wording.listing(aspects) or "what they complain of"),
            question="" if subject == topic else wording.line(topic),
        )


def cited_sites(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[BriefItem]:
    """Yield an item for each site on which the brand should be named: its hits are the answers that
    cite the site and do not name the brand.

    Sites of the brand and its competitors are left out. Of the others, the `MAX_SITES` with the
    most hits are returned, most first, if they have at least `MIN_ANSWERS`.
    """
    citing = [answer for answer in scored if answer.cited]
    without_brand = [answer for answer in citing if not _names_own_brand(market, answer)]
    citations = Counter(
        site for answer in citing for site in answer.cited if not market.owner(site)
    )
    hit_counts = Counter(site for answer in without_brand for site in answer.cited)
    most_hit = [(site, count) for site, count in hit_counts.most_common() if site in citations]
    for site, hit_count in most_hit[:MAX_SITES]:
        if hit_count < MIN_ANSWERS:
            continue
        hits = [answer for answer in without_brand if site in answer.cited]
        yield _item(
            market,
            scored,
            hits,
            kind=GapKind.SOURCE,
            subject=site,
            title=f"Be named on {site}",
            why=f"{wording.count(citations[site], 'answer')} of {len(citing)} with sources "
            f"{_verb(citations[site], 'cite')} it; {hit_count} of them "
            f"{_verb(hit_count, 'do')} not name {market.brand.name}.",
            possible=len(citing),
            facts=market.facts,
            missing=_missing_fact(market.facts, "what buyers ask for"),
            sources=(),
            reachable=(),
        )


Finder = Callable[[BriefMarket, Sequence[ScoredAnswer]], Iterator[BriefItem]]
FINDERS: tuple[Finder, ...] = (absent, claim_items, unstated, poor_sentiment, cited_sites)
"""The functions that find gaps."""


def brief(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> list[BriefItem]:
    """Return the items of a brand's brief: all gaps that the answers show, false claims first, then
    the gaps that the largest share of answers surely shows (`ranked_items`). Each is counted in the
    answers of the model that shows it most, the first of `BriefItem.models`: a count over models
    would mix what each says.

    Args:
        market: The brand, its competitors and facts.
        scored: The scored answers to buyers' questions, without answers to controls.
    """

    def found(answers: Sequence[ScoredAnswer]) -> list[BriefItem]:
        return [item for find in FINDERS for item in find(market, answers)]

    of_model = {
        (model, item.key): item
        for model in {answer.model for answer in scored}
        for item in found([answer for answer in scored if answer.model == model])
    }
    items = []
    for item in found(scored):
        own = of_model.get((item.models[0], item.key)) if item.models else None
        if item.kind is GapKind.CLAIM or not item.models:
            items.append(item)
        elif own:
            hits, answers, possible = own.hits, own.answers, own.possible
            items.append(replace(item, why=own.why, hits=hits, answers=answers, possible=possible))
    return ranked_items(items)


def _false_claims(market: BriefMarket, scored: Sequence[ScoredAnswer]) -> Iterator[FalseClaim]:
    """Yield the claims about the brand that are wrong or out of date and that no judge has denied,
    in the order of the answers.
    Their ``answer_id`` is the index of the answer in ``scored``, and not the store's number.
    """
    for index, answer in enumerate(scored):
        for detail in answer.claims(market.brand.name):
            if detail.is_false and (answer.answer.id, detail.topic) not in market.denied:
                yield FalseClaim(
                    answer_id=index,
                    model=answer.model,
                    field=detail.topic,
                    verdict=detail.verdict,
                    stated=detail.stated,
                    quote=detail.quote,
                )


def _names_rivals_only(market: BriefMarket, answer: ScoredAnswer) -> bool:
    """Return whether an answer names a competitor and was scored as not naming the brand; False for
    an answer to a question that names a brand, which has no score of visibility.
    """
    return answer.value(market.brand.name, VISIBILITY) == 0 and any(
        _names_a_brand(answer, rival.name) for rival in market.rivals
    )


def _names_a_brand(answer: ScoredAnswer, brand: str) -> bool:
    """Return whether an answer names a brand, whatever the question."""
    return 1 in {answer.value(brand, VISIBILITY), answer.value(brand, BRANDED_VISIBILITY)}


def _names_own_brand(market: BriefMarket, answer: ScoredAnswer) -> bool:
    return _names_a_brand(answer, market.brand.name)


def _subjects_and_titles(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return the subject and the title of each topic of a question: its topic or else its tags,
    each as both. A question without any has its key as the subject and its text as the title.
    """
    topics = (prompt.topic,) if prompt.topic else prompt.tags
    if not topics:
        return ((prompt.key, wording.line(prompt.text)),)
    return tuple((topic, topic) for topic in topics)


def _question_and_topic(prompt: Prompt) -> str:
    """Return the text of a question and its topic, in which words that ask for facts are found."""
    return f"{prompt.text} {prompt.topic}"


def _aspects(market: BriefMarket, negative: Iterable[ScoredAnswer]) -> list[str]:
    """Return the `MAX_ASPECTS` aspects, such as ``price``, that a scorer most often found
    criticised in answers, most often first. Empty if it found none.
    """
    counts = Counter(
        detail.topic
        for answer in negative
        for detail in answer.details(market.brand.name, SENTIMENT)
        if detail.verdict == "negative" and detail.topic
    )
    return [aspect for aspect, _ in counts.most_common(MAX_ASPECTS)]


def _item(
    market: BriefMarket,
    scored: Sequence[ScoredAnswer],
    hits: Sequence[ScoredAnswer],
    /,
    **others: Any,
) -> BriefItem:
    """Return an item of a gap that shows in some of the answers, with what these have in common:
    their questions, their models and cited sites, the most frequent first, and which of the sites
    are no brand's own.
    """
    sites = Counter(site for answer in hits for site in answer.cited).most_common(MAX_SITES)
    common: dict[str, Any] = {
        "hits": len(hits),
        "answers": len(scored),
        "prompts": tuple(dict.fromkeys(answer.answer.question.prompt.key for answer in hits)),
        "models": _models_by_frequency(hits),
        "sources": tuple(sites),
        "reachable": tuple(site for site, _ in sites if not market.owner(site)),
    }
    return BriefItem(**common | others)


def _models_by_frequency(hits: Iterable[ScoredAnswer]) -> tuple[Model, ...]:
    """Return the models of answers, those with most answers first."""
    return tuple(model for model, _ in Counter(answer.model for answer in hits).most_common())


def _asked_for_clause(count: int) -> str:
    """Return how many answers belong to questions that ask for a fact, to end a sentence."""
    if not count:
        return "none of your prompts asks for it."
    return (
        f"{wording.count(count, 'answer')} {_verb(count, 'belong')} to questions that ask for it."
    )


def _excerpts(quotes: Iterable[tuple[ScoredAnswer, str]]) -> tuple[Excerpt, ...]:
    """Return the first `MAX_EXCERPTS` distinct quotes as excerpts; empty quotes are left out. A
    quote that several answers have is shown as that of the last of them.
    """
    excerpts = {
        quote: Excerpt(answer.model, answer.answer.question.prompt.text, quote)
        for answer, quote in quotes
        if quote
    }
    return tuple(excerpts.values())[:MAX_EXCERPTS]


def _missing_fact(facts: Sequence[Fact], subject: str) -> str:
    """Return what a fact to add first should be about, if there are no facts; otherwise empty."""
    return "" if facts else subject


def _verb(count: int, verb: str) -> str:
    """Return a verb in the form that agrees with a count: ``name`` becomes ``names``, and ``do``
    becomes ``does``, if the count is 1.
    """
    if count != 1:
        return verb
    return {"do": "does"}.get(verb, f"{verb}s")
