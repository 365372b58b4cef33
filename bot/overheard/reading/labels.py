"""What a line is: a label, a heading, the beginning of a sentence."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from overheard.domain import UnitRole
from overheard.reading.word_lists import WordLists

CLOSING = re.compile(
    r"(?:each|all|both|any|either) of (?:these|them|the)\b|these\b|ultimately\b|when (?:choosing"
    r"|selecting|shopping|buying|deciding|comparing|evaluating)\b|remember\b|whichever\b"
    r"|in general\b|overall, (?:the|these|each|your)\b|in (?:summary|conclusion|short)\b"
    r"|to (?:summarize|sum up)\b|before (?:buying|choosing|purchasing|you)\b|both\b|always\b"
    r"|make sure\b|be sure\b|prices (?:and|may|can|are|vary)\b"
    r"|(?:for|as) (?:more|the most|up-to-date)\b|note:?\s+prices\b"
    r"|neither\b|the latter\b"
    r"|it['\u2019]s (?:also |always |generally |highly )*(?:a good idea\b|worth \w+ing\b"
    r"|(?:recommended|important|best|advisable|essential|crucial|wise|helpful) (?:to|that)\b)"
    r"|consult\b",
    re.IGNORECASE,
)
"""Beginnings of sentences about all brands, or about the choice itself."""
ADVISING = re.compile(
    r"(?:if you\b|if your\b|consider\b|choose\b|look for\b|for most\b|determine\b|ensure\b"
    r"|think about\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that may begin a new subject."""
GOING_ON = re.compile(
    r"(?:on the (?:other hand|downside|flip side|plus side)|however|that said|still|it(?:s"
    r"|['\u2019]s)?"
    r"|they|their|the (?:main |biggest |only |one )?(?:downsides?|drawbacks?|catch|trade-?offs?"
    r"|upsides?|strengths?))\b",
    re.IGNORECASE,
)
"""Beginnings of paragraphs that go on about the subject of the paragraph before."""
DECIDING = re.compile(
    r"(?:(?:if|for|with|since|as)\b[^.]*,|overall\b|bottom line\b|in short\b|my (?:pick|choice)\b"
    r"|(?:choose|go with|start with|take|pick)\b|(?:I|we)(?:['\u2019]d| would)\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that no longer belong to the cons before them."""
PRONOUN = re.compile(
    r"(?:it(?:s|['\u2019]s)?|they(?:['\u2019]re)?|their)\b(?!['\u2019]| (?-i:[A-Z]))", re.IGNORECASE
)
"""Beginnings of sentences about the subject of the sentence before: "It runs on Acme"."""
ELIDED = re.compile(
    r"(?:Add|Boast|Bring|Carrie|Combine|Come|Connect|Deliver|Feature|Include|Integrate|Make|Offer"
    r"|Pack|Pair|Provide|Run|Share|Support|Use|Work)s\s(?!(?:from|by|and|or|of|in|at|are|is|like)\b)"
    r"|[A-Z][a-z]+s\s(?:a|an|the|with)\s"
    r"|(?:Considered|Known|Praised|Lauded|Backed|Built|Made|Powered|Equipped)\s"
)
"""Beginnings of such sentences without a subject: "Features a motor by Acme"."""
ASIDE = re.compile(
    r"\b(?:than|unlike|that|which|what|the way|like|compared (?:to|with)|instead of|rather than)\s"
    r"(?:the |an? |its |your )?\Z",
    re.IGNORECASE,
)
"""Words before names that a sentence about the subject before compares with."""


class LabelKind(Enum):
    """The kind of a label that names no brand."""

    ROLE = "role"
    AWARD = "award"
    """A distinction, such as "best overall"; the value may name the subject."""
    GENERIC = "generic"
    """About the choice itself: factors, tips, a summary."""
    OTHER = "other"


class Label(NamedTuple):
    """A label at the beginning of a piece of text.

    Attributes:
        start: Offset of the label.
        end: Offset after the label, without the colon or dash.
        value: Offset of the first character of the text after it.
    """

    start: int
    end: int
    value: int


_DECORATION = re.compile(r"(?:[^\w\s\"'(\[$€£~+<>&-]|\+\s|-\s)[^\w\s\"'(\[$€£~+<>&-]*\s*")
_NUMBER = re.compile(r"(?:#\s?)?\d{1,2}(?:[.)]|\s?[.:\u2013-]\s)\s*|#\d{1,2}\s+")
_DIVIDER = re.compile(
    r"[\uff1a:\u2013\u2014-](?:(?<=\uff1a)|(?<!\d:)(?<=:)(?!//)|(?<=:)(?!\d|//)|(?<=\s[\u2013\u2014])\s?"
    r"|(?<=\s-)\s"
    r"|(?<=\w\u2014)(?=\w))"
)
"""A colon or a dash after a label."""
_COLONS = ":\uff1a"
_STOPS = re.compile(r"[.!?]\s|\n")
_VERB = re.compile(
    r"\b(?:is|are|was|has|have|had|offers?|provides?|can|does|do|makes?|comes?|gets?|it|you|they"
    r"|uses?|needs?|works?|features|remains?|will|would|should|may|might)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?!(?:what(?! \w+ \w+ is\b)|why|who|where|how|which|best|great|ideal|perfect|good|for|if"
    r"|when|note"
    r"|worth|choose|pick|skip|avoid|consider)\b(?!.*, (?:it|that)['\u2019]s\b))"
    r"[^:]*?\b(?:is|are|was|were|has|have|had|can|can['\u2019]t|will|won['\u2019]t|does|do"
    r"|makes?|comes?"
    r"|gets?|offers?|sits|tested|tried|found|considered|it['\u2019]s|that['\u2019]s"
    r"|there['\u2019]s|\w+['\u2019]d)\s",
    re.IGNORECASE,
)
"""The first half of a sentence before a colon: "The cost is the catch: you pay ..."."""
_LABEL_CHARACTERS = 110
_LABEL_WORDS = 14
_DASH_WORDS = 10

_ROLES: dict[UnitRole, str] = {
    UnitRole.CON: (
        r"cons?|but|however|the flip side|on the (?:flip side|downside)|downsides?|drawbacks?"
        r"|(?:the )?catch|limitations?|weak(?:ness(?:es)?| points?"
        r"| spots?)|disadvantages?|caveats?|trade-?offs?|negatives?|the bad|dislikes?|shortcomings?"
        r"|why not|less ideal for|(?:not|isn['\u2019]t) (?:so |as |the )?(?:ideal|great|good"
        r"|best|suited"
        r"|recommended|perfect) (?:for|if)|not for|skip (?:it )?if|avoid if|worst for"
        r"|where it (?:falls short|struggles|lags)|what could be better"
        r"|what(?:['\u2019]s| is) (?:bad|missing|not so good|not great)"
        r"|(?:what|things) (?:we|i|you|users|people|reviewers|customers) (?:do not|don['\u2019]t"
        r"|didn['\u2019]t|dislike)(?: (?:like|love))?|reasons to (?:avoid|skip)"
        r"|room for improvement"
        r"|complaints|keep in mind|considerations?|heads[- ]up|be aware|caution"
        r"|warning|mind|watch[- ]outs?(?: for)?|what to watch(?: out)?(?: for)?"
        r"|nachteile|inconv\u00e9nients|desventajas|contras|points faibles|puntos d\u00e9biles"
        r"|minuspunkte|schw\u00e4chen?|svantaggi|difetti|nadelen|minpunten|desvantagens|缺点|缺點"
        r"|nachteil|was st\u00f6rt|weniger gut|on aime moins|les moins|le moins"
        r"|points? n\u00e9gatifs?|limites?|b\u00e9mols?"
        r"|lo peor|lo malo|lo menos bueno|inconvenientes?|puntos? negativos?|a mejorar|en contra"
        r"|contro"
        r"|デメリット|欠点|短所|注意点|気になる点|단점"
    ),
    UnitRole.PRO: (
        r"pros?|strengths?|strong points?|advantages?|benefits?|upsides?|highlights?|perks?"
        r"|positives?|the good|likes?|stand-?outs?(?: features?)?|key benefits"
        r"|what(?:['\u2019]s| is) (?:good|great)"
        r"|what (?:we|i|you|users|people|reviewers|customers) (?:really )?(?:like|liked|love|loved)"
        r"|why (?:it|we|i|you|users|this|they|people)\b.{0,40}|why|reasons to (?:buy|choose)"
        r"|(?:what|where) (?:it|makes it) (?:shines?|excels?|does well|stands? out|special|great)"
        r"|vorteile|avantages|ventajas|points forts|puntos fuertes|pluspunkte|st\u00e4rken|vantaggi"
        r"|voordelen|pluspunten|vantagens|pregi|优点|優點|vorteil|was gef\u00e4llt|on aime|les plus"
        r"|le plus"
        r"|points? positifs?|atouts?|lo mejor|lo bueno|puntos? positivos?|a favor"
        r"|メリット|長所|良い点|장점"
    ),
    UnitRole.BEST_FOR: (
        r"(?:best|ideal|great|perfect|good|suited|suitable|recommended|designed|made|excellent"
        r"|choose (?:it|this)?|pick (?:it|this)?) (?:for|if|when|with|use|as)\b.{0,60}"
        r"|who (?:it(?:['\u2019]s| is)|should|is it|this is) .{0,30}|(?:ideal|best) users?"
        r"|(?:best )?use cases?|target (?:audience|users?)|audience|for whom"
    ),
    UnitRole.PRICE: (
        r"(?:starting |approx(?:imate|\.)? |current |typical |street |list |average |monthly "
        r"|annual |estimated |sale )?(?:price|pricing|cost|costs|msrp|fees?|annual fee)"
        r"(?: (?:range|tier|point|from|model|level))?|price/value|starting at|starts at|from"
        r"|plans?(?: and| &) pric\w+"
    ),
    UnitRole.VERDICT: (
        r"(?:the |our |my |final )?(?:verdict|bottom line|take(?:away)?|thoughts|assessment)"
    ),
    UnitRole.NOTE: (
        r"notes?|good to know|note that"
        r"|(?:important|worth|also) (?:to )?not(?:e|ing)|consider|warning|caution"
    ),
}
_PREFIX = (
    r"(?:the |its |key |main |top |notable |potential |possible |major |some |minor |biggest "
    r"|usual |common |typical"
    r" |frequent |reported |main |one |a )*"
)
_ROLE = tuple(
    (role, re.compile(rf"{_PREFIX}(?:{words})(?: (?:of|with|about) .{{1,40}})?", re.IGNORECASE))
    for role, words in _ROLES.items()
)
_ROLE_PAIRS = re.compile(r"pros? (?:and|&|/|vs\.?) cons?", re.IGNORECASE)
_GENERIC = re.compile(
    r"\b(?:factors?|tips?|advice|what to|look for|how (?:to|do|does|much|we)|which|tl;?dr|summary"
    r"|comparison|compare|overview|conclusion|recommendations?|suggestions?|final|picks"
    r"|contenders|choices|options|alternatives|mentions?|things|key (?:considerations|features to"
    r"|takeaways|things|points)|considerations? (?:when|for|before)"
    r"|to (?:consider|avoid|keep|think)"
    r"|consider|faqs?|buying|guide|next steps?|decision|decide|choos(?:e|ing)|select(?:ing|ions?)"
    r"|methodology|sources|references|explained|quick|rule of thumb|remember|where to buy"
    r"|in general|in short|overall,|breakdown|at a glance|step \d|questions?|best (?:\w+ ){1,4}"
    r"(?:20\d\d|under|for 20|to buy)|top (?:\d+|\w+s)\b|related|disclaimer)\b",
    re.IGNORECASE,
)
_AWARD = re.compile(
    r"(?:the |our |my |editor['\u2019]?s['\u2019]? )*(?:(?:overall|absolute|single|clear|also"
    r"|another|second|other) )*"
    r"(?:best\b|most\b|top\s|winner\b|runner[- ]up|first choice|go (?:with|for)\b|choose\b|pick\b"
    r"|great\b|good\b|ideal\b|perfect\b|favou?rite\b|cheapest|fastest|easiest|simplest|strongest"
    r"|safest|lightest|budget\b|value\b|premium\b|luxury\b|mid-?range\b|high-?end\b|entry[- ]level"
    r"|splurge|editor['\u2019]s|overall\b|if you\b|if your\b|for\b|upgrade\b|affordable\b"
    r"|all-?rounder|solid (?:choice|option|pick|budget|value|mid|alternative)|also great"
    r"|honou?rable|recommended\b|recommendation\b|our pick)",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"AI responses may include mistakes|Your feedback helps|See our Privacy Policy"
    r"|Share more feedback"
)
_HEDGE = WordLists("overheard.reading", "hedges.txt").phrases("hedge")
_FOOTER_CHARACTERS = 300
"""The first part of a piece of text, in which offers and notices are searched."""
_OFFER = re.compile(
    r"\W*(?:let me know\b|would you like\b|do you want\b|want (?:me|help|a)\b|feel free\b"
    r"|if you(?:['\u2019]d like|['\u2019]d prefer| want| would like|['\u2019]re interested"
    r"| tell me| share| let me| can share| give me)?\b[^.!?]{0,160}\b(?:I can\b"
    r"|I['\u2019]ll\b|I could"
    r"|let me|tell me|just ask|I['\u2019]d be happy)|I can (?:help|also)|happy \w+ing|good luck"
    r"|tell me\b|share your|need help|shall I|should I|can I help|are you looking"
    r"|I['\u2019]d be happy|just tell me|if you have any)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_ABSTRACT = re.compile(
    r"\w{3}(?:ness|ity|tion|sion|ing|ment|ance|ence|ability|age|ure|ility|ics|life|size|ions|ings"
    r"|ality)s?$"
    r"|^(?:material|fabric|price|budget|warranty|trial|fit|noise|battery|screen|display|camera"
    r"|sound"
    r"|brand|brands|users?|teams?|data|software|app|apps|security|support|features?|range"
    r"|weight)s?$",
    re.IGNORECASE,
)
_EMOJI_ROLES = {
    **dict.fromkeys("👍✅✔☑➕⊕", UnitRole.PRO),  # noqa: RUF001 - these signs are meant
    **dict.fromkeys("👎❌✖✗✘➖⊖⚠🚫", UnitRole.CON),  # noqa: RUF001 - these signs are meant
}


_SIGN_CHARACTERS = 3


def bare_start(text: str, start: int, end: int) -> int:
    """Return the offset after the bullets, emoji and numbers at the beginning of the span from
    `start` to `end`: that of "Acme" in "- 1. Acme". `start` if there are none, and `end` if there
    is nothing else. Other signs, such as "$", are not skipped.
    """
    while start < end and not text[start].isalpha():
        mark = _DECORATION.match(text, start, end) or _NUMBER.match(text, start, end)
        if not mark or mark.end() == start:
            return start
        start = mark.end()
    return start


def emoji_role(text: str, start: int, end: int) -> UnitRole | None:
    """Return the role that a sign among the first three characters of the span from `start` to
    `end` gives: pro for a tick, con for a cross. None without such a sign.
    """
    opening = text[start : min(start + _SIGN_CHARACTERS, end)]
    if opening.isascii():
        return None
    return next((role for sign in opening if (role := _EMOJI_ROLES.get(sign))), None)


def label_at(text: str, start: int, end: int, bold_end: int = 0) -> Label | None:
    """Return the label at the beginning of a piece of text, without bullets, emoji and number; None
    without a label.

    Bold text at the beginning is the label if a colon or a dash ends it, if nothing follows, or if
    it has at most `_BOLD_LABEL_WORDS` words; with a colon or dash inside, the words before that.
    Else the words before the first colon or dash are the label, unless they contain the end of a
    sentence, have more words than `_LABEL_WORDS` (before a dash `_DASH_WORDS`, and no verb), or
    belong to the sentence that goes on after the divider in small letters.

    Args:
        text: The whole text.
        start: Offset of the piece.
        end: Offset after the piece.
        bold_end: Offset after bold text at the beginning of the piece; 0 without bold text.
    """
    first = bare_start(text, start, end)
    bold_label = _bold_label(text, first, bold_end, end) if bold_end > first else None
    if bold_label:
        return bold_label
    divider = _first_divider(text, first, min(end, first + _LABEL_CHARACTERS))
    if not divider or divider[0] == first:
        return None
    label_end, divider_end = divider
    if not _is_label(text[first:label_end], dashed=text[label_end] not in _COLONS):
        return None
    value = _after_spaces(text, divider_end, end)
    if text[value : value + 1].islower() and _SENTENCE.match(text, first, label_end):
        return None
    return Label(first, label_end, value)


def _bold_label(text: str, first: int, bold_end: int, end: int) -> Label | None:
    """Return the label that the bold text from `first` to `bold_end` gives; None if the bold text
    only begins a sentence.

    Args:
        first: Offset of the bold text, after bullets, emoji and number.
        bold_end: Offset after the bold text.
        end: Offset after the piece of text with the label and its value.
    """
    value = bold_end
    while value < end and text[value] in _AROUND_DIVIDER:
        value += 1
    words = text[first:bold_end].rstrip(_AROUND_DIVIDER)
    inner_divider = _first_divider(words, 0, len(words))
    if inner_divider and inner_divider[0]:
        label_end, divider_end = inner_divider
        return Label(first, first + label_end, _after_spaces(text, first + divider_end, end))
    is_divided = bool(text[bold_end - 1] in _AROUND_DIVIDER.strip() or text[bold_end:value].strip())
    is_alone = not text[value:end].strip(" .")
    if is_divided or is_alone or len(words.split()) <= _BOLD_LABEL_WORDS:
        return Label(first, first + len(words), value)
    return None


_AROUND_DIVIDER = " :\u2013\u2014-"
_BOLD_LABEL_WORDS = 4
"""Most words of bold text that is a label without a colon or dash."""


def _first_divider(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the (start, end) offsets of the first divider between a label and its value in the
    span from `start` to `end`; None without a divider.

    A divider is a colon, or a dash with the space before it and the spaces after it. A dash at
    `start` is none.
    """
    for found in _DIVIDER.finditer(text, start, end):
        at = found.start()
        if text[at] in _COLONS or not text[at - 1].isspace():
            return at, found.end()
        if at > start:
            return at - 1, found.end()
    return None


def _is_label(words: str, *, dashed: bool) -> bool:
    """Return whether the words before a divider are a label.

    A label has a letter, no end of a sentence, and at most `_LABEL_WORDS` words. Before a dash
    (`dashed`) it has at most `_DASH_WORDS` words and no verb.
    """
    if _STOPS.search(words) or not _WORD.search(words):
        return False
    word_count = words.count(" ") + 1
    if dashed:
        return word_count <= _DASH_WORDS and not _VERB.search(words)
    return word_count <= _LABEL_WORDS


def _after_spaces(text: str, at: int, end: int) -> int:
    """Return the offset of the first character from `at` that is no space; at most `end`."""
    while at < end and text[at] == " ":
        at += 1
    return at


@lru_cache(maxsize=8192)
def role_of(label: str) -> UnitRole | None:
    """Return the role that a label gives, such as the role of cons for "Downsides:". None for a
    long label, for one with two roles ("Pros and cons"), and for one without a role.
    """
    words = label.strip(" :*()\u2013\u2014-?.").replace("  ", " ")
    if len(words) > _LABEL_CHARACTERS or _ROLE_PAIRS.fullmatch(words):
        return None
    return next((role for role, pattern in _ROLE if pattern.fullmatch(words)), None)


@lru_cache(maxsize=8192)
def kind_of(label: str) -> LabelKind:
    """Return the kind of a label that names no brand: of a role ("Pros"), generic ("Key facts"), an
    award ("Best overall") or other. The first that fits counts, in this order.
    """
    words = label.strip(" :*()\u2013\u2014-?.")
    if role_of(label) is not None:
        return LabelKind.ROLE
    if _GENERIC.search(words):
        return LabelKind.GENERIC
    return LabelKind.AWARD if _AWARD.match(words) else LabelKind.OTHER


@lru_cache(maxsize=8192)
def is_property(label: str) -> bool:
    """Return whether a label reads like a property and not like a product: "Battery Life".

    A property has one to `_MAX_PROPERTY_WORDS` words and no digit. Each word is in small letters or
    a noun that names no product, such as "battery" or a word in "-ness".
    """
    words = _WORD.findall(label)
    if not 0 < len(words) <= _MAX_PROPERTY_WORDS or any(map(str.isdigit, label)):
        return False
    return all(word.islower() or _ABSTRACT.search(word) for word in words)


_MAX_PROPERTY_WORDS = 5


def has_notice(text: str) -> bool:
    """Return whether a text contains a notice of the service, such as "AI can make mistakes"."""
    return _NOTICE.search(text) is not None


def is_footer(text: str, start: int, end: int, *, has_notices: bool = True) -> bool:
    """Return whether a piece of text begins with an offer of more help ("Let me know if ...") or
    has a notice of the service in its first `_FOOTER_CHARACTERS`.

    Args:
        text: The whole text.
        start: Offset of the piece.
        end: Offset after the piece.
        has_notices: The result of `has_notice` for the whole text; False skips the slow search for
            a notice.
    """
    limit = min(end, start + _FOOTER_CHARACTERS)
    if has_notices and _NOTICE.search(text, start, limit) is not None:
        return True
    return _OFFER.match(text, start, limit) is not None


def has_hedge(text: str) -> bool:
    """Return whether a model says anything of itself in a text: "I cannot verify"."""
    return _HEDGE.search(text) is not None


def is_hedge(text: str, start: int, end: int) -> bool:
    """Return whether a piece of text is about what the model knows, and about no brand: "I don't
    have current information about Acme". False if it goes on with "but".
    """
    hedge = _HEDGE.search(text, start, end)
    return hedge is not None and text.find(" but ", hedge.end(), end) < 0


def has_verb(text: str) -> bool:
    """Return whether a text has one of the verbs that titles do not have."""
    return _VERB.search(text) is not None
