"""Facts that list things: products, certifications, what is gone, what must never be said."""

from __future__ import annotations

import re
from dataclasses import replace

from overheard_accuracy.claims import (
    Claim,
    Statement,
    Truth,
    Verdict,
    contains,
    of_another,
    plain,
    unmeant,
)

_OPEN = re.compile(
    r"\b(?:if|whether|should|may|might|hop(?:es|ing)|plan(?:s|ning)|aim(?:s|ing)|working (?:on"
    r"|towards?)"
    r"|pursuing|seeking|in the process|expects?|will)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:no|not(?! only| just)|none|nobody|nothing|never|without|lacks?|cannot|nor|neither"
    r"|false"
    r"|untrue|free of|rather than|den(?:y|ies|ied)|far from|nowhere near|avoid(?:s|ed)?|refus\w+"
    r"|ban(?:s|ned))\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"\b(?:discontinued|no longer|retired|former(?:ly)?|used to|sunset|ended|shut down|phased out"
    r"|withdrawn|deprecated|replaced|stopped|until (?:19|20)\d\d|removed|previously|once|legacy"
    r"|was|were|had)\b",
    re.IGNORECASE,
)
_OFFERED = re.compile(
    r"\b(?:offers?|sells?|includes?|including|features?|provides?|available|buy|get|comes? with"
    r"|makes?|has|have|supports?|such as|try|use|best-selling|popular|lineup|line-up|produces?"
    r"|recommend\w*|start with|look at|opt for|go (?:with|for)|choose|pick|consider|ideal"
    r"|best (?:fit|choice|option|pick)|(?:good|great|right|perfect) (?:fit|choice|option|pick"
    r"|for)"
    r"|suits?|costs?|priced|starts? (?:at|from)|cheapest)\b",
    re.IGNORECASE,
)
_CERTIFIED = re.compile(
    r"\b(?:certifi\w+|complian\w+|complies|comply|attest\w+|accredit\w+|holds?|audited|meets?"
    r"|adheres?|obtain\w*|earn(?:s|ed)?|achiev\w+|receiv\w+|gain(?:s|ed)?|pass(?:es|ed)?|lacks?"
    r"|lacking|awarded)\b",
    re.IGNORECASE,
)


_IS_ONE = re.compile(r"(?:\bis|\bare|n['\u2019]t)(?: not)?(?: yet)?(?: an?)? $", re.IGNORECASE)
"""Just before a certification that one is rather than has: "is not a B Corp"."""


def products(statement: Statement, truth: Truth) -> Claim | None:
    """Check a product: naming it with the brand is right, and nothing can be wrong."""
    if not unmeant(statement) and contains(statement.text, truth.value) and not _gone(statement):
        return Claim(Verdict.CORRECT, truth.value)
    return None


def certifications(statement: Statement, truth: Truth) -> Claim | None:
    """Check a certification that the company holds: to deny it is wrong."""
    named = _place(statement.text, truth.value)
    if not named or _OPEN.search(statement.text):
        return None
    is_one = _IS_ONE.search(statement.text[: named.start()])
    if not (is_one or _CERTIFIED.search(statement.text)):
        return None
    if unmeant(statement) or of_another(statement, named):
        return None
    around = statement.text[max(0, named.start() - 40) : named.end() + 35]
    denied = _NOT.search(around) is not None
    return Claim(Verdict.WRONG if denied else Verdict.CORRECT, around.strip())


def discontinued(statement: Statement, truth: Truth) -> Claim | None:
    """Check something that is gone: to offer it as if it were there is out of date."""
    named = _place(statement.text, truth.value)
    if unmeant(statement) or not named:
        return None
    if _gone(statement):
        return Claim(Verdict.CORRECT, truth.value)
    cue = _OFFERED.search(statement.text)
    through = replace(statement, end=max(statement.end, named.end()))  # the name may begin with it
    if (
        not cue
        or (of_another(statement, cue) and of_another(through, cue))
        or _NOT.search(statement.text)
    ):
        return None
    return Claim(Verdict.STALE, truth.value)


def never_say(statement: Statement, truth: Truth) -> Claim | None:
    """Check a claim that is false whenever it is made."""
    if unmeant(statement) or not contains(statement.text, truth.value):
        return None
    named = _place(statement.text, truth.value)
    if named and _NOT.search(statement.text, 0, named.start()):
        return None
    return Claim(Verdict.WRONG, truth.value)


def _gone(statement: Statement) -> bool:
    return _GONE.search(statement.text) is not None


def _place(text: str, words: str) -> re.Match[str] | None:
    """Return where words occur in a text, without regard to case and punctuation."""
    pattern = r"[\W_]*".join(map(re.escape, plain(words).split()))
    return re.search(rf"\b{pattern}\b", text, re.IGNORECASE)
