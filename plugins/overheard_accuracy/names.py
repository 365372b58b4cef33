"""The names of a company: the place of its headquarters, its chief executive, and its owner."""

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher

from overheard_accuracy import claims
from overheard_accuracy.claims import Stated, Statement, Truth
from overheard_accuracy.words import FACTS, PLACES

_MIN_SIMILARITY = 0.75
"""Similarity (0 to 1) from which two spellings may be of one place: Rotterdam, Roterdam."""
_REGIONS = frozenset("|".join(PLACES.lines("regions") + PLACES.lines("other regions")).split("|"))
_PLACE_NUMBERS: dict[str, set[int]] = defaultdict(set)
for _number, _names in enumerate(PLACES.lines("regions") + PLACES.lines("cities")):
    for _name in _names.split("|"):
        _PLACE_NUMBERS[_name].add(_number)
_NAMINGS = FACTS.each("headquarters")
_INITIALS = re.compile(r"(?:[A-Z]\.?){2,4}")
"""Initials such as "LA": the meant place is uncertain."""
_SITE = FACTS.compiled("site")
"""Between the brand and a place: the place is of a branch, not of the head office."""
_NO_PLACE = re.compile(r"\b(?:Store|App|Apps|Play|Marketplace|Cloud|Settings|Menu|Web|Internet)\b")


def headquarters(statement: Statement, _truth: Truth) -> Stated | None:
    """Return the place of the headquarters that a statement names, as written.

    Return None without one; for another time or brand; and for a branch, shop or data center.
    """
    text = statement.text
    cue = next((match for pattern in _NAMINGS if (match := pattern.search(text))), None)
    if not cue or claims.of_another(statement, cue) or claims.historic(text):
        return None
    between = text[statement.end : max(statement.end, cue.start())]
    if (statement.end and _SITE.search(between)) or _NO_PLACE.search(cue["stated"]):
        return None
    place = cue["stated"].rstrip(".'\u2019")
    return Stated(place, place)


def is_place(stated: str, value: str) -> bool | None:
    """Return whether the first part of a stated place ("Austin" in "Austin, Texas") agrees with a
    part of the place of a fact: they are equal, one has the words of the other ("New York", "New
    York City"), or they are names of one place in two languages.

    None for a country or state that the fact does not name (the city may be there), for initials
    ("LA"), and for what may be a spelling of the place.
    """
    city, parts = stated.partition(",")[0].strip(), [part.strip() for part in value.split(",")]
    if any(_same_place(city, part) for part in filter(None, parts)):
        return True
    is_unclear = _INITIALS.fullmatch(city) or _plain(city) in _REGIONS
    return None if is_unclear or any(_alike(city, part) for part in parts) else False


def _same_place(city: str, part: str) -> bool:
    listed = _PLACE_NUMBERS.get(_plain(city), set()) & _PLACE_NUMBERS.get(_plain(part), set())
    return bool(listed) or claims.contains(city, part) or claims.contains(part, city)


def _alike(first: str, second: str) -> bool:
    """Return whether two names may be spellings of one place ("Rotterdam", "Roterdam"), so that no
    verdict is possible: their similarity (0 to 1) is at least `_MIN_SIMILARITY`.
    """
    return SequenceMatcher(None, _plain(first), _plain(second)).ratio() >= _MIN_SIMILARITY


def _plain(place: str) -> str:
    """Return a place in lower case, without accents, punctuation and a leading "the"."""
    return claims.normalized(place).removeprefix("the ")


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
_AT_COMPANY = re.compile(r"\b(?:of|at|for) (?:the )?([A-Z][\w&.-]+)")
_NAME_BEFORE = FACTS.compiled("no company", r"\b(?!{}\b)((?-i:[A-Z])[\w&.-]+)(?:['\u2019]s)? \Z")
"""Before the name of an office: "Globex CEO Ann Lee"."""
_COMPANY_CHARACTERS = 12
"""Most characters between a role and the name of the company."""
_NEXT = re.compile(r", (?:and|but|so|is|has|says|said|told)\b")
"""Where something else begins to be said."""
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 30, 15
"""Characters around the naming of a leader that are searched for words about another time."""
_NOT_PERSON = FACTS.compiled("no person", r"\b{}\b", any_case=False)


def leader(statement: Statement, truth: Truth) -> Stated | None:
    """Return who leads the brand's company, as a statement says: a person's name.

    A succession ("Ann Lee replaced Bo Ray as CEO") is read first, then the first clear naming of a
    leader. Return None if no leader is named, and for the past or another company.
    """
    if successor := _successor(statement, truth):
        return Stated(successor, successor)
    text, brand = statement.text, statement.text[statement.start : statement.end]
    for cue in _cues(statement):
        if _NOT_PERSON.search(cue["stated"]) or _FOR_A_WHILE.search(text[: cue.start()]):
            continue
        before = text[max(0, cue.start() - _CHARACTERS_BEFORE) : cue.start()]
        names_brand = 0 <= statement.start - cue.end() <= len(" of ")  # "CEO of Acme until 2020"
        end = statement.end if names_brand else cue.end()
        after = _NEXT.split(text[cue.end() : end + _CHARACTERS_AFTER])[0]
        if claims.historic(before + cue.group() + after) or _leads_another(statement, cue):
            return None
        person = cue["stated"].rstrip(".'\u2019")
        if not claims.contains(brand, person):
            return Stated(person, person)
    return None


def is_person(stated: str, value: str) -> bool:
    """Return whether a name is one of a fact's: with the same last word, and first words that are
    equal or begin with the same letter: "Jane Doe", "J. A. Doe".
    """
    names = [claims.normalized(name).split() for name in (stated, *claims.listed_values(value))]
    first, *others = names
    return any(
        first[-1:] == other[-1:] and first[0][0] == other[0][0]
        for other in others
        if first and other
    )


def _successor(statement: Statement, truth: Truth) -> str:
    """Return who took office last, as a statement says: "Ann Lee replaced Bo Ray as CEO".

    "" without a succession, for one at another company, and for a successor who is no leader now
    and either a former one or took office at another time ("until 2020", "will"): the statement may
    be correct for that time.
    """
    text, brand = statement.text, statement.text[statement.start : statement.end]
    for cue in filter(None, (pattern.search(text) for pattern in _SUCCESSOR_PATTERNS)):
        person = cue["stated"].rstrip(".'\u2019")
        is_name = not (_NOT_PERSON.search(person) or claims.contains(brand, person))
        if not is_name or _of_other_company(statement, cue):
            continue
        was_leader = any(is_person(person, former) for former in truth.previous)
        is_past = was_leader or _BACK_THEN.search(text) is not None
        return "" if is_past and not is_person(person, truth.value) else person
    return ""


def _of_other_company(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether a succession, the match `cue`, is one at another company: "as CEO of Globex"
    right behind it, or "Acme's rival" at the brand's name.
    """
    named = _AT_COMPANY.search(statement.text[cue.end() - 1 :])
    brand = statement.text[statement.start : statement.end]
    is_near = named is not None and named.start() <= _COMPANY_CHARACTERS
    names_other = named is not None and is_near and not claims.contains(brand, named[1])
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
        return not claims.contains(statement.text[cue.end() :].split(")")[0], brand)
    before = _NAME_BEFORE.search(statement.text, 0, cue.start())
    company = cue.groupdict().get("whose") or (before and before[1])
    if company:
        return not claims.contains(brand, company)
    names_other = named is not None and named.start() <= 3 and not claims.contains(brand, named[1])
    return names_other or (bool(brand) and claims.of_another(statement, cue))


_COMPANY = rf"(?P<stated>{claims.NAME}(?: (?:& )?{claims.NAME}){{0,3}})"
_OWNED = FACTS.compiled(
    "owned", rf"\b{{}}(?: the| its parent(?: company)?,?)? ?{_COMPANY}", any_case=False
)
_A_COMPANY = FACTS.compiled("a company", any_case=False)
"""Behind the name: ", an Oracle company"."""
_UNDER = re.compile(r"(?:sits|falls|operates|is|lives|comes) under\b")
_ROOF = re.compile(r"(?:['\u2019]s)? (?:umbrella|roof|banner|family|ownership|group|wing)\b")
_INDEPENDENT = FACTS.compiled("independent")
_NO_PARENT = frozenset({"none", "independent", "no parent", "no", "independent company", "self"})
_SUFFIX = FACTS.compiled("legal form", r"[ ,]+{}\b\.?$", any_case=False)
_NOT_COMPLETED = FACTS.compiled("not completed", r"\b{}\b|n['\u2019]t\b", any_case=False)
_OWNER_CHARACTERS = 30
"""Characters before the words on an owner that are searched for a purchase not completed."""
_OWNS = FACTS.compiled("buying", rf"{_COMPANY} {{}} (?:the )?$", any_case=False)
_GOES_ON = FACTS.compiled("goes on", r"\s(?!{}\b)[a-z]+", any_case=False)
"""After a name that only qualifies a noun: "the Globex partner network"."""
_OTHERS_OWNED = FACTS.compiled("others owned")
"""Between the brand and "owned by" when others are owned: "competes with brands owned by"."""
_INVESTOR = FACTS.compiled("no owner", r"\b{}\b")


def owner(statement: Statement, _truth: Truth) -> Stated | None:
    """Return the owner of the brand's company that a statement names, without its legal form, or
    words that it is independent, with the value "".

    Return None without an owner; for another time or brand, a purchase that is not completed
    ("agreed to"), or an investor, network or the like.
    """
    text = statement.text
    cue = (
        _INDEPENDENT.search(text)
        or _OWNED.search(text)
        or _A_COMPANY.match(text, statement.end)
        or _OWNS.search(text[: statement.start])
    )
    if not cue or claims.historic(text) or claims.of_another(statement, cue):
        return None
    if cue.re is _INDEPENDENT:
        return Stated(cue.group(), "")
    before = text[: cue.start()]
    if (
        _OTHERS_OWNED.search(before[statement.end :])
        or _is_no_owner(cue, text)
        or _INVESTOR.search(cue["stated"])
        or _NOT_COMPLETED.search(before[-_OWNER_CHARACTERS:])
    ):
        return None
    name = _SUFFIX.sub("", cue["stated"].rstrip(".'\u2019"))
    return Stated(name, name)


def is_owner(stated: str, value: str) -> bool:
    """Return whether a company is that of a fact: equal without the legal form ("Globex", "Globex
    Inc."), or one has the words of the other. A fact such as "none" means independent, which is "".
    """
    is_independent = value.strip().casefold() in _NO_PARENT
    if is_independent or not stated:
        return is_independent and not stated
    first, second = (claims.normalized(_SUFFIX.sub("", name.strip())) for name in (stated, value))
    return claims.contains(first, second) or claims.contains(second, first)


def _is_no_owner(cue: re.Match[str], text: str) -> bool:
    """Return whether words that may name an owner mean something else.

    So do "operates under Globex" without "umbrella", "family" or the like behind the name, and
    "part of Globex" if another noun follows: "part of Globex partner network".
    """
    if _UNDER.match(cue.group()):
        return not _ROOF.match(text, cue.end())
    return "part of" in cue.group() and _GOES_ON.match(text, cue.end()) is not None
