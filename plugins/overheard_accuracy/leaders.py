"""The check of the chief executive."""

import re
from collections.abc import Iterator

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    Verdict,
    contains,
    historic,
    listed_values,
    normalized,
    of_another,
    unmeant,
)
from overheard_accuracy.words import FACTS

_LEADER_PATTERNS = FACTS.each("leader")
_SUCCESSOR_PATTERNS = FACTS.each("successor")
"""Who took office last: of those that held it before, nothing is concluded."""
_LEADS = FACTS.compiled("leads", any_case=False)
"""Just before the brand's name: who leads it."""
_LEADS_ON = re.compile(r"\s*(?:$|[,.;]|(?:and|as|since|today|now|with|from)\b)")
_FOR_A_WHILE = FACTS.compiled("for a while", r"\b{}\b[^,.;]*$")
"""Before "led by": that is not the company."""
_BACK_THEN = FACTS.compiled("back then", r"\b{}\b|n['\u2019]t\b")
_OTHERS_CHIEF = FACTS.compiled("chief of others", r"(?:['\u2019]s)? {}\b")
_COMPANY_CHARACTERS = 12
"""Most characters between a role and the name of the company."""
_NEXT = re.compile(r", (?:and|but|so|is|has|says|said|told)\b")
"""Where something else begins to be said."""
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 30, 15
"""Characters around the naming of a leader that are searched for words about another time."""
_NOT_PERSON = FACTS.compiled("no person", r"\b{}\b", any_case=False)


def chief_executive(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on who leads the brand's company; the stated value is the
    person's name.

    A succession ("Ann Lee replaced Bo Ray as CEO") is read first, then the first clear naming of a
    leader. The verdict is correct for a person in the fact (family name, and first name or
    initial), stale for a person in a former value, else wrong.

    Return None if no leader is named, and if the statement is doubtful, about the past, or about
    another company.
    """
    if successor := _succession_claim(statement, truth):
        return successor
    for cue in _cues(statement):
        if _NOT_PERSON.search(cue["stated"]) or _FOR_A_WHILE.search(statement.text[: cue.start()]):
            continue
        before = statement.text[max(0, cue.start() - _CHARACTERS_BEFORE) : cue.start()]
        names_brand = 0 <= statement.start - cue.end() <= len(" of ")  # "CEO of Acme until 2020"
        end = statement.end if names_brand else cue.end()
        after = _NEXT.split(statement.text[cue.end() : end + _CHARACTERS_AFTER])[0]
        around = before + cue.group() + after
        if unmeant(statement) or historic(around) or _leads_another(statement, cue):
            return None
        stated = cue["stated"].rstrip(".'\u2019")
        if contains(statement.text[statement.start : statement.end], stated):
            continue
        if any(_same_person(stated, name) for name in listed_values(truth.value)):
            return FactClaim(Verdict.CORRECT, stated)
        stale = any(_same_person(stated, name) for name in truth.previous)
        return FactClaim(Verdict.STALE if stale else Verdict.WRONG, stated)
    return None


def _succession_claim(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on a successor: "Ann Lee replaced Bo Ray as CEO".

    The verdict is correct for a person in the fact, else wrong. Return None without a succession,
    for one at another company, and for a successor who is a former leader or took office at another
    time ("until 2020", "will"): the statement may be correct for that time.
    """
    for pattern in _SUCCESSOR_PATTERNS:
        cue = pattern.search(statement.text)
        if not cue or _NOT_PERSON.search(cue["stated"]) or unmeant(statement):
            continue
        stated = cue["stated"].rstrip(".'\u2019")
        brand = statement.text[statement.start : statement.end]
        if _of_other_company(statement, cue) or contains(brand, stated):
            continue
        if any(_same_person(stated, name) for name in listed_values(truth.value)):
            return FactClaim(Verdict.CORRECT, stated)
        if any(_same_person(stated, name) for name in truth.previous) or _BACK_THEN.search(
            statement.text
        ):
            return None
        return FactClaim(Verdict.WRONG, stated)
    return None


def _of_other_company(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether a succession, the match `cue`, is one at another company: "as CEO of Globex"
    right behind it, or "Acme's rival" at the brand's name.
    """
    named = re.search(r"\b(?:of|at|for) (?:the )?([A-Z][\w&.-]+)", statement.text[cue.end() - 1 :])
    brand = statement.text[statement.start : statement.end]
    is_near = named is not None and named.start() <= _COMPANY_CHARACTERS
    names_other = named is not None and is_near and not contains(brand, named.group(1))
    return names_other or bool(_OTHERS_CHIEF.match(statement.text, statement.end))


def _cues(statement: Statement) -> Iterator[re.Match[str]]:
    """Yield the first match of each pattern that names a leader, in the order of the patterns; the
    group ``stated`` is the person. "Ann Lee leads Acme" comes first.
    """
    before, after = statement.text[: statement.start], statement.text[statement.end :]
    if statement.start and _LEADS_ON.match(after) and (match := _LEADS.search(before)):
        yield match
    yield from filter(None, (pattern.search(statement.text) for pattern in _LEADER_PATTERNS))


def _leads_another(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether a statement names a person as the head of another company than the brand's.

    The company is the name right behind the role ("CEO of Globex") or before it ("Globex's CEO").
    Without one, it is another if the statement's subject is not the brand.

    Args:
        cue: The match of the person and the role, such as "Ann Lee, CEO of", in the statement's
            text.
    """
    named = re.search(r"\b(?:of|at) ([A-Z][\w&.-]+)", statement.text[cue.end() - 1 :])
    brand = statement.text[statement.start : statement.end]
    if cue.group().endswith((",", "of", "at")):  # "(CEO, Acme)"
        return not contains(statement.text[cue.end() :].split(")")[0], brand)
    company = cue.groupdict().get("whose")
    if company:
        return not contains(brand, company)
    names_other = named is not None and named.start() <= 3 and not contains(brand, named.group(1))
    return names_other or (bool(brand) and of_another(statement, cue))


def _same_person(stated: str, true: str) -> bool:
    """Return whether two names have the same last word, and first words that are equal or begin
    with the same letter: "Jane Doe", "J. A. Doe". False for an empty name.
    """
    first, second = normalized(stated).split(), normalized(true).split()
    if not first or not second or first[-1] != second[-1]:
        return False
    return first[0] == second[0] or first[0][0] == second[0][0]
