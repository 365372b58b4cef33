"""Drawbacks that a text names: closed patterns, and what stands under a heading of cons.

Names are masked before, and a clause is judged by itself: "great sound, but no app".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLAUSE = re.compile(
    r"[;!?]\s*|\.\s+|,?\s+\(?(?=(?:but|however|although|though|while|whereas|yet|except|unless"
    r"|which (?:may|can|might|could|makes it))\b)|,\s+(?=(?:lacks?|lacking|no|not|with(?:out)?|some"
    r"|it(?:['\u2019]s)?|its|may|can|only|requires?|limited|fewer|less)\b)|\s[\u2013\u2014]\s",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"""
    \b(?=\w)(?:
    (?<!less\ )(?<!least\ )(?<!not\ )(?<!n['\u2019]t\ )(?<!not\ too\ )
    (?<!more\ than\ )(?:expensive|pric(?:e)?y|pricier|costly|overpriced)\b
      (?!\ (?:brands?|models?|options?|alternatives?|competitors?|rivals?|sets?|ones?|units?|options
        |mistakes?|repairs?|tools?|systems?|machines?|subscription|gear|equipment)\b)
    |(?:premium|high(?:er)?|steep(?:er)?|hefty|big)\s(?:starting\s|entry\s|upfront\s|sticker\s)?
      (?:price|cost|pricing|price\ tag|price\ point|fee)s?\b(?!\ tiers?\b)
    |(?:costs?|charges?)\ (?:a\ (?:lot|bit|little)\ |much\ |far\ |slightly\ |quite\ a\ bit\x20
      |\$\d+\ )?
      (?:more|extra)\b
    |(?:twice|double|triple|(?:three|four|five|several)\ times)\ (?:the\ (?:price|cost)|as\ (?:much
      |expensive))
    |(?:the\ )?(?:dearest|highest[- ]priced|priciest|costliest)\b|the\ (?:highest\ (?:price|cost
      |fee)
      |most\ expensive)
    |(?:prices?|pricing|costs?|rates?|fees?|premiums?)\ (?:(?:can|may|will|often|quickly|also
      |have|has)\ )*(?:jump|rise[ns]?|double|climb|increased?|escalate|soar|go\ up|gone\ up|balloon
      |creep|spike|add\ up|be\ (?:high|steep|confusing|unpredictable))(?:s|es|ing)?\b
    |doubl(?:es|ing)\ after\b|steep\ (?:jump|for|if|once)\b|pay(?:ing)?\ for\ (?:the\ (?:name|brand)
      |more\ than)
    |(?:unpredictable|opaque|confusing)\ (?:pricing|prices|costs?|fees)
    |(?:at|for)\ (?:an?\ )?(?:extra|additional|added)\ (?:cost|fee|charge)
    |(?<!no\ )(?<!without\ )extra\ (?:cost|fee|charge)s?\b|adds?\ up\b
    |above\ (?:the\ |your\ |most\ )?(?:budgets?|limit)\b
    |(?:over|exceeds?|stretch(?:es)?|slightly\ over|outside)\ (?:the\ |your\ |a\ )\$?\w*\ ?budget
    |willing\ to\ (?:spend|pay|invest|splurge)\ (?:a\ (?:bit|little)\ )?(?:more|extra)\b
    |(?:on\ the\ )(?:pricier|pricey|expensive|higher|costly)\ (?:side|end)\b
    |(?<!no\ )(?<!without\ )hidden\ (?:fees?|costs?)\b|price\ (?:hikes?|increases?)\b
    |pay(?:ing)?\ (?:a\ premium|extra|more)\b|budget[- ]unfriendly\b
    |(?:not|isn['\u2019]t|aren['\u2019]t)\ (?:exactly\ |particularly\ )?(?:cheap|the\ cheapest
      |inexpensive|budget[- ]friendly)\b|splurge\b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LIMITS = re.compile(
    r"""
    \b(?=\w)(?:(?:isn['\u2019]t|aren['\u2019]t|is\ not|are\ not|(?<!price\ )not|doesn['\u2019]t
    |(?<!you\ )don['\u2019]t|does\ not|(?<!you\ )do\ not
       |won['\u2019]t|can(?:['\u2019]t|not)|never)\ (?:quite\ |always\ |really\ |yet\x20
       |natively\ |fully\ |also\ )?
      (?:as\b|have|has|support|handle|ideal|available|compatible|include|offer|come\ with|work
      |suit(?:ed)?
        |suitable|great|good|enough|the\ (?:best|most|brightest|fastest|lightest|strongest)
        |recommended
        |allow|provide|feature|perform|last|integrate|scale|very|so|well|designed|meant|built
        |intuitive
        |everyone|for\ (?:everyone|beginners|large|heavy)|fit|get|match|cover|run|go
        |include[ds]?|be\b)
    |lack(?:s|ing)?\b|missing\b|falls?\ (?:short|behind)|struggl(?:es?|ing)|lags?\b
    |suffers?\b
    |only\ (?:available|in|works?|on|offers|comes|supports|covers|through|sold|has|includes
    |when|one)\b
    |(?<!lifetime\ )(?<!year\ )limited\b(?!\ (?:edition|lifetime|warranty|time))|restrict(?:ed
      |ive)\b|fewer\ (?:\w+\ )?(?:features|options|integrations|templates|colou?rs
      |sizes|models|channels|stores|locations|branches|tools|ports|modes|apps|plugins|flights|routes
      |perks|benefits|reports|add-ons|controls|choices|titles|locations|lessons|settings|presets)\b
    |(?<!no\ )(?<!without\ )limits?\ \w
    |(?:has|have|offers?|provides?|includes?|gives?|there\ is|there['\u2019]s)\ no
      \ (?!hidden|annual|extra|ads?\b|fees?|foreign|monthly|added|artificial|contracts?|commitment
      |interest|minimum|more|limits?|need|sugar|credit|setup|blackout|expir\w+|frills|nonsense|mess
      |noise|installation|subscription|maintenance|additional|fuss|hassle|problem|trouble|issue
      |doubt|question|real\ downsides?|strings|obligation|overage|maximum|long-term|harsh|chemical
      |\w+\ (?:fees?|costs?|charges?|required|needed|limits?|contracts?)|(?:known|major)\ )\w+
    |you\ (?:lose|give\ up|miss\ out)\b|out\ of\ reach\b|not\ a\ full\b
    |(?:stopped|stops)\ (?:taking|selling|making|accepting|supporting)\b
    |(?:hard|tough|slow|awkward)\ on\ (?:the\ )?\w+\b|prone\ to\b|(?:long|longer)\ (?:waits?
      |wait\ times?)
    |narrow\b(?!\ (?:feet|spaces|rooms|streets|gaps))|\bless\ (?!expensive|noise|mess|maintenance
      |than|waste|time|money|effort|costly
    |pricey
      |stress|hassle|clutter|likely|prone|work|irritat|greasy|sticky|invasive|heat|oil|sugar
      |to\b|of\b)\w+
    |(?:can|may|might|could)\ (?:also\ |still\ |sometimes\ |occasionally\ |quickly\ )?
      (?:(?:be|feel|get|become|seem|look|run|sound)\ (?:a\ bit\ |a\ little\ |too\ |quite\x20
      |somewhat\ |rather\ |very
        \ |more\ |overly\ |on\ the\ )?(?:hot|hard|difficult|tricky|challenging|limit(?:ed|ing)
        |time-consuming
        |steep|tight|short|high(?:er)?|crowded|cramped|small(?:er)?|large|much|heavy|intimidating
        |distracting|irritating
        |drying|less|throttled
        |restrictive|intrusive|delayed|expensive|pricey|costly|needed|required|hit\ or\ miss
        |lacking|missing
        |daunting|excessive|warm|thin|dry|a\ (?:hassle|challenge|problem|burden|learning|lot))
      |struggle|lack|require|take\ (?:some|time|a|getting|longer)|need|fall|overwhelm|not\b|lag
      |slow|cause|irritate
      |limit\b|drain|break|wear|scratch|stain|overheat|confuse|miss\b|disconnect|drop|leak
      |add\ up|fluctuate)
    |(?:availability|quality|results|coverage|performance|speeds?|sizing|fit)\ (?:may|can)\ vary
    |(?:some|many|a\ few|several)\ (?:users|people|reviewers|customers|owners|reviews|teams
    |buyers|testers)?
      \ ?(?:have\ |also\ )?(?:report|complain|mention|note[ds]?|find|found|dislike|feel|felt
      |say|criticis|criticiz)
    |(?:issues?|problems?|trouble|complaints?|concerns?)\ (?:with|about|over|around|for|on
    |when|if)\b
    |(?<!no\ )(?<!any\ )recall(?:s|ed)?\b|under\ investigation\b
    |(?:steep(?:er)?|long|real|significant|slight|bit\ of\ a)\ learning\ curve
    |(?<!no\ )learning\ curve\b
    |(?:take|need|require)s?\ (?:some\ |a\ while|time|a\ bit|longer|getting|practice|effort
    |patience|work
      |more\ (?:time|setup|effort|work|space|maintenance)|training|discipline|planning|know-how
      |premium\b|payment|a\ lot|weeks|days|months
      |up\b|extra
      |additional|separate|an?\ (?:separate|paid|extra|additional|subscription|annual|long
      |dedicated|yearly|membership|subscription|adapter|hub|bridge)|the\ (?:paid|premium|pro)\b)
    |requires?\ (?:upfront|purchas\w+|paying|manual|technical|regular|frequent|signing|third)\b
    |getting\ used\ to\b|at\ the\ (?:cost|expense)\ of
    |no\ (?:native|built[- ]in|mobile|dedicated|free|offline|real|official|direct|live
      |phone\b(?!\ calls?\ (?:needed|required))
    |desktop|wireless
      |app|apps|support\b|export|warranty|refund|longer|option|way|built|auto\w*|trial|calendar
      |integration
      |customer|multi\w*|advanced|html|api|sso|wifi|wi-fi|headphone|remote|third
      |time[- ]tracking|gantt)
    |(?:entry|paywall|gated|locked\ (?:behind|to)|reserved\ for|behind\ (?:a|the
    |its)\ \w*\ ?(?:paywall|tiers?|plans?|subscription|membership))
    |(?:downsides?|drawbacks?|trade-?offs?|caveats?|catch|weak(?:ness(?:es)?|er|\ (?:spot
    |point)s?)|cons)\b
    |too\ (?!many\ to|much\ to|good)\w+
    |hard(?:er)?\ to\ (?!beat|go\ wrong|fault|match|resist|find\ better)\w+
    |difficult\ to\ (?!beat|match)\w+
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FAULT = re.compile(
    r"""
    \b(?=\w)(?:
    (?<!\bnot\ )(?<!\bno\ )(?<!n['\u2019]t\ )(?<!\bnever\ )(?<!\bof\ )(?<!\bless\ )(?<!\bor\ )
    (?<!\bnothing\ )
    (?:(?:a\ (?:little|bit)|quite|rather|somewhat|fairly|too|very|more|pretty|slightly|really
    |so|often
      |feels?|looks?|sounds?|gets?|is|are|was|can\ be|runs?|can\ feel)\ )?
    (?:noisy|noisier|loud(?:er)?|sluggish|clunk(?:y|ier)|outdated|overwhelming|bulk(?:y|ier)
    |buggy|unreliable
      |unstable|inconsistent|confusing|cluttered|complicated|cumbersome|flimsy|tinny|bland
      |poor(?:ly)?|weak
      |mediocre|disappointing|terrible|awful|horrible|worse|worst|dearer|spartan|barebones
      |bare-bones|messy
      |laggy|glitchy|fiddly|finicky|awkward|unintuitive|inferior|uncomfortable|unresponsive
      |overkill|dated
      |rigid|inflexible|frustrating|annoying|tedious|slow(?:er|ly)?(?!-)|dim|cramped|crowded|tiny
      |unpredictable|unclear|cheap-feeling
      |stiff|greasy|lackluster
      |underwhelming
      |heavier|basic|plain|costlier|patchy|shaky|spotty|opaque|drab|harsh|short-lived)\b
      (?!\ (?:cook\w*|down|release|motion|speed|juic\w*|days?|weather|hair|skin|winters?|moving
      |carb|burn
        |feed\w*|roast\w*|growth|plans?|tier|needs|tasks|version|cases?|math|functions|spots?
        |signal|areas?|rooms|environments|places|offices|streets))
    |on\ the\ (?!go|other|plus|bright|safe|positive|front|back|left|right)\w+\ side\b
    |a\ (?:real\ |bit\ of\ a\ |minor\ |little\ |constant\ )?(?:nuisance|hassle|pain|headache|chore
      |letdown|disappointment|(?:sore|weak)\ spot|deal-?breaker|gamble|compromise|worry)\b
    |(?:squeals|rattles|creaks|wobbles|rusts|peels|fades|sags|jams|stutters|leaks|scratches
      |overheats
      |chips|frays|pills|clogs|stalls|freezes|disconnects|wears\ (?:out|off)|falls\ apart|tears)\b
      (?!\ (?:and|or)\ dip)
    |(?:a\ |the\ |class[- ]action\ |over\ )lawsuits?\b|complex\ (?:rules|pricing|set-?up|interface)
    |(?:users|reviewers|owners|customers)\ (?:complain|report\ (?:issues|problems|trouble))
    |mixed\ (?:reviews|results|feedback|reputation)|(?:crash|break)(?:es|ed)?\b(?!\ (?:down
    |the\ bank|in))
    |(?:breached|fined|sued|discontinued|banned(?!\ (?:substance|ingredient)))\b|fail(?:s|ed
      |ures?)\b|drains?\ (?:fast
    |quick)\w*
    |noise\ (?:level\ )?(?:is|can)|(?:throttl|deprioriti[sz])\w+
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Adjectives and verbs that find fault by themselves."""
_UNREAL = re.compile(
    r"\b(?:than|unlike|without|reduces?|reducing|prevent(?:s|ing)?|relie(?:f|ves?|ving)|handles?"
    r"|eliminat\w+"
    r"|avoid(?:s|ing)?|don['\u2019]t need|do(?:es)?n['\u2019]t (?:require|need|mean|want"
    r"|compromise|sacrifice|break"
    r"|skimp|clog|leave|feel|irritate|disappoint|cost|get in)|not (?:just|only|require|need"
    r"|compromise)|no need"
    r"|isn['\u2019]t (?:just|only)|minimi[sz]\w+|fight(?:s|ing)?|even (?:if|though) you"
    r"|if you(?:['\u2019]re| are)?"
    r" not|instead of|rather than|compared to|versus|won['\u2019]t (?:break|irritate|clog|leave"
    r"|scratch|cost)"
    r"|never (?:feels?|gets?|have)|few if any|hardly any|little to no|solves?|for those who)\b",
    re.IGNORECASE,
)
"""Words before a pattern that take the drawback back."""
_UNREAL_CHARACTERS = 28
_EMPTY_CON = re.compile(
    r"\W*(?:none\b|(?:very )?few(?:\W*$| if any)|hardly any|nothing\b"
    r"|no (?:major|real|significant|notable|obvious)|n/?a\b|minor\W*$|not (?:many|much)\b)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[,;]\s+(?![^()]*\))|\.\s+")


@dataclass(frozen=True, slots=True)
class Drawback:
    """A drawback in a text.

    Attributes:
        start: Offset of the clause in the text.
        end: Offset after the clause.
        price: Whether the drawback is the price.
    """

    start: int
    end: int
    price: bool = False


def drawbacks(text: str, *, price_only: bool = False) -> Iterator[Drawback]:
    """Yield the drawbacks that a text names, one for each clause that names any.

    Args:
        text: A text about one brand, with all names masked.
        price_only: Whether only judgements of the price count.
    """
    for start, end in clauses(text):
        found = _real(_PRICE, text, start, end)
        if found:
            yield Drawback(start, end, price=True)
        elif not price_only and any(_real(each, text, start, end) for each in (_LIMITS, _FAULT)):
            yield Drawback(start, end)


def listed_drawbacks(text: str) -> Iterator[Drawback]:
    """Yield the items of a text under a heading of cons; none for "None" or "few"."""
    if _EMPTY_CON.match(text):
        return
    at = 0
    for found in (*_ITEM.finditer(text), None):
        end = found.start() if found else len(text)
        if any(map(str.isalpha, text[at:end])):
            yield Drawback(at, end, price=_PRICE.search(text, at, end) is not None)
        at = found.end() if found else end


def clauses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) offsets of the clauses of a text."""
    at = 0
    for found in _CLAUSE.finditer(text):
        if found.start() > at:
            yield at, found.start()
            at = found.end()
    if at < len(text):
        yield at, len(text)


def _real(pattern: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Return whether a pattern occurs in a clause without a word before it that takes it back."""
    for found in pattern.finditer(text, start, end):
        before = max(start, found.start() - _UNREAL_CHARACTERS)
        taken_back = _UNREAL.search(text, before, min(end, found.end() + 8))
        if not taken_back or taken_back.start() > found.start():
            return True
    return False
