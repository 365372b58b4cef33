"""Patterns of what the user has to put up with, in English: burdens, reservations, conditions.

They find fault without saying that anything is missing or bad; see `overheard_sentiment.faults`.
"""

from __future__ import annotations

import re

BURDEN = re.compile(
    r"""
    \b(?=\w)(?:
    you(?:['\u2019]ll|\ will|\ may|\ might|['\u2019]d)\ (?:only\ |also\ |probably\ |likely\ )?
      (?:be\ (?:living|paying|stuck|pushed|asked|left|locked|tied|limited|waiting|charged|forced
        |buying|on\ your\ own)
      |end\ up\ (?!with\ a\ (?:better|great)|saving|happ)|find\ yourself|spend\ (?:the|your
        |hours|days|weeks
        |more)|(?:soon\ |quickly\ )?(?:miss|lose|outgrow|run\ out)\b|(?:have
          |need)\ (?:a\ \w+\ )?to\ (?:build|bring|write
        |find|maintain|set|sign|learn|type|clean|charge))
    |you(?:['\u2019]re|\ are)\ (?:stuck|tied|locked|limited|on\ your\ own|left|(?:mostly\x20
      |really\ |partly\ )?paying)\b
    |you\ (?:ca(?:n['\u2019]t|nnot)|can\ not|wo(?:n['\u2019]t)
      |will\ not)\ (?!go\ (?:far\ )?wrong|beat|miss|see|hear
      |feel|notice|tell|argue|ask|do\ without|be\ (?:beat|disappoint)|lose|get\ (?:lost|enough)
        |help|wait
      |have\ to|need|imagine|regret|find\ (?:a\ |any\w*\ )?better|mind|worry|break|outgrow
        |run\ out|pay)\w+
    |(?:it|that|which|they|model|app|version|plan|tool|editor|software)\ can(?:['\u2019]t
      |not)\ (?!be\ (?:beat|match|fault)|go\ wrong
      |leak|tip|hurt|fail|break)\w+
    |(?:is|are|was)\ (?:just|only|a\ mere|barely)\ [\d$\u20ac\u00a3]
    |(?:stops?|caps\ out|ends?|cuts\ off|runs?\ out)\ (?:at|after|once)\b(?!\ nothing)
    |no\ longer\b(?!\ (?:have|need|require|necessary|an\ issue|a\ problem|true))
    |(?:short|light|thin|weak)\ on\b(?!\ (?:system|resources|memory|battery|maintenance|calories
      |sugar|effort|your|the|you|every))
    |rough\ (?:around\ the\ )?edges|hit[- ](?:or|and)[- ]miss|(?:put|putting)\ up\ with
      |live\ with\b|make\ do\b
    |wears?\ out\b|gives?\ (?:me|us|some)\ pause|few\ and\ far|afterthought|show(?:s
      |ing)\ (?:its|their)\ age
    |long\ in\ the\ tooth|behind\ (?:the\ (?:leaders?|competition|times|pack|best|curve)
      |its\ (?:rivals|peers)
      |competitors|rivals)\b|more\ than\ (?:with\ )?(?:some|most|many)\ others
    |than\ (?:it|they)\ (?:used\ to|should|once)\b|than\ (?:you|i|we)(?:['\u2019]d
      |\ would)\ (?:like|expect|hope|want
      |think)
    |not\ what\ (?:it|they)\ (?:was|were|used)|used\ to\ be\ (?:better|cheaper|free|faster)
    |(?:is|are|feels?|looks?
      |would\ be)\ (?:more\ )?(?:an?\ )?(?:\w+\ )rather\ than\ (?:an?\ )?\w+(?=\W*\Z|[,;.])
    |(?:is|are|remains?|feels?)\ (?:merely\ |just\ |only\ |rather\ |quite\ |fairly\ |still\x20
      |pretty\ |a\ bit\ )?(?:small|thin
      |short|weak|tight|modest|minimal|average|shallow|middling|spotty|mixed|sparse|behind)\b
      (?!\ (?:and\ light|enough|but|price|effort|to\ nil))
    |(?:uneven|varying|mixed|average|dubious|questionable)\ quality|quality\ varies|(?:vary
      |varies)\ (?:wildly|widely
      |a\ lot|greatly|between)
    |depends?\ (?:heavily|entirely|a\ lot|very\ much|largely)\ on
    |only\ (?:comes?|starts?|appears?|unlocks?|exists?|gets?|applies|applied|reaches)\b
    |(?:does|do)(?:n['\u2019]t|\ not)\ exist|(?:is|are)(?:n['\u2019]t|\ not)\ (?:free|published
      |there|public|an\ option|possible
      |what\ it)\b
    |(?:drops?|falls?|dips?|disappears?|vanish(?:es)?|slips?|suffers?|climbs?
      |deteriorates?)\ (?:off\ |sharply\ |quickly\x20
      |noticeably\ )*(?:at\ (?:busy|peak|night|the\ edges)|when\b|once\b|after\ (?:a\ (?:few
        |couple|while|year)|the)|under\ load|on\ renewal|beyond)\b
    |leav(?:es?|ing)\ (?:you\ (?:to|with\ (?:no|few|little))|much\b|a\ lot\b|something|little
      |no\ (?:headroom|room|way|choice)|traces)
    |far\ from\b(?!\ (?:a|the|any)\ )|a\ far\ cry|no\ match\ for|years\ behind
      |(?:still\ )?(?:a\ )?work\ in\ progress|(?:feels?|seems?)\ half
    |(?:some|many|older|younger|most)\ \w+\ (?:struggle|get\ lost|give\ up|never
      |find\ it\ (?:hard|too|over))
    |steep\b(?!\ (?:discount|hill|slope|trail|climb|descent|driveway|terrain))
    )
    """,
    re.VERBOSE,
)
"""What the user has to put up with, and what is less than it was or should be."""

RESERVATIONS = re.compile(
    r"""
    \b(?=\w)(?:
    (?:where|what)\ (?:it|they|this|x\w+)\ (?:really\ )?(?:stumbles?|falls?|loses?|struggles?
      |lags?|fails?|disappoints?|lacks?
      |misses)\b|(?:what|which)\ (?:holds\ (?:it|them)\ back|lets\ (?:it|them)\ down|bothers
        |i\ miss)
    |(?:my|our|the|one|only|main|biggest|real|big)\ (?:\w+\ ){0,2}(?:reservations?|quibbles?
      |nitpicks?|hesitations?
      |sticking\ point|obstacle|hurdle)\b|thing\ (?:i|we)(?:['\u2019]d|\ would)\ (?:change
        |like\ to\ see)
    |(?:i|we)\ (?:wish|missed|would\ have\ liked|sorely)\b|would\ (?:be|have\ been)\ nice
    |do(?:n['\u2019]t|\ not)\ expect\b|beware\b|(?<!\w\ )mind\ the\ (?!gap)\w+|just\ know\b
      |jury\ is|time\ will\ tell|remains\ to\ be\ seen
    |get\ what\ you\ pay|hurts\b|(?:the|an?)\ (?:absence|lack)\ of|(?:less
      |not)\ (?:so\ )?(?:impressed|convinced|thrilled|keen)\b
    |(?:reputation|trust|confidence)\ (?:\w+\ )?(?:suffered|took\ a|taken\ a|shaken|damaged)
    |has(?:n['\u2019]t|\ not)\ (?:kept|been\ (?:updated|fully|great|smooth)|improved|caught
      |moved|aged|grown|received|seen)
    |gone\ quiet|dragged\ its\ feet
    |take(?:s)?\ (?:forever|ages|an\ eternity|most\ of|(?:up\ to\ )?(?:two|three|four|six
      |several|many)\ (?:weeks|months|days)
      (?!\ off))|took\ (?:us|me|our\ \w+)\ (?:most|hours|days|ages|forever|several|two|three
        |weeks|months)
    |wait(?:s|ing)?\ (?:(?:for\ )?(?:days|weeks|hours|months)|times?\ (?:are|can|of|on))|(?:late
      |slow)\ or\ (?:not|never)
    |(?:barely|scarcely|just\ about)\ (?:makes?|lasts?|gets?|covers?|holds?|fits?|works?|enough)\b
    |(?:drops?|falls?|shrinks?|slows?|cut)\ (?:by\ (?:a|half|nearly)|to\ a\ (?:trickle|crawl))
      |all[ -]or[ -]nothing
    |more\ of\ an?\ \w+\ than\b|(?:anything|integrations?|reports?|features?|support)\ beyond\b
      |means\ (?:hiring|paying|buying|calling
      |a\ call|more\ (?:work|clicks|cost))
    |locks?\ (?:you|users|customers)\b|makes?\ you\ (?:call|wait|pay|click|watch|sit|dig|jump
      |work)|fights?\ you\b
    |(?:project|job|chore|science)\ (?:of\ its\ own|in\ (?:itself|its\ own\ right))
      |assumes\ (?:you|that|some|a\b|prior)
    |looks?\ alike|for\ no\ (?:obvious\ |good\ |apparent\ )?reason|(?:crammed|stuffed|littered
      |cluttered|riddled)\ with
    |works?\ best\ (?:if|when|only)|only\ (?:above|below|beyond|outside)|better\ (?:fit
      |suited)\ (?:for|to)\ (?:large|big|enterprise|teams)
    |(?:fair|good|certain)\ (?:amount|bit|deal)\ of\ (?:setup|set-up|work|training|tinkering
      |effort|configuration|patience|manual)
    |results?\ (?:may\ |can\ |will\ )?vary|(?:do|does|handle|handles|manage|manages)\ (?:this
      |that|it)\ better|(?:less|price|better)\ elsewhere
    |runs?\ (?:a\ |half\ |one\ |\w+\ )?(?:size\ |bit\ |little\ |touch\ )?(?:small|narrow|short
      |hot|warm|loud)\b|sleeps?\ (?:warm|hot)
    |gets?\ (?:too\ |very\ |quite\ |a\ bit\ )?(?:hot|loud|slow|messy|noisy|expensive|dirty|dusty
      |tedious|old|buried)\b
    |a\ lot\ to\ (?:carry|pay|ask|take|learn|lift|manage)|attracts?\ (?:lint|dust|hair|dirt
      |finger)|unevenly\b
    |do(?:es)?(?:n['\u2019]t|\ not)\ do\b(?!\ (?:any|much)\ (?:harm|damage))|(?:count
      |counts)\ (?:as\ (?:paid|a)|towards?\ (?:your|the))
    |at\ your\ (?:own\ )?(?:expense|cost|risk)|credit\ card\ (?:before|up\ front|is\ required
      |required\ for)
    |(?:set|sets)\ you\ back|cost(?:s)?\ a\ (?:small\ )?(?:fortune|bundle|bomb)|(?:adds
      |add)\ [$\u20ac\u00a3]\d|pay\ (?:separately|on\ top)
    |more\ for\ less\b
    |(?:an?|such\ an?)\ (?:maze|puzzle|slog|mess|ritual|minefield|jungle|mouthful|lottery
      |dead\ end|moving\ target|stopgap)\b
    |digs?\ into\ your|w(?:ore|ears)\ through|comes?\ (?:undone|loose|unstuck|apart)|(?:gave
      |gives|giving)\ out\b|drags?\ on\b
    |(?<!never\ )g(?:ets|ot)\ stuck|piles?\ up\b(?!\ points)|interrupts?\b|intrudes?\b
      |by\ accident|at\ random
    |logs?\ you\ out|forces?\ (?:you|everyone|users|teams|people|customers)|gloss(?:es)?\ over
      |spy\ on|overstates?|understates?
    |slips?\ (?:out|off|down)\b|collapses?\b(?!\ (?:to|into|flat|before))|flattens?\b|smelled\b
      |means?\ little
    |among\ the\ (?:worst|tightest|slowest|lowest|weakest|least|noisiest|loudest|dearest)
      |plunged|plummeted|tumbled
    |minimum\ of\ (?:\d|two|three|four|five|six|ten)|(?<!no\ )strings\ attached|(?:is
      |are)\ extra\b|close\ to\ zero
    |(?:few|hardly\ any)\ (?:\w+\ )?can\ (?:justify|afford)
      |pay\ for\ \w+\ (?:that\ )?you\ (?:don|won|may|never)
    |than\ (?:it|they)\ should|look(?:s)?\ (?:as\ if|like)\ (?:it|they)\ (?:come|comes|date
      |dates|belong|belongs|was|were)\b
    |keeps?\ (?:asking|nagging|pushing|losing|forgetting|crashing)|(?:tends?
      |likes?)\ to\ (?:hang|crash|forget|lose|drop|slip|overheat|break)
    |(?:asks?|wants?|expects?)\ (?:too\ much|a\ lot)|too\ many\b(?!\ to)|too\ (?:much|few
      |little)\b(?!\ (?:to\ choose|of\ a\ good))
    )
    """,
    re.VERBOSE,
)
"""Frames of a reservation: "where it stumbles", "the one thing I'd change", "takes ages"."""

CONDITIONS = re.compile(
    r"""
    \b(?=\w)(?:
    (?:if|provided|assuming|as\ long\ as|so\ long\ as|once)\ you(?:['\u2019]re
      |\ are)?\ (?:can\ (?:live|put\ up|cope
      |stand|stomach|tolerate|handle|forgive|get\ past|accept)|accept|put\ in\b|(?:prepared
        |ready)\ to
      |have\ (?:the|some|enough)\ (?:\w+\ )?(?:patience|time|space|skills?|room|stomach
        |developers?|person
        |administrator|team)|have\ (?:someone|somebody))
    |provided\ that\b|unless\ you\ (?:pay|upgrade|build|buy|set|add|clean|configure|train|keep
      |charge|host)
    |(?:rarely|seldom|hardly\ ever)\ (?!needs?|fails?|breaks?|crash|gets?|refuse|miss|disappoint
      |seen|found|goes
      |loses?|drops?|complain|bothers?|matters?|an?\b|do\ )\w+
    |little\ (?:else|reason|point|to\ (?:fall|do|offer|show|choose|say|set))\b
    |(?:no|not\ much)\ (?:good\ |real\ |obvious\ )?(?:reason|point)\ (?:to|in)\b
      |not\ (?:\w+\ ){0,2}(?:strong\ suit|forte)
    |loses\ (?:out|ground|points)|eats\ (?:memory|ram|through)|(?:bites?|stings)\b(?!\ of)
      |costs\ you\b(?!\ (?:nothing|less))
    |(?:thin|weak|tight|poor|slow|stingy|shallow|short|sparse)\ (?:bass|padding|sound
      |(?:\w+\ )?limits?|storage|battery|coverage
      |mids?|treble|contrast|documentation|docs|support|selection|signal|speeds?|resolution
        |quality|lighting|reach
      |reporting|integrations?|search|customi[sz]ation)\b
    |low\ (?:\w+\ ){0,2}(?:limits?|coverage|quality|resale|resolution|contrast)\b
    |can(?:['\u2019]t|not)\ (?!(?:quite\ |really\ )?(?:go|beat|be\ (?:beat|match|over|fault)
      |fault|complain|ask|argue|miss|see|hear
      |feel|notice|tell|imagine|get\ enough|help|wait|leak|spill|tip|slip|hurt|lose|remember
        |do\ without|live
      |afford|make|decide|find|say|think|stand|recommend|have|bear|stop|touch|reach|rust|happen
        |come))\w+
    |more\ than\ an?\ (?:pound|kilo|hour|week|month)\b
    )
    """,
    re.VERBOSE,
)
"""Under which conditions it works, what it cannot do, and what there is too little of."""
