"""Lines that head pros and cons, or stand among them."""

from __future__ import annotations

import re

_GOOD = (
    r"pros|strengths|advantages|benefits|upsides|highlights|the good|good|likes"
    r"|what(?:['\u2019]s| is)"
    r" (?:good|great)|what (?:we|i|you|users|people|reviewers|customers) (?:really )?(?:like"
    r"|liked|love|loved)"
    r"|why (?:you|we|users)(?:['\u2019]ll)? (?:will )?(?:like|love)(?: it)?|reasons to (?:buy"
    r"|choose)"
    r"|vorteile|avantages|ventajas|points forts|puntos fuertes|pluspunkte|st\u00e4rken|vantaggi"
    r"|voordelen|优点"
)
_BAD = (
    r"cons|weaknesses|disadvantages|drawbacks|limitations|downsides|the bad|bad|dislikes|caveats"
    r"|considerations|watch out for|what to watch(?: out)? for|what could be better"
    r"|room for improvement"
    r"|what(?:['\u2019]s| is) (?:bad|missing|not so good|not great)"
    r"|what (?:we|i|you|users|people|reviewers|customers) (?:do not|don['\u2019]t"
    r"|didn['\u2019]t) (?:like|love)"
    r"|reasons to (?:avoid|skip)|trade-?offs|nachteile|inconv\u00e9nients|desventajas"
    r"|points faibles"
    r"|puntos d\u00e9biles|minuspunkte|schw\u00e4chen|svantaggi|nadelen|缺点"
)
LISTING = re.compile(
    rf"(?:(?:key|main|top|notable|potential|possible|major|some) )?"
    rf"(?:(?P<good>{_GOOD})|(?P<bad>{_BAD}))\b(?: (?:of|with|about|for) [^:]{{1,40}})?\W*?(?::"
    rf"|\Z)\s*",
    re.IGNORECASE,
)
"""A line under a heading, or the beginning of one, that says whether what follows is good."""
MARKED = re.compile(r"(?P<good>[✅✔☑✓➕👍+])|(?P<bad>[❌✖✗✘➖👎⚠])")  # noqa: RUF001 - these signs are meant
