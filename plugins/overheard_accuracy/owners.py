"""The owner of the brand's company, or its independence."""

import re

from overheard_accuracy.claims import (
    NAME,
    FactClaim,
    Statement,
    Truth,
    Verdict,
    contains,
    historic,
    normalized,
    of_another,
    unmeant,
)
from overheard_accuracy.words import FACTS

_OWNED = FACTS.compiled(
    "owned",
    r"\b{}(?: the| its parent(?: company)?,?)? ?"
    rf"(?P<stated>{NAME}(?: (?:& )?{NAME}){{0,3}})",
    any_case=False,
)
_A_COMPANY = re.compile(
    r", an? (?P<stated>(?!\w*(?:ish|ese|ian|can|man|Dutch|French|Czech|ed|SaaS|B2B|Fortune|Series"
    r"|Inc|Global|S&P)\b)"
    rf"{NAME}(?: {NAME})?) (?:company|subsidiary|brand)\b"
)
"""Behind the name: ", an Oracle company"."""
_UNDER = re.compile(r"(?:sits|falls|operates|is|lives|comes) under\b")
_ROOF = re.compile(r"(?:['\u2019]s)? (?:umbrella|roof|banner|family|ownership|group|wing)\b")
_INDEPENDENT = FACTS.compiled("independent")
_NO_PARENT = frozenset({"none", "independent", "no parent", "no", "independent company", "self"})
_SUFFIX = re.compile(
    r"[ ,]+(?:Inc|Ltd|LLC|GmbH|Corp(?:oration)?|Co(?:mpany)?|AG|SE|PLC|Group|Holdings?|Family)\b"
    r"\.?$"
)
_NOT_COMPLETED = FACTS.compiled("not completed", r"\b{}\b|n['\u2019]t\b", any_case=False)
_CHARACTERS_BEFORE = 30
"""Characters before the words on an owner that are searched for a purchase not completed."""
_OWNS = re.compile(
    rf"(?P<stated>{NAME}(?: (?:& )?{NAME}){{0,3}}) (?:has )?(?:acquired|bought|purchased"
    r"|took over|owns|(?:is|remains) the (?:parent(?: company)?|owner) of) (?:the )?$"
)
_GOES_ON = FACTS.compiled("goes on", r"\s(?!{}\b)[a-z]+", any_case=False)
"""After a name that only qualifies a noun: "the Globex partner network"."""
_OTHERS_OWNED = re.compile(
    r"\b(?:with|against|like|alongside|of|for|to|than|and|from|over)\b[^,;]*\b(?!is\b|was\b"
    r"|has\b|its\b)"
    r"\w+s $"
)
"""Between the brand and "owned by" when others are owned: "competes with brands owned by"."""
_INVESTOR = FACTS.compiled("no owner", r"\b{}\b")


def parent_company(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on the owner of the brand's company, or on its independence.

    The verdict is correct for the owner in the fact, with or without its legal form, stale for a
    former value, else wrong. A fact such as "none" means independent. The stated value is the
    owner's name, or the words of independence.

    Return None without an owner, and if the statement is doubtful, about another time or brand, a
    purchase that is not completed ("agreed to"), or an investor, network or the like.
    """
    is_independent = truth.value.strip().casefold() in _NO_PARENT
    cue = (
        _INDEPENDENT.search(statement.text)
        or _OWNED.search(statement.text)
        or _A_COMPANY.match(statement.text, statement.end)
        or _OWNS.search(statement.text[: statement.start])
    )
    if not cue or unmeant(statement) or historic(statement.text) or of_another(statement, cue):
        return None
    if cue.re is _INDEPENDENT:
        return FactClaim(Verdict.CORRECT if is_independent else _former_verdict(truth), cue.group())
    others = _OTHERS_OWNED.search(statement.text[statement.end : cue.start()])
    if others or _is_no_owner(cue, statement.text):
        return None
    before = statement.text[: cue.start()][-_CHARACTERS_BEFORE:]
    if _INVESTOR.search(cue["stated"]) or _NOT_COMPLETED.search(before):
        return None
    stated = _SUFFIX.sub("", cue["stated"].rstrip(".'\u2019"))
    if not is_independent and _same_company(stated, truth.value):
        return FactClaim(Verdict.CORRECT, stated)
    stale = any(_same_company(stated, value) for value in truth.previous)
    return FactClaim(Verdict.STALE if stale else Verdict.WRONG, stated)


def _is_no_owner(cue: re.Match[str], text: str) -> bool:
    """Return whether words that may name an owner mean something else.

    So do "operates under Globex" without "umbrella", "family" or the like behind the name, and
    "part of Globex" if another noun follows: "part of Globex partner network".
    """
    if _UNDER.match(cue.group()):
        return not _ROOF.match(text, cue.end())
    return "part of" in cue.group() and _GOES_ON.match(text, cue.end()) is not None


def _former_verdict(truth: Truth) -> Verdict:
    """Return the verdict on "independent" for a company that has an owner: stale if a former value
    says independent, else wrong.
    """
    former = {value.strip().casefold() for value in truth.previous}
    return Verdict.WRONG if former.isdisjoint(_NO_PARENT) else Verdict.STALE


def _same_company(stated: str, true: str) -> bool:
    """Return whether two names are of one company: equal without the legal form ("Globex", "Globex
    Inc."), or one has the words of the other ("Globex", "Globex Software").
    """
    first, second = normalized(_SUFFIX.sub("", stated)), normalized(_SUFFIX.sub("", true.strip()))
    return first == second or contains(first, second) or contains(second, first)
