"""Words around a fault that concede it, admit it or take it back, in English.

`TAKEN_BACK` and `DENIED` are searched shortly before a find.
"""

from __future__ import annotations

import re

from overheard_sentiment.faults import LESSER

_DEGREE = r"(?:a\ bit|a\ little|a\ tad|somewhat|overly|excessively|too|rather)"

CONCEDED = re.compile(
    rf"""
    \b(?=\w)(?:(?:may|might)\ (?!be\ found|find\b|often|be\ a\ (?:good|great))|{_DEGREE}\ (?!than)
      |quite\ (?!good|well)|slightly
    |{LESSER}\ |only\b|some\b|separate|above|less\b|not\b|no\b|few(?:er)?\b
    |limit\w*|older\b|basic\b|large\b|loud|heavy|bulky|smaller|shorter)|n['\u2019]t\b
    """,
    re.VERBOSE,
)
"""Signs of a drawback in a clause that is conceded: "but", "although", "while"."""

ADMITTED = re.compile(
    r"\b(?:it|they|this \w+|which|that)(?: (?:does|do|has|have|is|are|can|will) not|"
    r" (?:does|do|has|have|is|are|wo|ca)n['\u2019]t) (?:have|include|support|come|offer|provide"
    r"|fit|last|match|reach"
    r"|as\b|quite|the (?:best|most|quietest|fastest|lightest))"
    r"|\bit lacks\b|\bnot quite\b(?! as (?:expensive|pricey))|\A\W*not (?:as|a true|the)\b"
    r"|\byou(?:['\u2019]ll| will)? (?:also )?need (?:a separate|an external|to (?:buy|purchase"
    r"|add))\b",
)
"""Signs of a drawback among the pros: "it doesn't have a grinder"."""

REASSURING = re.compile(
    r"""
    \b(?:still|good|great|excellent|better|best|worth|impressive|affordable|easy|offers?|perfect
      |solid|budget-friendly
      |but\ (?:also|more)|not\ (?:only|just)|be\ sure|check|well|highly|popular|delivers?
      |lower\ (?:price
      |cost)|yet\ (?:still\ )?(?:includes?|comes\ with|packs|supports?)\b(?!\ (?:no|few|only|just))
      |reliable|effective|often\ (?:be\ )?found|efficient|superb|high\ quality)\b
    """,
    re.VERBOSE,
)
"""Words with which a conceded clause names no drawback after all."""

TAKEN_BACK = re.compile(
    r"\b(?:than|unlike|without|reduces?|reducing|prevent(?:s|ing)?|relie(?:f|ves?|ving)"
    r"|handles?(?!\s+(?:can|may|get|are|is|feel|become))"
    r"|eliminat\w+|avoid(?:s|ing)?|don['\u2019]t need|do(?:es)?n['\u2019]t (?:require|need|mean"
    r"|want"
    r"|compromise|sacrifice|break|skimp|clog|leave|feel|irritate|disappoint|cost|get in)"
    r"|not (?:just|only|require|need|compromise)|no need|isn['\u2019]t (?:just|only)|minimi[sz]\w+"
    r"|fight(?:s|ing)?|even (?:if|though) you|if you(?:['\u2019]re| are)? not|instead of"
    r"|rather than"
    r"|compared to|versus|won['\u2019]t (?:break|irritate|clog|leave|scratch|cost)"
    r"|never (?:feels?|gets?|have)|few if any|hardly any|little to no|solves?"
    r"|(?:zero|minimal|barely any|free of|resist(?:s|ant)?|against|removes?|blocks?|masks?|hides?)"
    r"|(?:those|people|families|anyone|everyone|buyers|users|readers|teams) who|for (?:those|people"
    r"|families|anyone) with|(?:that|what|which) (?:the )?(?:[\w'\u2019]+ ){1,3}(?=lacks?\b))\b",
)
"""Words before a pattern that take the drawback back."""

DENIED = re.compile(
    r"(?:\b(?:no|nothing|none|never|nor|not|hardly|barely|zero)"
    r"|n['\u2019]t)\b(?: [\w'\u2019-]+){0,2} \Z",
)
"""Words right before a pattern that deny it: "nothing gets in the way"."""

PURPOSE = re.compile(
    r"\b(?:warns? (?:you )?(?:about|of)|spares? you|saves? you|for|if|unless|whether|when you|in"
    r"|against|from|on|detects?|catch(?:es)?|spots?|flags?"
    r"|finds?"
    r"|alerts?|repels?|fix(?:es)?|repairs?|tracks?|reports?|sees?|before|after|withstands?"
    r"|survives?"
    r"|forgives?|tolerates?|shrugs off|cuts|stops?|ends?|kills?|smooths?|tames?|curbs?|lessens?)"
    r"(?: (?!complain)[\w'\u2019-]+){0,2} \Z"
)
"""Words before one that finds fault when that is what the product is for: "for noisy rooms"."""

SUPPOSED = re.compile(
    r"\b(?<!even )(?<!only )(?:if|unless|whether|in case)\b(?!.*n['\u2019]t)[^,;]*\Z"
)
"""The beginning of a condition, in which nothing is said to be so: "if you get stuck"."""
