"""Spellings of brands: rules, parent brands, risky spellings, similar names, and other forms.

Other forms of a name are those without ".com", apostrophe or space, or split in two words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from overheard.domain import Brand, Rule
from overheard.reading.ordinary_words import is_common, is_ordinary
from overheard.reading.text import fold

Span = tuple[int, int]

MAX_SIMILAR_NAMES = 10
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def rule_allows(rule: Rule, body: str, place: Span, sentence: Span, language: str) -> bool:
    """Return whether a rule lets an occurrence of a spelling count as the brand.

    It does not if the rule wants the exact case and the occurrence has another; if the rule is for
    other languages than the question's; if none of the words in `Rule.near` is in the same
    sentence; or if one of the words in `Rule.not_near` is. Empty conditions allow everything, and
    an unknown language fits every rule.

    Args:
        body: The text.
        place: (start, end) offsets of the spelling.
        sentence: (start, end) offsets of the sentence with the spelling.
        language: The language of the question, or "".
    """
    if rule.exact_case and body[slice(*place)] != rule.spelling:
        return False
    if rule.languages and language and language not in rule.languages:
        return False
    if not (rule.near or rule.not_near):
        return True
    around = _folded(body[slice(*sentence)])
    near = not rule.near or _any_of(rule.near, around)
    return near and not _any_of(rule.not_near, around)


def parent_brands(brands: Sequence[Brand]) -> dict[str, tuple[str, ...]]:
    """Return for each brand's name the names of its parent, grandparent and so on, the nearest
    first. Only parents among `brands` count; a circle of parents ends before it repeats.
    """
    parents = {brand.name: brand.parent for brand in brands}
    return {name: tuple(_ancestors(name, parents)) for name in parents}


def _ancestors(name: str, parents: dict[str, str]) -> Iterable[str]:
    """Return the names of a brand's parent, grandparent and so on, in this order.

    The chain ends at a parent that is not declared, and before a name that repeats. `parents` has
    the name of the parent by the name of the brand, "" without a parent.
    """
    chain: dict[str, None] = {}
    parent = parents[name]
    while parent in parents and parent not in chain and parent != name:  # stops at a circle
        chain[parent] = None
        parent = parents[parent]
    return chain


def _any_of(words: Iterable[str], around: str) -> bool:
    return any(_folded(word) in around for word in words)


def _folded(text: str) -> str:
    return f" {fold(' '.join(_WORD.findall(text))).text} "


_JUDGING = frozenset(
    """
    amazing angry awesome awful bad beautiful best better bold brave brilliant bright broken calm
    cheap classic clean clear clever cool crazy cruel cute danger dangerous dead deadly death
    devil dirty dope easy elegant elite envy epic evil excellent fabulous fair famous fancy
    fantastic fast favorite favourite fine fierce flawless free fresh friendly fun genius gentle
    giant glad glory gold golden good gorgeous grand great happy hate hell hero honest honor hot
    hungry ideal incredible innocent joy keen kill killer kind legend loom love lovely lucky
    luxury mad magic master mean mega miracle monster naked nasty nice noble nuts outstanding
    perfect pleasant poison poor powerful precious premium pretty prime proud pure quality rage
    rebel reliable rich right rotten royal sad safe savage scary secure shine sick simple smart
    smooth solid special splendid steady strange strong stupid sublime success super superb
    superior supreme sweet terrible terror thrive top toxic true trust trusted ugly ultimate venom
    vicious warm wicked wild win winner wise wonder wonderful worst worth worthy wow wrong
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""Words that praise or blame and occur in names of brands: "Best Buy", "Liquid Death"."""
_SHORT = 3
_MIN_SIMILARITY = 84.0
"""Similarity, 0 to 100, from which a name may be another spelling of a brand."""
_CAPITAL = "".join(filter(str.isupper, map(chr, range(0x590))))  # Latin, Greek, Cyrillic ...
_RISK_WORD = rf"[{_CAPITAL}](?:[\w&'\u2019-]|\.(?=\w))*"
_NAMED = re.compile(rf"\b{_RISK_WORD}(?: {_RISK_WORD}){{0,2}}")
_WORDS = re.compile(r"[\u0590-\u1fff\uac00-\ud7af]+")
"""Words of scripts with spaces and without capitals: Arabic, Hebrew, Hindi, Korean."""
_RUNS = re.compile(r"[\u30a1-\u30ff\uff66-\uff9f]+|[\u3400-\u9fff\uf900-\ufaff]+")
"""Runs of katakana and of Chinese characters, which are written without spaces."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A reason why a spelling may be counted by mistake.

    Attributes:
        reason: The reason, as a clause after the spelling.
        remedy: The remedy, as a clause.
    """

    spelling: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f'"{self.spelling}" {self.reason}; {self.remedy}.'


def risks(brand: Brand, others: Iterable[Brand]) -> list[Risk]:
    """Return the risks that a spelling of a brand is read wrongly, in the order of its names. A
    spelling with a rule has no risk; a brand without risks gives an empty list.

    Args:
        others: The brands that its spellings may be mistaken for; the brand itself is skipped.
    """
    ruled = {fold(rule.spelling).text for rule in brand.rules}
    rest = [other for other in others if other.name != brand.name]
    return [
        risk
        for spelling in brand.names
        if fold(spelling).text not in ruled
        for risk in _spelling_risks(spelling, brand, rest)
    ]


def _spelling_risks(spelling: str, brand: Brand, others: list[Brand]) -> Iterator[Risk]:
    """Yield the risks of one spelling of a brand.

    A spelling is at risk if it consists of ordinary words, or else if it is in ASCII and has at
    most `_SHORT` characters. It is also at risk if it has a word of praise or blame, and once for
    each name of another brand that is equal to it or contains it. A brand that owns the other brand
    may be contained in the other's name.
    """
    folded = " ".join(fold(spelling).text.split())
    if is_ordinary(folded):
        yield Risk(
            spelling,
            "is made of ordinary words",
            "it counts only where it is written like a name; add a rule with words that must, or "
            "must not, occur near it",
        )
    elif len(folded) <= _SHORT and folded.isascii():
        yield Risk(
            spelling,
            "is short",
            "it counts only in this case or in capitals; add a rule with words that must occur "
            "near it (brands rule), or a longer alias",
        )
    judging = [word for word in folded.split() if word in _JUDGING]
    if judging:
        yield Risk(
            spelling,
            f"holds a word of praise or blame ({', '.join(judging)})",
            "its sentiment is read without the name; in quotes of others it may still look like a "
            "judgement, so check some answers",
        )
    for other in others:
        for name in other.names:
            other_name = " ".join(fold(name).text.split())
            if other_name == folded:
                yield Risk(spelling, f"also stands for {other.name}", "leave it to one of them")
            elif f" {folded} " in f" {other_name} " and other.parent != brand.name:
                yield Risk(
                    spelling,
                    f"is a part of {name}",
                    f"in {name} only {other.name} counts, unless {brand.name} is its parent",
                )


def possible_spellings(brand: Brand, bodies: Iterable[str]) -> list[tuple[str, int]]:
    """Return (name, number of occurrences) of names in answers that may be undeclared spellings of
    a brand: at most `MAX_SIMILAR_NAMES`, most frequent first.

    A name is similar by its letters (`_is_similar`). Declared spellings, and names in ASCII of at
    most `_SHORT` characters, are left out. So is a name in a script without capitals that contains
    a declared spelling, which counts already.

    Args:
        bodies: Prose of answers.
    """
    spellings = [" ".join(fold(name).text.split()) for name in brand.names]
    candidates = (name for body in bodies for name in _name_candidates(body, brand.names))
    counts = Counter(name.removesuffix("'s").rstrip(".") for name in candidates)
    similar = []
    for name, count in counts.most_common():
        folded = " ".join(fold(name).text.split())
        if folded in spellings or (len(folded) <= _SHORT and folded.isascii()):
            continue
        if not _NAMED.match(name) and any(spelling in folded for spelling in spellings):
            continue  # the known spelling inside the name counts already
        if _is_similar(folded, spellings):
            similar.append((name, count))
    return similar[:MAX_SIMILAR_NAMES]


def _is_similar(name: str, spellings: list[str]) -> bool:
    """Return whether a folded name is similar to one of the folded `spellings`.

    The similarity of their letters is at least `_MIN_SIMILARITY`. For a name with letters other
    than ASCII, a difference of one character from a spelling of more than `_SHORT` characters also
    suffices, because a character carries more information in other scripts.
    """
    from rapidfuzz import fuzz, process  # only this needs it
    from rapidfuzz.distance import Levenshtein

    if process.extractOne(name, spellings, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY):
        return True
    long_enough = (
        spelling for spelling in spellings if len(spelling) > _SHORT and not name.isascii()
    )
    return any(Levenshtein.distance(name, spelling) == 1 for spelling in long_enough)


def _name_candidates(body: str, names: Iterable[str]) -> Iterator[str]:
    """Yield every text in a body that may be another spelling of one of the `names`.

    These are first the runs of one to three words with capitals. Then come, for each name in a
    script with spaces and without capitals (Arabic, Hindi), as many words in a row as the name has.
    For a name in Chinese, they are the parts of its length; for one in katakana, whole runs of
    katakana. Texts may repeat and overlap.
    """
    yield from (match.group() for match in _NAMED.finditer(body))
    for name in names:
        if word_count := len(_WORDS.findall(name)):
            words_of_body = _WORDS.findall(body)
            yield from (
                " ".join(words_of_body[at : at + word_count])
                for at in range(len(words_of_body) - word_count + 1)
            )
        elif _RUNS.fullmatch(name):
            same_script = (
                run.group()
                for run in _RUNS.finditer(body)
                if _is_katakana(run.group()) == _is_katakana(name)
            )
            yield from (part for run in same_script for part in _pieces(run, len(name)))


def _is_katakana(run: str) -> bool:
    return run[0] < "\u3400" or run[0] >= "\uff66"


def _pieces(run: str, length: int) -> Iterator[str]:
    """Yield a run of katakana as a whole, and of a run of Chinese characters every part of `length`
    characters; a shorter run as a whole.
    """
    if _is_katakana(run) or len(run) <= length:
        yield run
    else:
        yield from (run[at : at + length] for at in range(len(run) - length + 1))


_SITE = re.compile(r"([^\W\d_][\w-]{2,})\.(?:com|io|ai|co|app|net|org|so|dev|tv|me|us)", re.I)
_CAMEL = re.compile(r"([A-Z]?[a-z]{2,})([A-Z][a-z]{2,}|[A-Z]{2,})")
_TOPICS = re.compile(r"(?:.*(?:s|ing|ment))\Z")
"""Plurals and verbal nouns: "Hotels.com" is not meant by "Hotels"."""
_MIN_SPLIT = 6
"""Characters of a name that may be split in two words."""
_MIN_PART = 3
_MIN_WITHOUT_APOSTROPHE = 5
"""Characters of a name that may be written without its apostrophe."""
_MIN_JOINED = 6
"""Characters of a name that may be written without its spaces."""


def other_forms(name: str) -> Iterator[str]:
    """Yield further forms in which a name is written; a form may be an ordinary word or repeat.

    - the stem of a site's name: "Monday" for "Monday.com", "Salesforce" for "Salesforce.com";
    - without an apostrophe: "McDonalds" for "McDonald's";
    - with a space after a full stop inside: "Dr. Martens" for "Dr.Martens";
    - "and" for "&" between spaces, and the reverse;
    - without a space or hyphen: "BestBuy" for "Best Buy", "TMobile" for "T-Mobile"; not if that is
      an ordinary word or shorter than `_MIN_JOINED` characters;
    - a compound in two words: "Hub Spot" for "HubSpot", "Zen desk" for "Zendesk".
    """
    yield from _site_stem(name)
    if "'" in name or "\u2019" in name:
        bare = re.sub("['\u2019]", "", name)
        if len(bare) >= _MIN_WITHOUT_APOSTROPHE:
            yield bare
    if re.search(r"\.(?=[^\W\d_]{3})", name) and not _SITE.fullmatch(name):
        yield re.sub(r"\.(?=[^\W\d_]{3})", ". ", name)
    if "&" in name and " " in name:
        yield re.sub(r"\s*&\s*", " and ", name)
    elif " and " in name.casefold():
        yield re.sub(r"\s+and\s+", " & ", name, flags=re.IGNORECASE)
    if re.search(r"[\s-]", name) and "&" not in name:
        joined = re.sub(r"[\s-]+", "", name)
        if len(joined) >= _MIN_JOINED and not is_common(fold(joined).text):
            yield joined
    elif len(name) >= _MIN_SPLIT and name.isalpha() and name.isascii():
        yield from _two_word_forms(name)


def _site_stem(name: str) -> Iterator[str]:
    """Yield the name of a site without its ending, ``Salesforce`` for ``Salesforce.com``.

    An ordinary word gets a capital: ``Monday`` for ``monday.com``. Nothing is yielded for a name
    that is no site, and for an ordinary word that names a topic (``Hotels.com``).
    """
    if found := _SITE.fullmatch(name):
        stem = found[1]
        ordinary = is_ordinary(fold(stem).text)
        if not (ordinary and _TOPICS.match(stem.casefold())):
            yield stem[0].upper() + stem[1:] if ordinary else stem


def _two_word_forms(name: str) -> Iterator[str]:
    """Yield the splits of a compound name into two words, the first with a capital.

    A name with a capital inside is split there only: "Hub spot" for "HubSpot". Another name is
    split wherever both parts are ordinary words of at least `_MIN_PART` letters: "Zen desk" for
    "Zendesk". Nothing is yielded for a name that is itself an ordinary word.
    """
    if camel := _CAMEL.fullmatch(name):
        yield f"{camel[1].capitalize()} {camel[2].lower()}"
        return
    folded = fold(name).text
    if is_common(folded):
        return
    for at in range(_MIN_PART, len(folded) - _MIN_PART + 1):
        if is_common(folded[:at]) and is_common(folded[at:]):
            yield f"{folded[:at].capitalize()} {folded[at:]}"
