"""Patterns of drawbacks, and of the words around them that concede, admit or take them back.

Their words are in ``faults.txt`` for English, and in the files of the languages for others. All but
`PRICE` are searched in small letters: a search that need not ignore case takes less than half of
the time. `TAKEN_BACK` and `DENIED` are searched shortly before a find.
"""

import re
from functools import cache, partial

from overheard_sentiment.languages import LATIN_LANGUAGES
from overheard_sentiment.lists import lists

_FAULTS = lists("faults")

PRICE = _FAULTS.phrases("price", r"\b(?=\w){}")
FAULT = _FAULTS.phrases("fault", r"\b(?=\w){}", any_case=False)
NEGATED = _FAULTS.phrases(
    "negated",
    r"(?=[nc])(?<!\byou do)(?<!\bwho do)(?<!\bthat do)(?<!\byou['\u2019]re )(?<!\bif )"
    r"(?<!\bprice )(?<!\bwhether or )(?:(?<=[a-z])n['\u2019]t|\bnot|\bnever|\bcannot)\b"
    r"(?: (?:quite|always|really|yet|natively|fully|also|even|nearly|necessarily))* {}",
    any_case=False,
)
CURED = _FAULTS.compiled("cured", r"\b{}\b", any_case=False)
TAKEN_BACK = _FAULTS.compiled("taken back", r"\b{}\b", any_case=False)
PURPOSE = _FAULTS.compiled("purpose", r"\b{}(?: (?!complain)[\w'\u2019-]+){0,2} \Z", any_case=False)
DENIED = re.compile(
    r"(?:\b(?:no|nothing|none|never|nor|not|hardly|barely|zero)|n['\u2019]t)\b"
    r"(?: [\w'\u2019-]+){0,2} \Z"
)
"""Words right before a pattern that deny it: "nothing gets in the way"."""
SUPPOSED = re.compile(
    r"\b(?<!even )(?<!only )(?:(?:if|unless|whether|in case)\b(?!.*n['\u2019]t)[^,;]*"
    r"|when (?:you\b(?!.*n['\u2019]t)[^,;]*)?)\Z"
)
"""The beginning of a condition, in which nothing is said to be so: "if you get stuck"."""
HISTORY = _FAULTS.phrases("history", r"\b{}\b")
FOREIGN_LANGUAGES = frozenset({"german", "french", "spanish", "japanese"})
"""The languages other than English with patterns of drawbacks."""
_TOKEN = re.compile(r"[a-z]+(?:-[a-z]+)*")


@cache
def foreign_patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return (judgements of the price, what finds fault) for one of `FOREIGN_LANGUAGES`; they are
    searched in small letters.
    """
    frame = r"\b{}" if language in LATIN_LANGUAGES else "{}"
    compiled = partial(lists(language).compiled, frame=frame, any_case=False)
    return compiled("price"), compiled("fault")


@cache
def _listed_faults() -> frozenset[str]:
    return lists("faults").words("words")


def fault_words(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) offsets of the listed words that find fault in a text in lower case,
    in order; an empty list without one. A word with hyphens counts as one word.
    """
    faults = _listed_faults()
    if faults.isdisjoint(_TOKEN.findall(text)):
        return []
    return [found.span() for found in _TOKEN.finditer(text) if found.group() in faults]
