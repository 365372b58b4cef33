"""The check of free plans."""

import re

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    clause,
    historic,
    of_another,
    unmeant,
    verdict,
)
from overheard_accuracy.words import FACTS

_FREE_PLAN = FACTS.compiled("free plan")
_FOR_SOME = FACTS.compiled("for some", r" (?:for|to) {}\b")
_OFFERED_BY = re.compile(r" (?:of|from|by|at) (?:the )?(?=[A-Z])")
_WITHIN_PLAN = re.compile(
    r"\b(?:in|on|with|of|beyond|under) (?:the|its|their|your|an?) "
    r"(?<!come with a )(?<!comes with a )\Z",
    re.IGNORECASE,
)
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
_YES = frozenset({"yes", "true", "y", "available"})
_NO = frozenset({"no", "false", "n", "none", "not available"})


def free_plan(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on whether the brand has a free plan.

    The verdict is correct if the statement agrees with the fact ("yes" or "no"), stale if it agrees
    with a former value, else wrong. The stated value is "free plan" or "no free plan", whatever the
    words, so that the claims of several models are counted together.

    Return None if the statement is silent about a free plan, leaves it open ("Free plan: 14 days"),
    doubts or asks ("if", "might"), is about another brand, or offers a free trial, a plan for some
    readers only or a former free plan; and if the fact is neither yes nor no.
    """
    paid_only = _PAID_ONLY.search(statement.text)
    cue = paid_only or _FREE_PLAN.search(statement.text)
    true = _yes_or_no(truth.value)
    if not cue or true is None or unmeant(statement) or of_another(statement, cue):
        return None
    if _POSSIBILITY.search(statement.text):
        return None
    answer = _ANSWER.match(statement.text, cue.end())
    answer_is_open = answer is not None and not answer.lastgroup
    if not paid_only and (answer_is_open or _is_other_offer(statement, cue)):
        return None
    context = clause(statement.text, cue.start(), cue.end())
    if _TRIAL.search(context) and not _NEGATION.search(context):
        return None
    answers_no = answer is not None and answer["no"] is not None
    before, _, after = context.partition(cue.group())  # the plan may lack something
    denies = _NEGATION.search(before) is not None or _ENDED.match(after) is not None
    is_denied = paid_only is not None or answers_no or denies
    if historic(context) if not is_denied else _WITHIN_PLAN.search(before):
        return None
    former = [_yes_or_no(value) for value in truth.previous]
    has_plan = not is_denied
    return FactClaim(
        verdict(has_plan == true, has_plan in former), "free plan" if has_plan else "no free plan"
    )


def _is_other_offer(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether the words of `cue`, a match of `_FREE_PLAN`, offer something else than a free
    plan for everyone.

    - A plan for some only: "free plan for students".
    - A plan of another company: "a free version of Globex".
    - "is free to use" whose subject is not the brand: more than one character is between the
      brand's name and these words.
    - "use ... for free" with another thing than the brand or "it": "use the templates for free".
    """
    if _FOR_SOME.match(statement.text, cue.end()):
        return True
    offered_by = _OFFERED_BY.match(statement.text, cue.end())
    if offered_by and offered_by.end() != statement.start:
        return True
    if cue["whole"]:
        return cue.start() - statement.end > 1
    used = cue["used"]
    return (
        used is not None
        and used != "it"
        and statement.text[statement.start : statement.end] not in used
    )


def _yes_or_no(value: str) -> bool | None:
    """Return True for a fact's value such as "yes", False for one such as "none"; None for any
    other text. Case and surrounding spaces are ignored.
    """
    word = value.strip().casefold()
    if word in _YES:
        return True
    return False if word in _NO else None
