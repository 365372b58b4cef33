"""What a company offers and holds: a free plan, products, certifications, what is discontinued."""

import re
from dataclasses import replace

from overheard_accuracy import claims
from overheard_accuracy.claims import Stated, Statement, Truth, Verdict
from overheard_accuracy.words import FACTS

_FREE_PLAN = FACTS.compiled("free plan")
_FOR_SOME = FACTS.compiled("for some", r" (?:for|to) {}\b")
_OF_SOME = FACTS.compiled("some buyers", r"\b{}\b[^,;:]{0,40}\Z")
"""Before the words of a free plan: who may use it."""
_OFFERED_BY = re.compile(r" (?:of|from|by|at) (?:the )?(?=[A-Z])")
_WITHIN_PLAN = FACTS.compiled("within a plan", r"\b{} \Z")
"""Before a plan of which something is told: "no exports on the free plan"."""
_PAID_ONLY = FACTS.compiled("paid only", r"\b{}\b(?! (?:of|from|for|to)\b)")
"""Other words for: there is no free plan."""
_NEGATION = FACTS.compiled("no plan", r"\b{}\b|n['\u2019]t\b")
_ENDED = FACTS.compiled("ended plan", r"[^,;]{0,25}\b{}\b")
_ANSWER = re.compile(
    r"\s*[:=]\s*(?:(?P<no>no|none|not|false|\u274c|\u2717)|(?P<yes>yes|true))?", re.I
)
"""After "free plan": a yes, a no, or an uncertain answer."""
_POSSIBILITY = re.compile(r"\b(?:if|whether|unless|may|might|could|should)\b", re.IGNORECASE)
_TRIAL = re.compile(r"\b(?:trial|demo)\b", re.IGNORECASE)
_ANSWERS = dict.fromkeys(("yes", "true", "y", "available"), True) | dict.fromkeys(
    ("no", "false", "n", "none", "not available"), False
)


def free_plan(statement: Statement, _truth: Truth) -> Stated | None:
    """Return whether the brand has a free plan, as a statement says, in the words "free plan" or
    "no free plan", so that the claims of several models are counted together.

    Return None if the statement is silent about a free plan, leaves it open ("Free plan: 14 days"),
    asks ("if", "might"), is about another brand, or offers a free trial, a plan for some readers
    only or a former free plan.
    """
    text = statement.text
    paid_only = _PAID_ONLY.search(text)
    cue = paid_only or _FREE_PLAN.search(text)
    if not cue or claims.of_another(statement, cue) or _POSSIBILITY.search(text):
        return None
    answer = _ANSWER.match(text, cue.end())
    answer_is_open = answer is not None and not answer.lastgroup
    if not paid_only and (answer_is_open or _is_other_offer(statement, cue)):
        return None
    context = claims.clause(text, cue.start(), cue.end())
    if _TRIAL.search(context) and (paid_only or not _NEGATION.search(context)):
        return None
    answers_no = answer is not None and answer["no"] is not None
    before, _, after = context.partition(cue.group())  # the plan may lack something
    denies = _NEGATION.search(before) is not None or _ENDED.match(after) is not None
    is_denied = paid_only is not None or answers_no or denies
    if claims.historic(context) if not is_denied else _WITHIN_PLAN.search(before):
        return None
    return Stated("no free plan" if is_denied else "free plan", not is_denied)


def is_offered(stated: bool, value: str) -> bool | None:
    """Return whether a yes (True) or no (False) is that of a fact, such as "yes" or "none"; None
    for a fact that is neither.
    """
    answer = _ANSWERS.get(value.strip().casefold())
    return None if answer is None else stated == answer


def _is_other_offer(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether the words of `cue`, a match of `_FREE_PLAN`, offer something else than a free
    plan for everyone.

    - A plan for some only: "free plan for students".
    - A plan of another company: "a free version of Globex".
    - "is free to use" whose subject is not the brand: more than one character is between the
      brand's name and these words.
    - "use ... for free" with another thing than the brand or "it": "use the templates for free".
    """
    before = statement.text[: cue.start()]
    if _FOR_SOME.match(statement.text, cue.end()) or _OF_SOME.search(before):
        return True
    offered_by = _OFFERED_BY.match(statement.text, cue.end())
    if offered_by and offered_by.end() != statement.start:
        return True
    if cue["whole"]:
        return cue.start() - statement.end > 1
    used, brand = cue["used"], statement.text[statement.start : statement.end]
    return used is not None and used != "it" and brand not in used


_UNDECIDED = FACTS.compiled("undecided", r"\b{}\b")
_NOT = FACTS.compiled("denied", r"\b{}\b|n['\u2019]t\b")
_GONE = FACTS.compiled("gone", r"\b{}\b")
"""Words of something that no longer exists: "discontinued", "no longer", and also "was"."""
_OFFERED = FACTS.compiled("offered", r"\b{}\b")
_CERTIFIED = FACTS.compiled("certified", r"\b{}\b")
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 40, 35
"""Characters around the name of a certification that are searched for a denial."""
_TURN = FACTS.compiled("turn")
"""Between a denial and the name of a certification: the denial is of another one."""
_NEXT_CLAUSE = re.compile(r"[;,:\u2013\u2014]|\b(?:and|but|although|though|while|yet|reports?)\b")
"""Between the name of a certification and a denial: the denial is of another one."""
_IS_BEFORE = re.compile(r"(?:\bis|\bare|n['\u2019]t)(?: not)?(?: yet)?(?: an?)? $", re.IGNORECASE)
"""Just before a certification that a company is rather than has: "is not a B Corp"."""


def product(statement: Statement, truth: Truth) -> Stated | None:
    """Return that a statement names the product of the fact, which is correct; None for one that
    no longer exists.
    """
    is_named = claims.contains(statement.text, truth.value) and not _GONE.search(statement.text)
    return Stated(truth.value, Verdict.CORRECT) if is_named else None


def certification(statement: Statement, truth: Truth) -> Stated | None:
    """Return whether a statement affirms the certification of the fact, which the company holds, or
    denies it ("isn't SOC 2 certified"), which is wrong; in the words around its name.

    Return None without the certification's name and a word such as "certified" or "is a", if the
    statement is undecided ("plans", "if"), and if it is about another brand.
    """
    text, named = statement.text, next(claims.find_words(statement.text, truth.value), None)
    if not named or _UNDECIDED.search(text) or claims.of_another(statement, named):
        return None
    if not (_IS_BEFORE.search(text[: named.start()]) or _CERTIFIED.search(text)):
        return None
    around = text[max(0, named.start() - _CHARACTERS_BEFORE) : named.end() + _CHARACTERS_AFTER]
    start = statement.start if statement.start < named.start() else 0
    is_denied = _is_denied(text, named, start)
    if not is_denied and _NOT.search(text, 0, start):
        return None  # "Do not buy Acme without checking its SOC 2 certificate"
    return Stated(around.strip(), Verdict.WRONG if is_denied else Verdict.CORRECT)


def _is_denied(text: str, named: re.Match[str], start: int = 0) -> bool:
    """Return whether a text denies the certification that it names, and not only another one: a
    denial before the name reaches up to a contrast or a new subject ("not HIPAA, but SOC 2"), one
    behind the name must be in the same clause. Denials before `start`, the offset of the brand,
    are of something else.
    """
    window_start = max(start, named.start() - _CHARACTERS_BEFORE)
    for denial in _NOT.finditer(text, window_start, named.start()):
        if not _TURN.search(text, denial.end(), named.start()):
            return True
    behind = _NOT.search(text, named.end(), named.end() + _CHARACTERS_AFTER)
    return behind is not None and not _NEXT_CLAUSE.search(text, named.end(), behind.start())


def discontinued(statement: Statement, truth: Truth) -> Stated | None:
    """Return that a statement offers the discontinued product of the fact, which is stale, or names
    it and calls something discontinued, which is correct.

    Return None if the product is not named or not offered, if the statement has a negation, and if
    another brand offers it.
    """
    text, named = statement.text, next(claims.find_words(statement.text, truth.value), None)
    cue = _OFFERED.search(text) if named else None
    if named and _GONE.search(text):
        return Stated(truth.value, Verdict.CORRECT)
    if not (named and cue) or _NOT.search(text):
        return None
    # The subject may be the product, whose name may begin with the brand's: "Acme Classic costs".
    about_product = replace(statement, end=max(statement.end, named.end()))
    is_of_another = claims.of_another(statement, cue) and claims.of_another(about_product, cue)
    return None if is_of_another else Stated(truth.value, Verdict.STALE)


def forbidden(statement: Statement, truth: Truth) -> Stated | None:
    """Return that a statement contains the words of the fact, which are always wrong; None with a
    negation before them, or behind them in the same clause.
    """
    text = statement.text
    is_named = claims.contains(text, truth.value)
    named = next(claims.find_words(text, truth.value), None) if is_named else None
    is_denied = named and (_NOT.search(text, 0, named.start()) or _is_denied(text, named))
    return Stated(truth.value, Verdict.WRONG) if named and not is_denied else None
