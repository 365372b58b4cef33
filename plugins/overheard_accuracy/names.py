"""Facts that are names: of places, people and companies."""

from __future__ import annotations

import re

from overheard_accuracy.claims import Claim, Statement, Truth, Verdict, contains, listed, plain
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.places import is_region, same_region

_NAME = r"(?:[A-Z\u00c0-\u00de][\w'\u2019.-]*)"
_PLACE = rf"{_NAME}(?:[ -](?:(?:de|la|of|am|an der|upon|sur|City) )?{_NAME})*"
_PLACES = rf"(?P<stated>{_PLACE}(?:, {_PLACE}){{0,2}})"
_BASED = re.compile(
    r"\b(?:headquartered|headquarters|head office|main office|HQ|based|located|home office"
    r"|operates)\b"
    rf"(?:(?: is| are|, which is)?(?: (?:located|situated|based|found))?(?: out of| in| at|:)"
    rf" (?:the (?:city|heart|center|centre) of )?(?:downtown |central )?)(?:the )?{_PLACES}"
)
_SITE = re.compile(
    r"\b(?:offices?|teams?|branch(?:es)?|subsidiar(?:y|ies)|servers?|data cent(?:er|re)s?|shops?"
    r"|stores?|warehouses?|factor(?:y|ies)|plants?|divisions?|labs?|hubs?|staff|customers?|users?)\b",
    re.IGNORECASE,
)
"""Between the brand and a place: that is not where its head office is."""
_BASED_ADJECTIVE = re.compile(rf"\b(?!(?:The|A|An)\b)(?P<stated>{_NAME}(?: {_NAME})?)-based\b")

_PERSON = rf"(?P<stated>{_NAME}(?: (?:(?:van|von|de|der|la|bin|al) )*{_NAME}){{1,3}})"
_CHIEF = r"(?:CEO|C\.E\.O\.|[Cc]hief [Ee]xecutive(?: [Oo]fficer)?(?: \(CEO\))?)"
_LED = (
    re.compile(
        rf"\b{_CHIEF}(?: and (?:co-?)?founder| and [Pp]resident)?(?: of [\w. ]{{1,40}}?)?"
        rf"(?:,| is| remains|:| is currently| \()? ?(?:Mr\.? |Ms\.? |Dr\.? )?{_PERSON}"
    ),
    re.compile(
        rf"\b(?:led|headed|run|managed) by (?:(?:its |their |the )?(?:co-?)?(?:founder and )?"
        rf"(?:{_CHIEF})?(?: and (?:co-?)?founder)?,? ?){_PERSON}"
    ),
    re.compile(
        rf"{_PERSON}(?:, (?:the|its|who is)| is (?:currently )?the| serves as| is| has been|,)?"
        rf"(?: the| its| (?P<whose>{_NAME}(?: {_NAME}){{0,2}}?)['\u2019]s)?(?: current)?"
        rf"(?: (?:co-?)?founder and)? {_CHIEF}\b"
    ),
    re.compile(rf"{_PERSON} \({_CHIEF}(?:,| of| at)"),
)
_NEXT = re.compile(r", (?:and|but|so)\b")
"""Where something else begins to be said."""
_NOT_PERSON = re.compile(
    r"\b(?:The|Its|Their|Our|In|At|As|Under|Inc|Ltd|Company|Group|Founder|Chief|Executive|Officer"
    r"|President|Chairman|CEO)\b"
)

_OWNED = re.compile(
    r"\b(?:owned by|acquired by|bought by|purchased by|a (?:wholly[- ]owned )?(?:subsidiary|unit"
    r"|division|brand) of|parent(?: company)?(?: is|,|:)?|belongs to"
    r"|(?:is|became) (?:now )?part of|taken over by|sold to)(?: the| its parent(?: company)?,?)? ?"
    rf"(?P<stated>{_NAME}(?: (?:& )?{_NAME}){{0,3}})"
)
_ALONE = re.compile(
    r"\b(?:(?:is|remains|as) (?:still )?an? (?:fully )?independent(?:ly owned)?(?: \w+)?"
    r" ?(?:company|business|firm)?|has no parent(?: company)?|not owned by|not a subsidiary)\b",
    re.IGNORECASE,
)
_NO_PARENT = frozenset({"none", "independent", "no parent", "no", "independent company", "self"})
_SUFFIX = re.compile(
    r"[ ,]+(?:Inc|Ltd|LLC|GmbH|Corp(?:oration)?|Co(?:mpany)?|AG|SE|PLC|Group|Holdings?|Family)\b"
    r"\.?$"
)
_DENIED = re.compile(r"\b(?:not|never)\b|n['\u2019]t\b")
_OWNS = re.compile(
    rf"(?P<stated>{_NAME}(?: (?:& )?{_NAME}){{0,3}}) (?:has )?(?:acquired|bought|purchased"
    r"|took over|owns|(?:is|remains) the (?:parent(?: company)?|owner) of) (?:the )?$"
)
_GOES_ON = re.compile(
    r"\s(?!(?:in|for|since|from|and|which|after|as|at|with|by|who|until|but|on|through|when|while|to"
    r"|group|family|company|because|though|although|where|now|today)\b)[a-z]+"
)
"""Behind a name: it only qualifies what follows, as in "the Globex partner network"."""
_INVESTOR = re.compile(r"\b(?:ventures?|capital|partners|investors?|fund)\b", re.IGNORECASE)


def headquarters(statement: Statement, truth: Truth) -> Claim | None:
    """Check the place of the headquarters: any part of the true place will do.

    A country or a state that the fact does not name is not held against the answer, since the city
    may lie there.
    """
    cue = _BASED.search(statement.text) or _BASED_ADJECTIVE.search(statement.text)
    if not cue or unmeant(statement) or of_another(statement, cue) or historic(statement.text):
        return None
    if statement.end and _SITE.search(statement.text[statement.end : cue.start()]):
        return None
    stated = cue["stated"].rstrip(".'\u2019")
    if _in_place(stated, truth.value):
        return Claim(Verdict.CORRECT, stated)
    city = stated.split(",")[0]
    if is_region(city):
        return None
    stale = any(_in_place(stated, value) for value in truth.previous)
    return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)


def chief_executive(statement: Statement, truth: Truth) -> Claim | None:
    """Check who leads the company, by family name and first name."""
    for pattern in _LED:
        cue = pattern.search(statement.text)
        if not cue or _NOT_PERSON.search(cue["stated"]):
            continue
        behind = _NEXT.split(statement.text[cue.end() : cue.end() + 15])[0]
        around = statement.text[max(0, cue.start() - 30) : cue.end()] + behind
        if unmeant(statement) or historic(around) or _behind_another(statement, cue):
            return None
        stated = cue["stated"].rstrip(".'\u2019")
        if contains(statement.text[statement.start : statement.end], stated):
            continue
        if any(_same_person(stated, name) for name in listed(truth.value)):
            return Claim(Verdict.CORRECT, stated)
        stale = any(_same_person(stated, name) for name in truth.previous)
        return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)
    return None


def parent_company(statement: Statement, truth: Truth) -> Claim | None:
    """Check who owns the company, or that nobody does."""
    alone = truth.value.strip().casefold() in _NO_PARENT
    cue = (
        _ALONE.search(statement.text)
        or _OWNED.search(statement.text)
        or _OWNS.search(statement.text[: statement.start])
    )
    if not cue or unmeant(statement) or historic(statement.text) or of_another(statement, cue):
        return None
    if cue.re is _ALONE:
        return Claim(Verdict.CORRECT if alone else _old(truth), cue.group())
    if "part of" in cue.group() and _GOES_ON.match(statement.text, cue.end()):
        return None
    if _INVESTOR.search(cue["stated"]) or _DENIED.search(statement.text[: cue.start()][-30:]):
        return None
    stated = _SUFFIX.sub("", cue["stated"].rstrip(".'\u2019"))
    if not alone and _same_company(stated, truth.value):
        return Claim(Verdict.CORRECT, stated)
    stale = any(_same_company(stated, value) for value in truth.previous)
    return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)


def _old(truth: Truth) -> Verdict:
    was = {old.strip().casefold() for old in truth.previous}
    return Verdict.STALE if was & _NO_PARENT else Verdict.WRONG


def _behind_another(statement: Statement, cue: re.Match[str]) -> bool:
    """Whether a person is named as the head of somebody else."""
    named = re.search(r"\b(?:of|at) ([A-Z][\w&.-]+)", statement.text[cue.end() - 1 :])
    brand = statement.text[statement.start : statement.end]
    if cue.group().endswith((",", "of", "at")):  # "(CEO, Acme)"
        return not contains(statement.text[cue.end() :].split(")")[0], brand)
    whose = cue.groupdict().get("whose")
    if whose:
        return not contains(brand, whose)
    other = named is not None and named.start() <= 3 and not contains(brand, named.group(1))
    return other or (bool(brand) and of_another(statement, cue))


def _in_place(stated: str, true: str) -> bool:
    """Whether a place that is stated is the true one, or a part of it, or around it."""
    parts = [part.strip() for part in true.split(",") if part.strip()]
    first, *around = [part.strip() for part in stated.split(",")]
    return any(
        plain(first) == plain(part)
        or contains(first, part)
        or contains(part, first)
        or same_region(first, part)
        for part in parts
    ) and (not around or not is_region(first) or bool(parts))


def _same_person(one: str, other: str) -> bool:
    first, second = plain(one).split(), plain(other).split()
    if not first or not second or first[-1] != second[-1]:
        return False
    return first[0] == second[0] or first[0][0] == second[0][0]


def _same_company(one: str, other: str) -> bool:
    first, second = plain(_SUFFIX.sub("", one)), plain(_SUFFIX.sub("", other.strip()))
    return first == second or contains(first, second) or contains(second, first)
