"""False claims that mean the same, and grave sentences."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, pairwise

from overheard.domain import Mention, Model, Reading
from overheard.reading.text import fold
from overheard.reading.word_lists import CONTRAST, WordLists

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_ZEROS = re.compile(r"[.,]00?\Z")
_MAX_ABBREVIATION = 3
"""Letters of a state or country that is abbreviated: "TX", "USA"."""
_MIN_SIMILARITY = 85.0
"""Similarity, 0 to 100, from which two wordings count as the same claim."""


@dataclass(frozen=True, slots=True)
class FalseClaim:
    """A false, outdated or grave statement in one answer.

    Attributes:
        answer_id: The store's number of the answer.
        model: The model that made the claim.
        field: The field of the fact that the claim contradicts.
        verdict: ``wrong``, ``stale`` or ``grave``.
        stated: The claimed value, in the words of the answer.
        quote: The sentence of the answer.
        sources: Domains that the answer cites.
    """

    answer_id: int
    model: Model
    field: str
    verdict: str
    stated: str
    quote: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimCluster:
    """The same claim in one or more answers."""

    claims: tuple[FalseClaim, ...]

    @property
    def first(self) -> FalseClaim:
        """The first claim, which represents the cluster."""
        return self.claims[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that make the claim, sorted."""
        return tuple(sorted({claim.model for claim in self.claims}))

    @property
    def answers(self) -> int:
        """The number of answers with the claim."""
        return len({claim.answer_id for claim in self.claims})

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """The domains that these answers cite, with the number of answers, most frequent first."""
        cited = {(claim.answer_id, source) for claim in self.claims for source in claim.sources}
        counts = Counter(source for _, source in sorted(cited))
        return tuple(counts.most_common())


def cluster_claims(claims: Iterable[FalseClaim]) -> list[ClaimCluster]:
    """Return the claims grouped into clusters that state the same about the same fact.

    A claim joins the first cluster whose first claim states the same (`states_the_same`). Claims of
    one answer that repeat each other, such as those of two scorers in the same sentence, count
    once. The clusters with the most models come first, then those with the most answers. No claims
    give an empty list.
    """
    groups: list[list[FalseClaim]] = []
    for claim in _distinct_claims(claims):
        same_group = next((group for group in groups if states_the_same(group[0], claim)), None)
        if same_group is None:
            groups.append([claim])
        else:
            same_group.append(claim)
    clusters = [ClaimCluster(tuple(group)) for group in groups]
    return sorted(clusters, key=lambda cluster: (-len(cluster.models), -cluster.answers))


def states_the_same(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two claims state the same about the same fact.

    Claims with another field or verdict do not. If both have a stated value:

    - Values with numbers are the same when the numbers of one are among the numbers of the other:
      "$49" and "$49 a month or $588 a year".
    - Other values are the same when the words of one are among the words of the other ("Austin" and
      "Austin, Texas"), when they differ by an abbreviation after a comma ("Austin, TX"), or when
      their words are similar (`_MIN_SIMILARITY`).

    A claim without a stated value is compared by its quote: then the numbers have to be equal, and
    the words similar.
    """
    if (claim.field, claim.verdict) != (other.field, other.verdict):
        return False
    words, other_words = _words(claim), _words(other)
    numbers, other_numbers = _numbers(words), _numbers(other_words)
    both_stated = bool(claim.stated and other.stated)
    if both_stated and (numbers or other_numbers):
        return _is_subset_of_either(numbers, other_numbers)
    if numbers != other_numbers:
        return False
    if both_stated and (
        _is_subset_of_either(set(words), set(other_words))
        or _abbreviates(claim.stated, other.stated)
    ):
        return True
    from rapidfuzz import fuzz  # only this needs it

    return fuzz.token_sort_ratio(" ".join(words), " ".join(other_words)) >= _MIN_SIMILARITY


def _is_subset_of_either(first: set[str], second: set[str]) -> bool:
    """Return whether one of two sets, neither empty, contains the other."""
    return bool(first and second) and (first <= second or second <= first)


def _abbreviates(first: str, second: str) -> bool:
    """Return whether two values are equal before their first commas, and one of them has at most
    `_MAX_ABBREVIATION` letters after it: "Austin, TX" and "Austin, Texas". False if one of them has
    nothing after a comma.
    """
    (head, _, rest), (other_head, _, other_rest) = (
        fold(value).text.partition(",") for value in (first, second)
    )
    ends = [end.strip(" .") for end in (rest, other_rest)]
    return head.strip() == other_head.strip() and 0 < min(map(len, ends)) <= _MAX_ABBREVIATION


def _distinct_claims(claims: Iterable[FalseClaim]) -> Iterator[FalseClaim]:
    """Yield the claims without repetitions within one answer.

    A claim repeats another if both agree in answer, fact, verdict and stated numbers, and the quote
    of one contains the quote of the other. Then the claim with the shorter stated value is
    yielded, the earlier one if they are equally long. Claims that agree are yielded one after
    another, in the order of the first of them.
    """
    groups: dict[tuple[object, ...], list[FalseClaim]] = {}
    for claim in claims:
        numbers = frozenset(_numbers(_words(claim)))
        group = groups.setdefault((claim.answer_id, claim.field, claim.verdict, numbers), [])
        repeated = next((n for n, other in enumerate(group) if _quotes_overlap(claim, other)), None)
        if repeated is None:
            group.append(claim)
        elif len(claim.stated) < len(group[repeated].stated):
            group[repeated] = claim
    yield from chain.from_iterable(groups.values())


def _quotes_overlap(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether the quote of one claim contains the quote of the other; an empty quote
    overlaps none.
    """
    first, second = (" ".join(detail.quote.split()) for detail in (claim, other))
    return first != "" and second != "" and (first in second or second in first)


def _words(claim: FalseClaim) -> list[str]:
    """Return the folded words of the stated value of a claim, or of its quote without one."""
    return _WORD.findall(fold(claim.stated or claim.quote).text)


def _numbers(words: Iterable[str]) -> set[str]:
    """Return the words with a digit, without separators of thousands and decimals of zero."""
    return {_ZEROS.sub("", word).replace(",", "") for word in words if any(map(str.isdigit, word))}


PAST_YEARS = 3
"""An event that a sentence dates this many calendar years before the answer, or more, is past."""
_SENTENCE_CHARS = 500
"""Characters of a sentence that are read."""
_GRAVE = WordLists("overheard.reading", "grave.txt")
_TOPICS = ("recall", "breach", "lawsuit", "ban", "end", "danger", "fraud")
_CUES = re.compile("|".join(f"(?P<{t}>{_GRAVE.pattern(t)})" for t in _TOPICS), re.IGNORECASE)
_MAYBE = _GRAVE.phrases("any")
_DENIED = _GRAVE.compiled("denied", r"\b{}\b")
_PRODUCT_AGAINST = _GRAVE.compiled("product against", r"\s{}\b")
_SUPPOSED = _GRAVE.compiled("supposed", r"\b{}\b")
_IF = _GRAVE.compiled("if", r"\b{}\b")
_RESOLVED = _GRAVE.compiled("resolved", r"\b{}\b")
_OTHERS = _GRAVE.compiled("others", r"\b{}\b")
_HARMLESS = _GRAVE.compiled("harmless names", r"{}\.?", any_case=False)
_PURPOSE = _GRAVE.compiled("purpose")
"""Right before the cue: what a product is for; not "criticised for", "under fire for"."""
_CONJUNCT = re.compile(r"[;:,\u2014]|\b(?:and|but|while|so|although|though)\b")
_STILL = re.compile(
    r"\bno\slonger\s(?:available|sold|supported|maintained|manufactured|produced|in)"
)
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
_RELATIVE = _GRAVE.compiled("relative", any_case=False)
"""Between the brand and the cue: a noun with its own clause, or what a product is used for."""
_FAKE = _GRAVE.compiled("fake")
_CLAUSE = re.compile(rf"[;:\u2014]|,\s(?:{'|'.join(CONTRAST)}|yet|and)\s|\bbut\b|\bwhile\b")
_AGAINST = re.compile(
    r"\s(?:against|at|involving) (?:the )?(?P<name>[A-Z][\w&.-]{2,}|(?<!involving )an? \w+|\Z)"
)
"""After the cue: whom the event is about, where the brand is named before; a part of a sentence
ends before the name of another brand."""
_APPOSED = _GRAVE.compiled("told of another")
"""To the brand's name before a comma: what is told of another, "Bolt, which supplies Acme,"."""
_OF_ANOTHER = _GRAVE.compiled("of another", any_case=False)
"""From an event to the end of the brand's name: "the recall of Bolt's drill was good for Acme"."""
_NEW_CLAUSE = re.compile(r",|\b(?:after|because|when|since|as)\b")
_NAMED = re.compile(r"(?<![.!?:\n]\s)(?<!^)\b[A-Z][\w&.-]{2,}")


_NEAR_EVENT_CHARACTERS = 60
"""Most characters between an event and the brand's name after it: "a recall of the Acme"."""


@dataclass(frozen=True, slots=True)
class GraveSentence:
    """A grave sentence about a brand.

    Attributes:
        topic: ``recall``, ``breach``, ``lawsuit``, ``ban``, ``end``, ``danger`` or ``fraud``.
    """

    topic: str
    quote: str


def may_be_grave(text: str) -> bool:
    """Return whether a text has any word of a grave sentence: a cheap test before
    `claims`, false for most answers.
    """
    return _MAYBE.search(text) is not None


def grave_sentences(reading: Reading) -> Iterator[GraveSentence]:
    """Yield the first grave sentence about `reading.brand` for each topic, such as a recall or a
    breach.

    Only sentences count that state the event as present (`_states_event`). Sentences that name the
    brand come first, then those of its units without its name. A long sentence is cut to
    `_SENTENCE_CHARS`. Nothing is yielded for an answer without such a sentence.

    Args:
        reading: An answer, read for the brand and its competitors.
    """
    year = reading.answer.asked_at.year
    reading = reading.among_all()
    found: set[str] = set()
    for name_end, text in _own_sentences(reading):
        for cue in _CUES.finditer(text):
            topic = cue.lastgroup or ""
            if topic not in found and _states_event(text, name_end, cue, year):
                found.add(topic)
                yield GraveSentence(topic, text)


def _own_sentences(reading: Reading) -> Iterator[tuple[int, str]]:
    """Yield (offset after the brand's name, text) for each sentence that is about `reading.brand`.

    First come the sentences that name the brand. If such a sentence names another brand too, only
    its part from the brand's name to the next name is yielded (`_own_parts`). Then come the units
    without any name that belong to the brand, such as those below its heading; their offset is 0.
    A text is cut to `_SENTENCE_CHARS`.
    """
    for index, named in groupby(reading.mentions, lambda mention: mention.sentence):
        (start, end), mentions = reading.sentences[index], list(named)
        if any(mention.brand == reading.brand.name for mention in mentions):
            text = reading.body[start : min(end, start + _SENTENCE_CHARS)]
            yield from _own_parts(text, start, mentions, reading.brand.name)
    name_starts = [mention.start for mention in reading.mentions]
    for unit in reading.units:
        names_any = bisect_left(name_starts, unit.start) < bisect_left(name_starts, unit.end)
        if unit.is_of(reading.brand.name) and not names_any:
            yield 0, reading.body[unit.start : min(unit.end, unit.start + _SENTENCE_CHARS)]


def _own_parts(
    text: str, offset: int, mentions: list[Mention], brand: str
) -> Iterator[tuple[int, str]]:
    """Yield (offset after the brand's name in the part, part) for the parts of a sentence that are
    about the brand.

    A sentence that names only the brand is one part, with the end of its first mention. Else each
    part reaches from a mention of the brand to the next mention of any brand. The part of the first
    mention begins with the sentence: "In 2024, Acme was sued." What goes on behind an aside about
    another, "Bolt, which supplies Acme, was sued", is no part.
    """
    if all(mention.brand == brand for mention in mentions):
        mentions = mentions[:1]
    edges = [0, *(mention.start - offset for mention in mentions[1:]), len(text)]
    for mention, (left, right) in zip(mentions, pairwise(edges), strict=True):
        if mention.brand == brand:
            start, end = mention.start - offset, mention.end - offset
            is_aside = text.startswith(",", end) and _APPOSED.search(text, 0, start)
            yield end - left, text[left : end if is_aside else right]


def _states_event(text: str, name_end: int, cue: re.Match[str], year: int) -> bool:
    """Return whether a sentence states a grave event of the brand as present.

    It does not if it

    - asks: "Was Acme hacked?"
    - supposes: "if Acme were hacked"
    - tells the event of another company
    - calls the event resolved
    - names no year later than `PAST_YEARS` years before the answer
    - denies the event: "Acme is not a scam"
    - names a product against it: "Acme's breach protection".
    """
    if text.rstrip().endswith("?") or _is_event_of_another(text, name_end, cue):
        return False
    conjunct = _CONJUNCT.split(text[: cue.end()])[-1]
    if _SUPPOSED.search(conjunct) or _IF.search(text[: cue.start()]):
        return False
    years = [int(found) for found in _YEAR.findall(text)]
    if _RESOLVED.search(_STILL.sub("", text)) or (years and max(years) <= year - PAST_YEARS):
        return False
    # "is not a scam" denies it; "is no longer sold" and "not safe" do not.
    clause = _CLAUSE.split(_STILL.sub("", text[: cue.end()]).replace("not safe", ""))[-1]
    return not (_DENIED.search(clause) or _is_product_against(text, cue))


def _is_product_against(text: str, cue: re.Match[str]) -> bool:
    """Return whether the cue belongs to the name of a product or service against such events:
    ``breach protection``, ``helps to prevent fraud``.

    `cue` is the match, in the sentence `text`, of the words that name the event. A word of purpose
    before the cue suffices; so does a word such as ``protection`` right after it.
    """
    if _PURPOSE.search(text[: cue.start()]):
        return True
    rest_of_clause = _CLAUSE.split(text[cue.end() :])[0]
    return _PRODUCT_AGAINST.match(rest_of_clause) is not None


def _is_event_of_another(text: str, name_end: int, cue: re.Match[str]) -> bool:
    """Return whether an event concerns another than the brand, such as a rival or a customer.

    Before the brand's name, an event concerns another if a new clause begins between both, or if
    they are more than `_NEAR_EVENT_CHARACTERS` apart. After the name, it does if the words between
    speak of others, begin a relative clause, or enumerate another name; and if the brand's name is
    that of a counterfeit.
    """
    if cue.start() < name_end:  # "The recall of Acme's heater"; "a lawsuit against Acme"
        between = text[cue.end() : name_end]
        if _CLAUSE.search(between) or len(between) > _NEAR_EVENT_CHARACTERS:
            return True
        is_named = _names_another(text[: cue.start()]) and "," in between
        return is_named or _OF_ANOTHER.match(between) is not None
    between = text[name_end : cue.start()]
    if _OTHERS.search(between) or _RELATIVE.search(between) or _FAKE.search(text[:name_end]):
        return True
    against = _AGAINST.match(text, cue.end())
    if against and not _HARMLESS.fullmatch(against["name"]):
        return True
    return _names_another(between) and _NEW_CLAUSE.search(between) is not None


def _names_another(text: str) -> bool:
    return any(not _HARMLESS.fullmatch(name.group()) for name in _NAMED.finditer(text))
