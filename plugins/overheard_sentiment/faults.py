"""Patterns of drawbacks, by their grammar; all of them closed, and in English.

Each is searched in a clause with the names masked, and all but `PRICE` in small letters: a search
that need not ignore case takes less than half of the time.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from overheard_sentiment.burdens import BURDEN, CONDITIONS, RESERVATIONS

_HEDGE = (
    r"(?:can|may|might|could|tends?\ to)"
    r"\ (?:(?:also|still|sometimes|occasionally|quickly|often)\ )?"
)
LESSER = (
    r"(?:small|short|slow|weak|low|few|narrow|cheap|poor|thin|old|loud|heavi|bulki|nois|pric)i?er"
)
_OF_OTHERS = r"(?:\w+\ ){0,4}?(?:than|compared\ (?:to|with))\ (?!before|ever|average)"

PRICE = re.compile(
    r"""
    \b(?=\w)(?:
    (?<!less\ )(?<!least\ )(?<!not\ )(?<!n['\u2019]t\ )(?<!not\ too\ )
    (?<!more\ than\ )(?:expensive|pric(?:e)?y|pricier|costly|overpriced)\b
      (?!\ (?:brands?|models?|options?|alternatives?|competitors?|rivals?|sets?|ones?|units?
        |mistakes?|repairs?|tools?|systems?|machines?|subscription|gear|equipment|products?|phones?
        |laptops?|versions?|(?-i:[A-Z]|i[A-Z])\w+)\b)
    |one\ of\ the\ (?:(?:more|most)\ (?:expensive|costly)|pric(?:ier|iest)|dearest|costliest)
    |(?:prices?|pricing|fees?|costs?|premiums?|rates|renewals?|hardware)\ (?:is|are|can\ be|may\ be
      |get)\ (?:\w+\ ){0,2}(?:steep|high|hefty|higher)\b
    |(?:costs?|charges?)\ (?:(?:about|roughly|around|nearly|almost|some|over|more\ than|well\ over
      |close\ to)\ )?(?:twice|double|triple|(?:two|three|four|five|six|\d+)\ times|a\ (?:good|great
      |fair)\ deal\ (?:more|extra))\b
    |(?:not|isn['\u2019]t)\ (?:for|in|within)\ every(?:one['\u2019]s|body['\u2019]s|)\ (?:wallet
      |budget|pocket)
    |you(?:['\u2019]ll|\ will|\ do)?\ (?:pay\ for\ it|be\ paying)\b
    |(?:premium|high(?:er)?|steep(?:er)?|hefty|big)\s(?:starting\s|entry\s|upfront\s|sticker\s)?
      (?:price|cost|pricing|price\ tag|price\ point|fee)s?\b(?!\ tiers?\b)
    |(?:costs?|charges?)\ (?:a\ (?:lot|bit|little)\ |much\ |far\ |slightly\ |quite\ a\ bit\x20
      |\$\d+\ )?(?:more|extra)\b
    |(?:twice|double|triple|(?:three|four|five|several)\ times)\ (?:the\ (?:price|cost)|as\ (?:much
      |expensive))
    |(?:the\ )?(?:dearest|highest[- ]priced|priciest|costliest)\b
    |the\ (?:highest\ (?:price|cost|fee)|most\ expensive)
    |(?:prices?|pricing|costs?|rates?|fees?|premiums?)\ (?:(?:can|may|will|often|quickly|also
      |have|has)\ )*(?:jump|rise[ns]?|double|climb|increased?|escalate|soar|go\ up|gone\ up|balloon
      |creep|spike|add\ up|be\ (?:high|steep|confusing|unpredictable))(?:s|es|ing)?\b
    |doubl(?:es|ing)\ after\b|steep\ (?:jump|for|if|once)\b
    |pay(?:ing)?\ for\ (?:the\ (?:name|brand)|more\ than|strength|features\ (?:that\ )?you)
    |(?:it['\u2019]s|is|an?)\ (?:(?:quite|real|serious|big|hefty|considerable
      |significant)\ )*(?:an?\x20
      )?(?:investment|outlay|splurge)\b(?!\ (?:in|worth|that|piece))
    |it\ had\ better\ be|(?:gets?|become[s]?|grow[s]?|work[s]?\ out)\ (?:very\ |quite\x20
      |much\ )?(?:dearer|dear)\b
    |(?:only|just)?\ ?slightly\ over\ \$|(?:a\ )?(?:yearly|annual|monthly|set-?up|activation|late
      |cancellation
      |restocking|service|booking|delivery|return)\ fees?\ (?:of|on|for|from|apply|applies|is|are)\b
    |charges\ (?:extra|a\ fee|for\ (?:every|each|any))\b|cost(?:s)?\ (?:up\ to\ \$|(?:more|twice
      |double|nearly|almost)\b)
    |up-?sell\w*|push(?:es|y)?\ (?:hard\ )?(?:for\ )?(?:up-?grades|extras|add-?ons|up-?sells)
    |nagging?\ (?:about|you)|(?:poor|bad|worse|weak)\ value\b
    |(?:unpredictable|opaque|confusing)\ (?:pricing|prices|costs?|fees)
    |(?:at|for)\ (?:an?\ )?(?:extra|additional|added)\ (?:cost|fee|charge)
    |(?<!no\ )(?<!without\ )extra\ (?:cost|fee|charge)s?\b|adds?\ up\b(?!\ to\b)
    |above\ (?:the\ |your\ |most\ )?(?:budgets?|limit|price\ range|\$[\d,.]+k?(?:\ (?:mark
    |budget))?)\b
    |(?:over|exceed(?:s|ing)?|stretch(?:es)?|outside)\ (?:the\ |your\ |a\ )\$?[\w,]*\ ?budget
    |willing\ to\ (?:splurge|(?:spend|pay|invest)\ (?:a\ (?:bit|little)\ )?(?:more|extra))\b
    |(?:on\ the\ )(?:pricier|pricey|expensive|higher|costly)\ (?:side|end)\b
    |(?<!no\ )(?<!without\ )hidden\ (?:fees?|costs?)\b|price\ (?:hikes?|increases?)\b
    |pay(?:ing)?\ (?:a\ premium|extra|more)\b|budget[- ]unfriendly\b
    |priced\ accordingly|(?:price|pricing|price\ tag)\ (?:to\ match|reflects)
      |charges?\ (?:handsomely|dearly|steeply)
    |(?:jump|step|leap)\ (?:up\ )?to\ (?:the\ |a\ )?(?:paid|next|pro\b|higher|premium|business
      |enterprise)
    |(?:each|all)?\ ?billed\ separately|surprise\ (?:bills?|charges|fees)|(?:a|its)\ (?:cut
      |share)\ of\ (?:every|each|what|your)
    |(?:hard|difficult)\ to\ (?:justify|swallow|stomach)|not\ worth\ the\ (?:price|money|premium
      |extra)
    |(?:not|isn['\u2019]t|aren['\u2019]t)\ (?:exactly\ |particularly\ )?(?:cheap|the\ cheapest
      |inexpensive|budget[- ]friendly)\b|splurge\b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Judgements of the price."""

NEGATED = re.compile(
    r"""
    (?=[nc])(?<!\byou\ do)(?<!\bwho\ do)(?<!\bthat\ do)(?<!\byou['\u2019]re\ )(?<!\bif\ )
    (?<!\bprice\ )(?<!\bwhether\ or\ )
    (?:(?<=[a-z])n['\u2019]t|\bnot|\bnever|\bcannot)\b
    (?:\ (?:quite|always|really|yet|natively|fully|also|even|nearly|necessarily))*
    \ (?:as\b(?!\ (?:well|long|soon))|have|has|support|handle|ideal|available\b(?!\ (?:elsewhere
      |in\ other))
      |compatible|include[ds]?|offer|come\ with|work|suit(?:ed|able)?|great|good|enough
      |the\ (?:best|most|brightest|fastest|lightest|strongest|newest|cheapest|quietest|latest)
      |recommended|allow|provide|feature|perform|last|integrate|scale|very|so|well|designed|meant
      |built|intuitive|everyone|for\ (?:everyone|beginners|large|heavy|all)|fit|get|match|cover|run
      |go\b(?!\ wrong)|be\b|appeal|nest|store|hold|fold|play|cook|stay|keep|quite|tiny|cheap
      |visually
      |suitable|accessible|refundable|adjustable|removable|replaceable|expandable|waterproof
      |portable
      |particularly|usable|practical|up\ to|durable|powerful|smooth|clear|advanced|\w+[- ]safe
      |supported|sold|ship|deliver|carry|serve|accept|give|deep|wide|common|every\b
      |reach|sync|connect|charge|track|record|stream|heat|show|tell|let\b|help|respond|answer
        |read|learn
      |remember|save|export|import|print|scan|open|close|sit|travel|understand|recogni[sz]e
        |upgrade|expand
      |bring|much|many|any\b|all\b|true\b|quite\b|comfortable|quiet|light|fast|easy|simple|strong
      |reliable|accurate|precise|consistent|responsive|flexible|welcome|polished|refined|sharp
        |bright
      |worth|pleasant|exactly|especially|immune|without|tailored|geared|aimed|intended|replace
        |for\ the)
    """,
    re.VERBOSE,
)
"""What is not there, or not so: "doesn't support", "not as bright"."""

_LACKING = re.compile(
    r"""
    \b(?=\w)(?:lack(?:s|ing)?\b|missing\b(?!\ teeth)|falls?\ (?:short|behind)|struggl(?:es?|ing)
      |suffers?\b
    |(?<!input\ )(?<!low\ )(?<!low-)lags?\b|(?:been|be)\ (?:questioned|criticis|criticiz
    |discontinued)
    |(?:has|have|offers?|provides?|includes?|gives?|there\ is|there['\u2019]s)\ no
      \ (?!hidden|annual|extra|ads?\b|fees?|foreign|monthly|added|artificial|contracts?|commitment
      |interest|minimum|more|limits?|need|sugar|credit|setup|blackout|expir\w+|frills|nonsense|mess
      |noise|installation|subscription|maintenance|additional|fuss|hassle|problem|trouble|issue
      |doubt|question|real\ downsides?|strings|obligation|overage|maximum|long-term|harsh|chemical
      |\w+\ (?:fees?|costs?|charges?|required|needed|limits?|caps?|contracts?)|(?:known|major)\ )\w+
    |no\ (?:native|built[- ]in|mobile|dedicated|free|offline|real|official|direct|live
      |phone\b(?!\ calls?\ (?:needed|required))|desktop|wireless|app|apps|support\b|export|warranty
      |refund|longer\ (?:sold|made|available|supported|offer\w*|tak\w+|accept\w*|includ\w+
        |supports?|works?|sells?|makes?)\b|option|way|built|auto\w*|trial|calendar|integration
          |customer|multi\w*|advanced
      |html|api|sso|wifi|wi-fi|headphone|remote|third|time[- ]tracking|gantt|active|local|usb
      |microphone|mic\b|camera|speakers?|display|ethernet|hdmi|bluetooth|gps|dolby|debit|atms?\b
        |branch(?:es)?|checking
      |certified|keypad|lid\b|pockets?|timer|thermostat|preview|undo|templates?|report(?:s|ing)
        |dashboards?|inbox
      |search|notifications?|chat|encryption|backups?|version\w*|dark\ mode|widgets?|folders?
        |subtasks?|dependenc\w+
      |recurring|two-factor|dimming|remote|charger|case|stand\b|kickstand|spare)
    |(?:comes?|ships?|sold|delivered|arrives?)\ without\b
    |(?:(?<=\A)|(?<=[;,.:]\ )|\b(?:is|are|with|offers?|has|have|gives?|leaves?|get
      |so)\ (?:there\ is\ )?)(?:little|few)
      \ (?!noise|effort|fuss|maintenance|mess|dust|time|set-?up|cost|more\b|bit|to\b|or\b|if\b
        |side|chance|risk|waste
      |need|doubt|additives|ingredients|steps|clicks|complaints|surprises|downsides|drawbacks
        |than\b|things\b)\w+
    |(?:nobody|no\ one)\ (?:repairs?|answers?|picks\ up|fixes|is\ there|replies|responds)
    |you\ (?:lose|give\ up|miss\ out|are\ locked|['\u2019]re\ locked|(?:will\ )?wait)\b
      |out\ of\ reach\b|not\ a\ full\b
    |(?:stopped|stops)\ (?:taking|selling|making|accepting|supporting)\b)
    """,
    re.VERBOSE,
)
"""What is missing or fails."""

_LIMITED = re.compile(
    r"""
    \b(?=\w)(?:
    only\ (?:available|in|works?|on|offers|comes|supports|covers|through|sold|has|includes|when|one
      |assign|two\b|with|up\ to|if|after|until|via|open|ships?|runs?|at\b|from\b|within|once|part
        |fits?
      |a\ (?:few|handful|single|couple))\b
    |(?<=\w\ )only(?=\W*\Z|\W*[.;,)])|(?:available|offered|open|sold|free|included|limited)\ only\b
    |(?:smaller|shorter|lower|weaker|slower|narrower|thinner|poorer|older|rougher|duller
      |softer)\ (?:\w+\ )?
      (?:library|librar\w+|selection|catalog(?:ue)?|battery|range|capacity|warranty|resolution
        |screen|display
      |tank|basket|bin|choice|lineup|community|network|coverage|limits?|ratings?|scores?|speeds?
        |sound|picture
      |support|build|quality|furniture|hardware|interface|rewards?\ rate)\b
    |tight\ (?:third|second|back|rear|seat|space|cabin|fit)\w*
    |(?<!lifetime\ )(?<!year\ )(?<!with\ )(?<!in\ )(?<!space\ is\ )(?<!budget\ is\ )limited\b
      (?!\ (?:edition|lifetime|warranty|time|company|counter|space|budget|(?:\w+\ )?experience))
    |restrict(?:ed|ive)\b|(?:is|are)\ (?:often\ |also\ |currently\ )?limited\ to
    |fewer\ (?!ads|interruptions|bugs|errors|calories|steps|clicks|distractions|side|coats|apps\ to
      |trips|chemicals|breakouts|irritants|additives|halos|wrinkles|passes|false)\w+
    |(?<!no\ )(?<!without\ )(?:some\ |has\ |have\ )?limit(?:s?\ \w|ations?\b|ing\b)
    |narrow\b(?!\ (?:feet|spaces|rooms|streets|gaps))
    |\bless\ (?!expensive|noise|mess|maintenance|than|waste|time|money|effort|costly|pricey|stress
      |hassle|clutter|likely|prone|work|irritat|greasy|sticky|invasive|heat|oil|sugar|to\b|of\b)\w+
    |(?:paywall|gated|locked\ (?:behind|to)|reserved\ for|behind\ (?:a|the|its)\ \w*\ ?(?:paywall
      |tiers?|plans?|subscription|membership)))
    """,
    re.VERBOSE,
)
"""What there is little of, or only under a condition."""

_HEDGED = re.compile(
    rf"""
    \b(?=\w){_HEDGE}(?:
      (?:be|feel|get|become|seem|look|run|sound)\ (?:(?:a\ bit|a\ little|too|quite|somewhat|rather
        |very
        |more|overly|on\ the|slightly|less)\ )?(?:hot|hard|difficult|tricky|challenging|limit(?:ed
        |ing)
        |time-consuming|steep|tight|short(?:er)?|high(?:er)?|crowded|cramped|small(?:er)?|larg(?:e
        |er)|much
        |heav(?:y|ier)|intimidating|distracting|irritating|drying|less|throttled|restrictive
        |intrusive
        |delayed|expensive|pricey|costly|needed|required|hit\ or\ miss|lacking|missing|daunting
        |excessive|warm|thin|dry|complex|messy|stuck|inconsistent|noisy|slow(?:er)?|bulky|banned
        |a\ (?:hassle|challenge|problem|burden|learning|lot|concern|limiting|bit|drawback|downside
        |little)|an\ (?:issue|inconvenience))
      |struggle|lack|require|take\ (?:some|time|a|getting|longer)|need|fall|overwhelm
      |not\b(?!\ be\ long)|lag
      |slow|cause|irritate|limit\b|drain|break|wear|scratch|stain|overheat|confuse|disconnect
      |drop|leak|sting|drag\b|dip\b|wear\b|sag|crack|warp|fade|peel|rust|clog|jam|freeze|itch|slip\b
      |wobble|rattle|tear\b|shrink|stall|crash|hamper|interfere|trip\b|add\ up\b(?!\ to\b)
        |fluctuate|degrade|have\ (?:slower|fallen|fewer|limited|less
      |trouble|issues))
    |(?:availability|quality|results|coverage|performance|speeds?|sizing|fit)\ (?:may|can)\ vary
    |(?:some|many|a\ few|several)\ (?:(?:users|people|reviewers|customers|owners|reviews|teams
    |buyers
      |testers|players|members)\ )?(?:have\ |also\ |may\ |might\ )?(?:report|complain|mention
      |note[ds]?
      |dislike|feel|felt|say|criticis|criticiz)
    |some\ (?:(?:users|people|reviewers|customers|owners|reviews|teams|buyers|testers|players)\ )?
      (?:have\ |may\ |might\ )?(?:find|found)\b(?!.{{0,40}}\b(?:comfortable|easy|helpful|better
        |great))
    """,
    re.VERBOSE,
)
"""What may happen, or what some people report."""

_TROUBLE = re.compile(
    r"""
    \b(?=\w)(?:
    (?:issues?|problems?|trouble|complaints?|concerns?)\ (?:with|about|over|around|for|on|when|if)\b
    |(?:reliability|durability|quality|safety|privacy|security)\ (?:issues?|problems?|concerns?)\b
    |(?<!no\ )(?<!any\ )recall(?:s|ed)?\b|under\ investigation\b
    |(?<!no\ )(?<!gentle\ )(?<!short\ )(?<!easy\ )learning\ curve\b(?!\ is\ (?:gentle|short
      |shallow|easy|low|mild))|prone\ to\b|(?:long|longer)\ (?:waits?|wait\ times?)
    |(?:wants|needs?|takes?|demands?|asks\ for|calls?\ for|called\ for|requires?
      |teach\ you)\ (?:some\ |a\ lot\ of\ |much\ )?
      (?:patience|practice|discipline|training|know-how|care\b|attention|planning|upkeep
        |tinkering|effort|expertise
      |skill|experience|minutes|hours|an?\ (?:hour|day|week(?:end)?|month|afternoon|developer
        |specialist|consultant)\b)
    |plan\ (?:a|an|for\ a)\ (?:hour|day|weekend|week|afternoon|month)\b|not\ for\ the\ faint
    |(?:is|are|be|a|an)\ (?:\w+\ )?(?:fiddle|bother|workout|ordeal|struggle|battle|juggling\ act
      |lottery|toss-?up)
      \b(?=\W*(?:\Z|[.;,)]))
    |bring\ your\ own\b(?!\ (?:device|phone|number))|(?:up|down|left)\ to\ you\b(?=\W*\Z)|(?:is
      |are)\ on\ you\b
    |(?:leaves?|left)\ (?:a\ |some\ |behind\ )*(?:residue|marks?|streaks|stains|smell|film|gap
      |aftertaste|dust)
    |(?:odd|strong|chemical|plastic|faint|slight|off|unpleasant|lingering|ammonia
      |bitter)\ (?:smell|odou?r|taste|aftertaste
      |whine|hum|hiss|buzz)\b|fingerprints\b(?=\W*\Z)|smudges?\b|aftertaste\b
    |(?:no|without)\ (?:sso|saml)\b|locked?\ in(?:to)?\b|lock-?in\b|waiting\ list|back-?orders?
      |sold\ out\b
    |(?:often|usually|frequently|sometimes|regularly)\ (?:out\ of\ stock|late|delayed|slow
      |crowded|full|sold\ out|unavailable)
    |(?:out\ of\ stock|hard\ to\ find|slow\ to\ \w+|late\ or\ never|ran\ late|runs?\ (?:late
      |small|large|hot|dry|out|narrow
      |short|big|loud))\b
    |worr(?:y|ies)\ (?:some|many|buyers|people|users|owners)
    |(?:hard|tough|slow|awkward)\ on\ (?:the\ )?\w+\b|getting\ used\ to\b|(?:don['\u2019]t
    |do\ not)\ mind\b
    |at\ the\ (?:cost|expense)\ of
    |(?:take|need|require)s?\ (?:some\ |a\ while|time|a\ bit|longer|getting|practice|effort|patience
      |work|more\ (?:time|setup|effort|work|space|maintenance)|training|discipline|planning|know-how
      |premium\b|payment|a\ lot|weeks|days|months|up\b|extra\ (?!large)|additional|separate
      |gentle|careful|(?:an?|the)\ (?:separate|paid|extra(?!-)|additional|subscription|annual|long
      |dedicated|yearly|membership|adapter|hub|bridge|premium|pro)\b)
    |requires?\ (?:upfront|purchas\w+|paying|prepayment|manual|technical|regular|frequent|signing
    |third)\b
    |(?:purchase|buy)\ (?:one\ |it\ |them\ )?separately\b|hand[- ]wash(?:ing)?\ (?:is\ )?(?:only
    |recommended)
    |(?:downsides?|drawbacks?|trade-?offs?|caveats?|catch|gripes?|flip\ side|snag|shortcomings?
      |weak(?:ness(?:es)?|er|\ (?:spot
      |point)s?)|cons)\b
    |(?<!if\ )(?<!when\ )you(?:\ (?:still|also))?(?:['\u2019]ll\ need|\ will\ need
      |(?:['\u2019]ll|\ will)?\ have)\ to\ (?!know\b|do\ is|worry|choose
      |decide|pay\ is|look)\w+|you(?:['\u2019]ll|\ will)\ want\ to\ (?:replace|buy|add|upgrade
        |budget)
    |expect\ (?:to\ (?!pay\b|find|see|save|get\b|spend\b)|some\b|an?\ (?:wait|learning|delay|bit)
      |delays|quirks|noise)
    |be\ (?:prepared|ready|aware|warned)\b|prepare\ to\b|keep\ in\ mind\b|what\ you\ (?:give\ up
      |lose|sacrifice|do(?:n['\u2019]t|\ not)\ get)\b
    |(?<!no\ )(?<!any\ )(?:data\ )?breach(?:es)?\b|vulnerabilit\w+
    |(?:nearly|almost|next\ to|practically)\ impossible\b
    |no\ better\ than\b|little\ to\ offer\b|more\ (?:\w+\ )?than\ (?:you|it|they|an?\ \w+|most\ \w+
      |(?:\w+\ ){2})\ ?needs?\b
    |(?:could|should)\ (?:be\ (?:better|stronger|\w{2,}er|more|less)|use\b|do\ with)|to\ be\ desired
    |room\ for\ improvement|puts?\ (?:some|many|off)\b|(?:which|that)\ (?:some|many|not\ everyone)\b
      (?!(?:\ \w+){0,2}\ (?:prefer|like|love|enjoy|appreciate|favou?r|want)\b)
    |(?:takes?|needs?)\ (?:a\ few|several|many|more|extra)\ (?:more\ |extra\ )?(?:steps|clicks
      |people|tries|attempts|weeks|days|hours|taps)\b
    |(?:slows?|bogs?)\ down\b|slow\ down\ (?:sharply|a\ lot|once|when|under)|tops\ out\b
      |maxes\ out\b
    |trails\ (?!and\b|or\b)(?:the|its|behind|most|x)|capped\ at|lags\ behind
    |hard(?:er)?\ to\ (?!find\ fault|beat|go\ wrong|fault|match|resist|find\ better|believe)\w+
    |difficult\ to\ (?!beat|match)\w+
    |a\ (?:real\ |bit\ of\ a\ |minor\ |little\ |constant\ )?(?:nuisance|hassle|pain|headache|chore
      |letdown|disappointment|(?:sore|weak)\ spot|deal-?breaker|gamble|compromise|worry)\b
    |(?:a\ |the\ |class[- ]action\ |over\ )lawsuits?\b|complex\ (?:rules|pricing|set-?up|interface)
    |(?:users|reviewers|owners|customers)\ (?:complain|report\ (?:issues|problems|trouble))
    |mixed\ (?:reviews|results|feedback|reputation)|polari[sz]ing\b|noise\ (?:level\ )?(?:is|can)\b
    )
    """,
    re.VERBOSE,
)
"""What costs the user effort, or troubles others."""

_ADJECTIVES = re.compile(
    r"""
    \b(?=\w)(?<!\bnot\ )(?<!\bno\ )(?<!n['\u2019]t\ )(?<!\bnever\ )(?<!\bof\ )(?<!\bless\ )
    (?<!\bor\ )(?<!\bnothing\ )(?<!\bnon-)(?<!\bbarely\ )(?<!\bfor\ )(?<!\bin\ )(?<!\beven\ )
    (?:(?:a\ (?:little|bit)|quite|rather|somewhat|fairly|too|very|more|pretty|slightly|really|so
      |often
      |feels?|looks?|sounds?|gets?|is|are|was|can\ be|runs?|can\ feel)\ )?
    (?:noisy|noisier|loud(?:er)?(?!,|\ (?:sound|and\ clear|volume|enough))|sluggish|clunk(?:y
      |ier)|outdated|overwhelming|bulk(?:y|ier)
      |buggy|unreliable|unstable|inconsistent|confusing|cluttered|complicated|cumbersome|flimsy
      |tinny
      |bland|poor(?:ly)?|weak|mediocre|disappointing|terrible|awful|horrible|worse|worst|dearer
      |spartan|bare-?bones|messy|laggy|glitchy|fiddly|finicky|awkward|unintuitive|inferior
      |uncomfortable|unresponsive|overkill|dated|rigid|inflexible|frustrating|annoying|tedious
      |slow(?:er|ly)?(?!-)|dim|cramped|crowded|tiny|unpredictable|unclear|cheap-feeling|stiff|greasy
      |lackluster|underwhelming|heavier|costlier|patchy|shaky|spotty|opaque|drab|harsh
      |short-lived|bad|lousy|subpar|sub-par|unremarkable|uninspired|unforgiving|temperamental
        |unwieldy|ungainly
      |impractical|inconvenient|inaccurate|imprecise|unsuitable|insufficient|inadequate|unhelpful
        |unfriendly
      |understaffed|overcrowded|overcomplicated|over-?engineered|bloated|scratchy|itchy|wobbly
        |creaky|rickety
      |squeaky|leaky|crumbly|gritty|chalky|sticky|grainy|blurry|fuzzy|muddy|muffled|shrill|boomy
        |hollow
      |dull|faded|fussy|pushy|spammy|stingy|scant|scarce|sparse|meagre|meager|skimpy|brittle|fragile
      |cheaply\ made|plasticky|dowdy|bumpy|jerky|erratic|untested|unproven|overrated|oversized
        |undersized
      |underpowered|overkill|heavy-handed|time-consuming|labou?r-intensive|intimidating|daunting
        |off-putting
      |invasive|draughty|drafty|stuffy|smelly|soggy|rubbery|tasteless|watery|thin-sounding
        |aggressive\ upselling)\b
    (?!\ (?:cook\w*|down|release|motion|speed|juic\w*|days?|weather|hair|skin|winters?|moving|carb
      |burn
      |feed\w*|roast\w*|growth|plans?|tier|needs|tasks|version|cases?|math|functions|spots?|signal
      |areas?|rooms|(?:\w+\ )?environments|places|offices|streets|conditions|feel\b|shoes))
    """,
    re.VERBOSE,
)
_FAULTY = re.compile(
    rf"""
    \btoo\ (?!many\ to|much\ to|good)\w+
    |\b(?<!not\ )(?:a\ bit|a\ little|a\ tad|somewhat|overly|on\ the)\ (?:large|big|small|heavy
    |short|long
      |old|thick|thin|complex|hard|soft|firm|steep|high|low|warm|basic|plain|bass-heavy|warm
      |cool)\b(?!\ of)
    |\b(?:is|are|feels?|looks?|seems?|sounds?)\ (?:(?:quite|rather|a\ bit|a\ little|too|very|fairly
      |more|somewhat)\ )?(?:basic|plain|large|smaller|shorter)\b(?!\ \w)
    |\b(?:a\ (?:bit|little|tad|touch)|somewhat|overly)\ (?!better|easier|more|less|cheaper|faster
      |lighter|quieter|smoother
      |nicer|extra|further|sharper|warmer\ welcome|stronger|of\b|bit\b|bigger|sweeter|straighter
        |longer|deeper|wider
      |kinder|gentler|softer|richer|brighter|cooler|comfort\w*|luxur\w+|\w*friend\w*|like\b|about
        |help|while|known
      |over\b|under\b|above|below|goes|and\b|later|room|time|money|fun|\$)(?:\w{{2,}}(?<!er)
        |heavier|louder|slower|noisier
      |harder|pricier|weaker|bulkier|stiffer|shorter|thinner|darker|duller|drier|rougher|smaller
        |larger)\b
    |\b(?:pounds?|ounces?|kilos?|grams?|inches|decibels)\ (?:heavier|larger|longer|thicker
      |louder)\b
    |\btwice\ the\ (?:weight|size|noise|height)\b|\b(?:half|a\ third)\ the\ (?:range|battery
      |capacity|speed|storage)\b
    |\bon\ the\ (?:small|large|heavy|short|long|thin|thick|soft|firm|basic|bulky|slow|loud|low|high
      |heavier|smaller|larger|shorter|thinner|dry|quiet|plain|warm|cool|pricey)(?:er)?\ side\b
    |\b(?<!even\ ){LESSER}\ (?!prices?\b|costs?\b|monthly){_OF_OTHERS}(?=\w)
    |\b(?:squeaks?|squeal|rattle|wobble|slips|slides\ off|sheds|smells|stinks|drifts|tangles
      |smudges|scuffs|dents
      |warps|bends\ (?:easily|out)|shrinks|stretches\ out|drops?\ (?:out|calls|the\ connection
        |connections)|cuts?\ out
      |lets?\ you\ down|eats\ (?:battery|into|up)|takes\ up\b|gets\ in\ the\ way|falls?\ (?:over
        |off)|tires\b|strains\b
      |buries|bury\b|caps\ |forgets\b|nags?\b|hesitates|bump\ (?:from|into)|hips?\ sink
      |wears?\ (?:records|thin|through|down)|walk\ across\ the|run\ dry)\b
    |\b(?:squeals|rattles|creaks|(?<!barely\ )wobbles|rusts|peels|fades|sags|jams|stutters|leaks
    |scratches
      |overheats|chips|frays|pills|clogs|stalls|freezes|disconnects|wears\ (?:out|off)|falls\ apart
      |tears)\b(?!\ (?:and|or)\ dip)
    |\b(?:crash|break)(?:es|ed)?\b(?!\ (?:down|the\ bank|in))
    |\b(?:breached|fined|sued|discontinued|banned(?!\ (?:substance|ingredient)))\b|\bfail(?:s|ed
    |ures?)\b
    |\bdrains?\ (?:fast|quick)\w*|\b(?:throttl|deprioriti[sz])\w+
    """,
    re.VERBOSE,
)

FAULT = re.compile(
    r"\b(?=\w)(?:"
    + "|".join(
        f"(?:{kind.pattern})"
        for kind in (
            _LACKING,
            _LIMITED,
            _HEDGED,
            _TROUBLE,
            BURDEN,
            RESERVATIONS,
            CONDITIONS,
            _ADJECTIVES,
            _FAULTY,
        )
    )
    + ")",
    re.VERBOSE,
)
"""What finds fault by itself."""

_TOKEN = re.compile(r"[a-z]+(?:-[a-z]+)*")


@cache
def _listed_faults() -> frozenset[str]:
    """Return the words of ``faults.txt``, in lower case; read once."""
    listed = files("overheard_sentiment").joinpath("faults.txt").read_text(encoding="utf-8")
    lines = (line for line in listed.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def fault_words(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) offsets of the words of ``faults.txt`` in a text in lower case, in
    order; an empty list without one. A word with hyphens counts as one word.
    """
    faults = _listed_faults()
    if faults.isdisjoint(_TOKEN.findall(text)):
        return []
    return [found.span() for found in _TOKEN.finditer(text) if found.group() in faults]
