"""The parts of an answer that are about a single brand."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise
from operator import attrgetter

from overheard import Mention, Reading, Unit, UnitRole
from overheard_accuracy.claims import Statement
from overheard_accuracy.words import FACTS

_MAX_STATEMENTS = 300
"""Sentences of an answer that are read for one brand."""
_ASIDE_CHARACTERS = 30
"""Characters before a name that are searched for words such as "unlike"."""
_OWNER_CHARACTERS = 40
"""Characters before a name that are searched for words such as "owned by"."""
_SENTENCE_CHARACTERS = 600
"""Characters of a sentence that are read."""
_EDGE = re.compile(
    r"(?:,(?!\d)|[;:(\u2014|])\s*|\s(?:while|whereas|but|and|than|unlike|versus|vs\.?)\s"
)
_IS_OWNER = FACTS.compiled("owner before")
_ASIDE = re.compile(
    r",\s(?:unlike|like|compared (?:to|with)|in contrast to|as opposed to|similar to|along with"
    r"|together with)\s(?:the\s)?\Z",
    re.IGNORECASE,
)
"""Before a name in commas that is only compared with: ", unlike Acme,"."""
_APPOSED = FACTS.compiled("told of another")
"""To the brand's name before a comma: what goes on is about another, "Bolt, a rival of Acme,"."""
_OWNS = re.compile(
    r"\s(?:has )?(?:acquired|bought|purchased|took over|owns|(?:is|remains) the"
    r" (?:parent(?: company)?|owner) of) (?:the )?",
    re.IGNORECASE,
)
"""Between another name and the brand: the other name is the owner of the brand."""
_POINTING = FACTS.compiled("pointing")
"""Begins a sentence that continues about the brand of the sentence before."""
_NUMBER = re.compile(r"\A\W*(?:\d{1,2}[.)]\s*)?")
_SILENT = frozenset({UnitRole.SHOP, UnitRole.FOOTER, UnitRole.BEST_FOR})
_HEADING = re.compile(r"[^.!?:]{1,60}")
"""A line that begins another part of the answer."""


def statements(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield (sentence, statement) pairs: what the sentences and lines of an answer state about
    `reading.brand`; first those of sentences, then those below a title, at most `_MAX_STATEMENTS`.

    In a sentence with another brand, only the part around this brand counts. A sentence without a
    brand is about this brand when it continues with "It ..." right after a sentence about this
    brand alone, or when the question asks about this brand alone and the answer names no other. A
    line that names no brand is about the brand below a title that is nothing but its name; a line
    that belongs to another brand or product is not about this brand.
    """
    return islice(
        chain(_sentence_statements(reading), _statements_below_name(reading)), _MAX_STATEMENTS
    )


def _statements_below_name(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield (line, statement) for each line of the brand below a title that is only the brand's
    name ("### 1. Acme"), in order.

    Lines that name any brand, shops' cards, footers and lines on whom the brand is best for are
    skipped. The part below the title ends at a unit of another owner, or at another title of the
    brand that names a brand ("Acme Pro").
    """
    brand_names = {name.casefold() for name in reading.brand.names}
    mention_starts = [mention.start for mention in reading.mentions]
    is_below_name = False
    for unit in reading.units:
        next_mention = bisect_left(mention_starts, unit.start)
        names_a_brand = (
            next_mention < len(mention_starts) and mention_starts[next_mention] < unit.end
        )
        if not unit.is_of(reading.brand.name):
            is_below_name = is_below_name and not unit.owner
        elif unit.role is UnitRole.TITLE:
            title = _NUMBER.sub("", unit.text).strip(" *:.").casefold()
            is_below_name = title in brand_names or (is_below_name and not names_a_brand)
        elif is_below_name and not names_a_brand and unit.role not in _SILENT:
            yield unit.text, Statement(unit.text[:_SENTENCE_CHARACTERS])


def _unit_at(reading: Reading, at: int) -> Unit | None:
    """Return the unit that has the character at an offset of the body; None between units."""
    index = bisect_right(reading.units, at, key=attrgetter("start")) - 1
    return reading.units[index] if index >= 0 and at < reading.units[index].end else None


def _is_below_another(reading: Reading, at: int) -> bool:
    """Return whether the text at offset `at` of the body has a heading above it that does not name
    the brand. False without a heading, and in a unit that the brand owns.
    """
    unit = _unit_at(reading, at)
    if unit is None or not unit.section or unit.is_of(reading.brand.name):
        return False
    section = unit.section.casefold()
    return not any(name.casefold() in section for name in reading.brand.names)


def _is_of_another(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Return whether the line of a sentence belongs to another product, or to another brand that
    the sentence does not name.

    Args:
        mentions: The mentions in the sentence, at least one of them of `reading.brand`.
    """
    brand = reading.brand.name
    first = next(mention.start for mention in mentions if mention.brand == brand)
    owner = _unit_at(reading, first)
    if owner is None or not owner.owner or owner.is_of(brand):
        return False
    return owner.foreign or all(mention.brand != owner.owner for mention in mentions)


def _sentence_statements(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield (sentence, statement) pairs about the brand from the sentences of the body, in order.

    - A sentence that names the brand gives a statement for each part about it; none if the line
      belongs to another brand or product.
    - A sentence that names only other brands gives none.
    - A sentence without a brand gives one if it begins with "It ..." and the sentence before is
      about the brand alone. In an answer that names no other brand, sentences without a brand may
      be in between, unless a heading is among them.
    - A sentence without a brand also gives one if question and answer name only this brand.

    Of each sentence, `_SENTENCE_CHARACTERS` characters are read.
    """
    brand = reading.brand.name
    names_no_other = all(mention.brand == brand for mention in reading.mentions)
    is_only_brand = names_no_other and reading.asked == {brand}
    by_sentence: dict[int, list[Mention]] = defaultdict(list)
    for mention in reading.mentions:
        by_sentence[mention.sentence].append(mention)
    continues = False
    previous_end = 0
    for index, (start, end) in enumerate(reading.sentences):
        mentions = by_sentence.get(index, [])
        text = reading.body[start : min(end, start + _SENTENCE_CHARACTERS)]
        if any(mention.brand == brand for mention in mentions):
            read_mentions = [mention for mention in mentions if mention.end - start <= len(text)]
            is_of_another = bool(read_mentions) and _is_of_another(reading, mentions)
            if read_mentions and not is_of_another:
                for part in _own_parts(text, start, read_mentions, brand):
                    yield text, part
            names_brand_alone = all(mention.brand == brand for mention in mentions)
            continues = names_brand_alone and not is_of_another
        elif mentions:
            continues = False
        elif pronoun_end := _pronoun_end(
            reading.body,
            previous_end,
            start,
            text,
            continues=continues,
            names_no_other=names_no_other and not _is_below_another(reading, start),
        ):
            yield text, Statement(text, 0, pronoun_end)
        elif is_only_brand:
            yield text, Statement(text)
        else:
            continues = continues and names_no_other and not _HEADING.fullmatch(text)
        previous_end = end


def _pronoun_end(
    body: str, before: int, start: int, text: str, *, continues: bool, names_no_other: bool = False
) -> int:
    """Return the end offset of the words at the start of a sentence that refer back to the brand
    ("It", "The company"), or 0 without such words.

    The result is also 0 if a line break divides the sentence from the one before, unless the answer
    names no other brand.

    Args:
        before: Offset of the end of the previous sentence in the body.
        continues: Whether the previous sentence is about the brand alone; if not, the result is 0.
        names_no_other: Whether the answer names no other brand.
    """
    if not continues or (not names_no_other and "\n" in body[before:start]):
        return 0
    match = _POINTING.match(text)
    return match.end() if match else 0


def _own_parts(text: str, offset: int, mentions: list[Mention], brand: str) -> Iterator[Statement]:
    """Yield the parts of a sentence that are about a brand, in order.

    Without another brand, the whole sentence is one part. Otherwise each mention has a part, which
    ends at the last comma, "and" or "but" before the next mention, or at that mention. The parts of
    this brand are yielded.

    A part ends behind the brand where the brand is in an aside about another: "Bolt, a rival of
    Acme, is". Two kinds of mentions divide nothing: another brand as the owner of this one
    ("owned by Globex"), and any brand in an aside (", unlike Bolt,"). The first mention is no
    aside.

    Args:
        mentions: The mentions in the text, at least one, in order, with offsets in the body.
    """
    first, *others = mentions
    mentions = [first, *(other for other in others if not _is_aside(text, offset, other))]
    mentions = [m for m in mentions if m.brand == brand or not _is_owner(text, offset, m, mentions)]
    if all(mention.brand == brand for mention in mentions):
        mentions = mentions[:1]
    bounds = [0, *_part_starts(text, offset, mentions), len(text)]
    for mention, (part_start, part_end) in zip(mentions, pairwise(bounds), strict=True):
        if mention.brand == brand:
            start, end = mention.start - offset, mention.end - offset
            is_aside = text.startswith(",", end) and _APPOSED.search(text, 0, start)
            part = text[part_start : end if is_aside else part_end]
            yield Statement(part, start - part_start, end - part_start)


def _is_aside(text: str, offset: int, mention: Mention) -> bool:
    """Return whether a mention is an aside in commas: ", unlike Acme,"."""
    start, end = mention.start - offset, mention.end - offset
    return (
        text[end : end + 1] == ","
        and _ASIDE.search(text, max(0, start - _ASIDE_CHARACTERS), start) is not None
    )


def _is_owner(text: str, offset: int, other: Mention, mentions: list[Mention]) -> bool:
    """Return whether another brand is only stated as an owner: "owned by Globex", or "Globex
    acquired Acme" with Acme the next words.

    Args:
        other: A mention of the other brand in the sentence.
    """
    start, end = other.start - offset, other.end - offset
    later_starts = (m.start - offset for m in mentions if m.start > other.start)
    owns = any(_OWNS.fullmatch(text, end, later) for later in later_starts)
    return owns or _IS_OWNER.search(text, max(0, start - _OWNER_CHARACTERS), start) is not None


def _part_starts(text: str, offset: int, mentions: list[Mention]) -> Iterator[int]:
    """Yield for each mention but the first the offset in the text at which its part begins.

    That is after the last comma, bracket, "and" or the like between it and the mention before; at
    the mention itself without one.

    Args:
        mentions: The mentions in the sentence, in order, with offsets in the body.
    """
    for mention, following in pairwise(mentions):
        gap_start, gap_end = mention.end - offset, following.start - offset
        edges = [edge.end() for edge in _EDGE.finditer(text, max(0, gap_start), max(0, gap_end))]
        yield edges[-1] if edges else gap_end
