"""Checks of lists: products, certifications, discontinued products, forbidden statements."""

import re
from dataclasses import replace

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    Verdict,
    contains,
    normalized,
    of_another,
    unmeant,
)
from overheard_accuracy.words import FACTS

_UNDECIDED = FACTS.compiled("undecided", r"\b{}\b")
_NOT = FACTS.compiled("denied", r"\b{}\b|n['\u2019]t\b")
_GONE = FACTS.compiled("gone", r"\b{}\b")
_OFFERED = FACTS.compiled("offered", r"\b{}\b")
_CERTIFIED = FACTS.compiled("certified", r"\b{}\b")


_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 40, 35
"""Characters around the name of a certification that are searched for a denial."""
_TURN = re.compile(
    r";|\b(?:but|although|though|while|however|whereas|yet|only)\b"
    r"|, (?:it|they|the|its|and (?:is|has|it|holds))\b",
    re.IGNORECASE,
)
"""Between a denial and the name of a certification: the denial is of another one."""
_NEXT_CLAUSE = re.compile(r"[;,:\u2013\u2014]|\b(?:and|but|although|though|while|yet|reports?)\b")
"""Between the name of a certification and a denial: the denial is of another one."""
_IS_BEFORE = re.compile(r"(?:\bis|\bare|n['\u2019]t)(?: not)?(?: yet)?(?: an?)? $", re.IGNORECASE)
"""Just before a certification that a company is rather than has: "is not a B Corp"."""


def products(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return a correct claim if a statement names the product of the fact, else None.

    A doubtful statement, and one that says that something no longer exists, give None. The verdict
    is never wrong or stale.
    """
    if unmeant(statement) or _says_gone(statement):
        return None
    if not contains(statement.text, truth.value):
        return None
    return FactClaim(Verdict.CORRECT, truth.value)


def certifications(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return a wrong claim if a statement denies a certification that the company holds ("isn't SOC
    2 certified"), a correct claim if it affirms the certification; the words around its name are
    the stated value.

    Return None without the certification's name and a word such as "certified" or "is a", if the
    statement is undecided ("plans", "if") or doubtful, and if it is about another brand.
    """
    named = _find_words(statement.text, truth.value)
    if not named or _UNDECIDED.search(statement.text):
        return None
    is_certification = _IS_BEFORE.search(statement.text[: named.start()])
    if not (is_certification or _CERTIFIED.search(statement.text)):
        return None
    if unmeant(statement) or of_another(statement, named):
        return None
    around = statement.text[
        max(0, named.start() - _CHARACTERS_BEFORE) : named.end() + _CHARACTERS_AFTER
    ]
    is_denied = _is_denied(statement.text, named)
    return FactClaim(Verdict.WRONG if is_denied else Verdict.CORRECT, around.strip())


def _is_denied(text: str, named: re.Match[str]) -> bool:
    """Return whether a text denies the certification that it names, and not only another one: a
    denial before the name reaches up to a contrast or a new subject ("not HIPAA, but SOC 2"), one
    behind the name must be in the same clause.
    """
    window_start = max(0, named.start() - _CHARACTERS_BEFORE)
    for denial in _NOT.finditer(text, window_start, named.start()):
        if not _TURN.search(text, denial.end(), named.start()):
            return True
    behind = _NOT.search(text, named.end(), named.end() + _CHARACTERS_AFTER)
    return behind is not None and not _NEXT_CLAUSE.search(text, named.end(), behind.start())


def discontinued(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return a stale claim if a statement offers the discontinued product or feature of the fact, a
    correct claim if it calls something discontinued and names the product.

    Return None if the product is not named or not offered, if the statement has a negation or is
    doubtful, and if another brand offers it.
    """
    named = _find_words(statement.text, truth.value)
    if unmeant(statement) or not named:
        return None
    if _says_gone(statement):
        return FactClaim(Verdict.CORRECT, truth.value)
    cue = _OFFERED.search(statement.text)
    if not cue or _NOT.search(statement.text):
        return None
    # The subject may be the product, whose name may begin with the brand's: "Acme Classic costs".
    about_product = replace(statement, end=max(statement.end, named.end()))
    if of_another(statement, cue) and of_another(about_product, cue):
        return None
    return FactClaim(Verdict.STALE, truth.value)


def never_say(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return a wrong claim if a statement contains the words of the fact, which are always false,
    else None. A doubtful statement, and one with a negation before these words, give None.
    """
    if unmeant(statement) or not contains(statement.text, truth.value):
        return None
    named = _find_words(statement.text, truth.value)
    if named and _NOT.search(statement.text, 0, named.start()):
        return None
    return FactClaim(Verdict.WRONG, truth.value)


def _says_gone(statement: Statement) -> bool:
    """Return whether a statement has words of something that no longer exists: "discontinued", "no
    longer", and also "was".
    """
    return _GONE.search(statement.text) is not None


def _find_words(text: str, words: str) -> re.Match[str] | None:
    """Return the first match of words next to each other in a text; None without one. Case, and
    spaces and punctuation between the words, are ignored: "SOC 2" is in "soc-2".
    """
    pattern = r"[\W_]*".join(map(re.escape, normalized(words).split()))
    return re.search(rf"\b{pattern}\b", text, re.IGNORECASE)
