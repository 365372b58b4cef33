"""Words with which an answer picks a brand, limits the pick, or leaves a brand out."""

from __future__ import annotations

import re

CHOICE = (
    r"(?:choice|option|pick|bet|recommendation|all-rounder|winner|answer|tool|one"
    r"|starting\ point|default|stop|port\ of\ call)"
)
ASPECTS = (
    r"(?:value|performance|quality|experience|budget(?!\ pick)|sound|design|picture|camera"
    r"|display|battery"
    r"|features?|comfort|durability|price)"
)
WORD = re.compile(r"[^\W_]{3,}")
PLAIN_WORDS = frozenset(
    {"above", "overall", "particular", "the", "for", "and", "with", "who", "most", "all"}
)
PICK_BEFORE_NAME = re.compile(
    rf"""
    (?:
      (?:\A|[.!?|]\ )\W*(?:bottom\ line|in\ short|verdict(?:\ up\ front)?|(?:my|our
        |final)?\ ?recommendation|(?:short
      |quick)\ answer
        |the\ answer|(?:my|our)\ pick|winner|tl;?dr|overall)[:,]
      |\b(?:I|we)(?:['\u2019]d|\ would|\ usually|\ always|\ personally)?\ (?:\w+\ )?(?:recommend
      |suggest|go\ (?:with|for)
        |start\ (?:the\ \w+\ )?with|opt\ for|pick|choose|buy|take|get|trial|try|reach\ for
        |stretch\ to|lean\ (?:to|toward)s?|settle\ (?:on|for)|stick\ (?:to|with)|side\ with
          |sign\ up\ for
        |spend\ (?:my|our|the)\ money\ on|put\ (?:my|our|your)\ money\ on)
      |(?:\A|[,;:.\u2013\u2014]\ ?)(?:so\ |then\ |just\ |definitely\ )?(?:go\ (?:with|for)|get
      |buy|start\ with|pick|choose|take|stick\ (?:with|to)|stay\ with|opt\ for|book|order
        |settle\ (?:on|for))
      |\b(?:my|our|the)\ (?:\w+\ ){{0,2}}?(?:best|top|first|overall|clear|safest
      |strongest)\ (?:\w+\ )?{CHOICE}
        (?:\ (?:for\ (?:most|you)\b[^,.]{{0,24}}\ )?(?:is|would\ be|overall\ is)|:)
      |\b(?:my|our)\ {CHOICE}(?:\ (?:is|would\ be)|:)
      |\bit(?:['\u2019]d|\ would)\ (?:have\ to\ )?be
      |\bthe\ (?:winner|right\ {CHOICE})\ for\ (?:you|your\ \w+)\ is|\bthe\ sweet\ spot\ is
        |\bthe\ overall\ best(?:\ \w+)?\ is
      |\b(?:and|then)\ (?:just\ )?(?:buy|get|go\ with)|\b(?:honest|own)\ (?:opinion|take|view
        |advice|answer)(?:\ is)?[:,]
      |\b(?:nothing|nobody|no\ (?:other\ )?\w+)\ (?:else\ )?(?:comes\ close\ to|matches|beats
        |touches|rivals|tops)
      |\bif\ you\ (?:want|need)\ (?:just\ |only\ )?one\b[^,.]{{0,30}},\ it['\u2019]s
      |\bif\ I\ (?:were|was)\ (?:buying|choosing|in\ your|you)\b[^:.]{{0,60}}[:,]
      |\bmy\ {CHOICE}\ for\ [^.,;]{{3,50}}\ (?:is|would\ be)
      |\b(?:I|we)(?:['\u2019]d|\ would)\ (?!not\b|never\b|hardly\b|only\b|also\b|still\ \w+\ at
        |avoid|skip
        |pass\b
        |steer|stay\ (?:away|clear)|rank|add\b|say\b|argue|leave|compare|hesitate|rule|hold|expect
        |weigh|rather\ not|use\ it|consider|look\ (?:at|into)|keep\ an|worry|note)\w+
        (?:\ (?!if\b|than\b|over\b|unless\b|only\b|instead\b|from\b|about\b|against\b
          |away\b|nothing\b|no\b|not\b)[\w'\u2019-]+)
        {{0,5}}?
      |\b(?:ich|wir)\ (?:w\u00fcrden?|empfehlen?|raten?|nehmen?|greifen?|tendieren?
        |setzen?)(?:\ \w+){{0,3}}?
        (?:\ (?:zum|zur|zu|auf|f\u00fcr|mit|den|die|das))?
      |\b(?:mein|unser|der|die)e?\ (?:klarer?\ |erster?\ |beste\ )?(?:empfehlung|favorit
        |testsieger|tipp|wahl|sieger)
        (?:\ (?:ist|w\u00e4re|bleibt|hei\u00dft)|:)(?:\ (?:der|die|das))?
      |\b(?:nimm|nehmen\ sie|greif(?:en\ sie)?\ zu(?:m|r)?|am\ besten\ (?:ist|passt
        |eignet\ sich))(?:\ (?:den|die|das|der))?
      |\bf\u00fcr\ die\ meisten\ (?:\w+\ ){{0,2}}?(?:ist|reicht|passt|genügt)(?:\ (?:der|die|das))?
      |\b(?:je|nous|on)\ (?:vous\ )?(?:recommand\w+|conseill\w+|choisi\w+|prendr\w+
        |opter\w+\ pour|ir\w+\ (?:sur|vers)
        |partir\w+\ sur)(?:\ (?:le|la|les|l['\u2019]))?
      |\b(?:mon|notre|ma|le|la)\ (?:meilleure?\ |premi\u00e8?re?r?\ )?(?:choix|recommandation
        |favorie?|pr\u00e9f\u00e9r\u00e9e?|gagnante?)
        (?:\ global)?(?:\ (?:est|reste|serait|va\ \u00e0)|\ ?:)(?:\ (?:le|la))?
      |\b(?:optez\ pour|choisissez|prenez|misez\ sur|partez\ sur
        |pour\ la\ plupart[^.,]{{0,30}},)(?:\ (?:le|la))?
      |\b(?:(?:te|os|le|les)\ )?(?:recomiendo|recomendamos|recomendar\u00eda\w*|elegir\u00eda\w*
        |optar\u00eda\w*\ por|comprar\u00eda\w*
        |(?:me|nos)\ quedar\u00eda\w*\ con|me\ quedo\ con|nos\ quedamos\ con)(?:\ (?:el|la))?
      |\b(?:mi|nuestra|nuestro|la|el)\ (?:mejor\ |primera\ )?(?:elecci\u00f3n|recomendaci\u00f3n
        |favorit[oa]|apuesta|opci\u00f3n
        |ganador[a]?)(?:\ (?:general|para\ la\ mayor\u00eda))?(?:\ (?:es|ser\u00eda
          |sigue\ siendo)|:)(?:\ (?:el|la))?
      |\b(?:elige|escoge|qu\u00e9date\ con|apuesta\ por|opta\ por
        |para\ la\ mayor\u00eda[^.,]{{0,30}},)(?:\ (?:el|la))?
      |\b(?:notre\ (?:premier\ )?choix|unser\ favorit|nuestra\ (?:primera\ )?(?:opci\u00f3n
      |elecci\u00f3n))
        \ (?:est|ist|es)
      |\b(?:overall\ |clear\ )?winner(?:\ (?:here\ )?is|:)|\bfor\ most\ (?:of\ (?:you|us|them)
      |[\w-]+)(?:\ \w+)?
        (?:,|\ is|\ with|\ get|\ it['\u2019]s|\Z|(?=\ the\ ?\Z))
        (?:(?!\b(?:while|but|whereas|though|although)\b)[^.]){{0,30}}?
      |\b(?:everyone|everybody|anyone|all|most)\ (?:else|others)(?:\ should(?:\ \w+){{1,2}})?,?
      |\bbest\ (?:overall|all-round(?:er)?|choice|pick)(?:\ (?!picks|options|choices
      |{ASPECTS})\w+){{0,2}}(?:\ is|:)|\bhard\ to\ beat
      |\bthe\ (?:one|tool|{CHOICE})\ (?:I|we|to|that\ (?:I|we|most))\b[^,.]{{0,40}}?\ is
      |\bthe\ (?:best|safest|surest|smartest|strongest|sanest|easiest|obvious|natural|sensible
        |simple|honest)\ (?:overall\ )?(?:{CHOICE}|buy|fit|match|place\ to\ (?:start|begin))
        (?:\ (?:for\ (?:most|you|your|the\ majority)\b[^,.]{{0,30}}|overall|here|today|right\ now))?
        \ (?:is|would\ be|remains|has\ to\ be|goes\ to)
      |\b(?:(?:best|safest|first)\ bet|top\ pick|first\ choice|(?:short\ |simple\ )?answer)
        (?:\ (?:is|would\ be|remains|has\ to\ be)|:)
      |\b(?:(?:my|our)\ (?:vote|nod|money)|the\ (?:nod|edge|crown|title|prize|win|point|victory
        |trophy|gold))
        \ (?:goes|has\ to\ go|would\ go|is)\ (?:to|on|with)
      |\b(?:look\ no\ further\ than|(?:can['\u2019]?t|cannot)\ (?:beat|go\ (?:far\ )?wrong\ with)
        |nothing\ beats
        |you\ want(?=\ the\ )|(?:better|best)\ (?:off|served)\ (?:with|by)|happiest\ with
          |be\ happy\ with
        |(?:point|steer|nudge|send)\ (?:you|most\ \w+)\ (?:to|toward)s?|swear\ by)
    )
    \ (?:(?:using|trying|checking\ out|looking\ at|going\ with|the|an?)\ )*
    \Z
    |(?:\u304a\u3059\u3059\u3081|\u30aa\u30b9\u30b9\u30e1
      |\u304a\u52e7\u3081)(?:\u306a\u306e)?(?:\u306f|[:\uff1a])\s?\Z
    |(?:\u8ff7\u3063\u305f\u3089|\u9078\u3076\u306a\u3089|\u7b2c\u4e00\u5019\u88dc\u306f
      |\u7d50\u8ad6\u306f)[\u3001,]?\s?\Z""",
    re.IGNORECASE | re.VERBOSE,
)
PICK_AFTER_NAME = re.compile(
    rf"""
    (?:['\u2019]s)?(?:\ [\w.+-]+){{0,4}}?
    \ (?:is|are|remains|wins|takes|gets|would\ be|stands\ out|comes\ out|comes|makes|ranks
    |edges|emerges)
    (?:\ (?:still|often|probably|generally|also|easily|clearly|arguably|as|my|our|the|here))*
    (?:\ (?:best|top|clear|overall|safest|strongest|first|easiest)(?:\ (?:overall
    |all-round))?\ {CHOICE}
      |\ (?:best|strongest)(?:\ overall|\ for\ most)\b|\ winner\b|\ {CHOICE}\ (?:for\ most
      |overall|I\b|to\ (?:get|buy|beat))
      |\ (?:out\ )?(?:ahead|on\ top)\b|\ first\b(?!\ \w+ed)|\ (?:best|first)\ {CHOICE}\b
      |\ (?:my|our)\ {CHOICE})
    |\ (?:reste|est)\ notre\ (?:premier\ )?(?:choix|favori)|\ (?:ist
      |bleibt)\ unser(?:e\ erste\ Wahl|\ Favorit)
    |(?:\ [\w.+-]+){{0,3}}?\ (?:ist|bleibt|w\u00e4re)\ (?:\w+\ ){{0,2}}?(?:(?:erste|beste|klare
      |richtige)\ wahl|favorit|testsieger
      |sieger|empfehlung|allrounder|gesamtpaket)\b(?!\ f\u00fcr\ (?!die\ meisten))
    |(?:\ [\w.+-]+){{0,3}}?\ (?:gewinnt|liegt\ vorne?|macht\ das\ rennen|hat\ die\ nase\ vorn
      |\u00fcberzeugt\ am\ meisten)\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:est|reste|demeure|serait)\ (?:notre|mon|ma|le|la)\ (?:meilleure?
      |premi\u00e8?re?r?|grande?)
      \ (?:choix|favorie?|gagnante?|option)\b(?!\ pour\ (?!la\ plupart))
    |(?:\ [\w.+-]+){{0,3}}?\ (?:l['\u2019]emporte|arrive\ en\ t\u00eate|sort\ (?:gagnante?
      |vainqueur)|s['\u2019]impose)\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:es|ser\u00eda|sigue\ siendo)\ (?:la|el|nuestra|nuestro
      |mi)\ (?:mejor|primera|gran)
      \ (?:opci\u00f3n|elecci\u00f3n|apuesta|favorit[oa])\b(?!\ para\ (?!la\ mayor\u00eda))
    |(?:\ [\w.+-]+){{0,3}}?\ (?:gana|se\ lleva\ (?:el|la)|sale\ ganando)\b
    |[^\u3002\u3001]{{0,16}}[\u304c\u3092](?:\u4e00\u756a|\u6700\u3082|\u7b2c\u4e00
      |\u30d9\u30b9\u30c8|\u30a4\u30c1\u30aa\u30b7)
    |\ (?:es|sigue\ siendo)\ nuestra\ (?:primera\ )?(?:opci\u00f3n|elecci\u00f3n)
    |(?:\ [\w.+-]+){{0,3}}?\ (?:is|remains)\ (?:hard|tough|difficult)\ to\ (?:beat|top
      |argue)\b(?!\ (?:for|in|at|on|when)\b)
    |\ is\ where\ (?:I|we|most|you\ should)\b
    |\ first(?=\W*\Z|[.,;])|\ makes?\ the\ most\ sense\b(?!\ (?:if|when|once|for\ (?!most|you)))
    |\ (?:is|would\ be)\ the\ way\ to\ go\b(?!\ (?:if|when|for\ (?!most|you)))
    |\ (?:should\ be|would\ be|is|belongs|sits)\ (?:at|on)\ (?:the\ )?top\ of\ (?:your|my|our
      |the|any)\b
    |\ at\ the\ top\ of\ your\b|\ (?:comes?\ closest|(?:fits?|suits?|matches)\ (?:your\ \w+|you
      |what\ you[^.]{{0,20}}|the\ (?:bill
      |brief))\ (?:best|perfectly))\b
    |\ (?:offers?|strikes?|has|gives?)\ (?:you\ )?the\ best\ (?:overall\ )?(?:balance|mix
      |compromise|package|combination)\b
    |\ (?:is|remains)\ (?:the\ )?(?:our\ |my\ )?(?:clear\ |obvious\ |overall\x20
      |all-round\ )*(?:front-?runner|number\ one|winner
      |standout)\b
    |\ for\ (?:most|nearly\ every(?:one|body))\b(?!\ (?:of\ its|purposes|part))
    |\ is\ (?:the\ )?(?:enough|right\ {CHOICE})\ for\ most\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:is|would\ be)\ an?\ \w+\ {CHOICE}\ for\ most\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:is|would\ be|remains)\ the\ (?:better|best|stronger|safer|smarter
      |right
      |most\ \w+)\ [\w-]+\ for\ (?:most|the\ majority)\b
    |\ (?:wins|takes\ it|gets\ (?:my|our)\ vote|it\ is)\b
    |(?:\ [\w.+-]+){{0,3}}?,?\ (?:hands\ down|no\ contest|no\ question|every\ time
      |without\ (?:(?:much\ |any\ )?hesitation
      |(?:a\ )?doubt|question))\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:is|would\ be|remains|should\ be)\ (?:(?:still|probably|clearly
      |easily|also)\ )?
      (?:the\ (?:obvious|natural|default|sensible|smart|right|easy|logical|simplest|smartest
        |surest|better)\x20
        (?:overall\ |all-round\ |first\ )?(?:{CHOICE}|buy|fit|match|place\ to\ (?:start|begin))
        (?!\ (?:for\ (?!most|you\b|your)|if|when|in\ (?!general)))
      |the\ best\ (?:overall\ )?(?:fit|match|buy|solution|place\ to\ (?:start
        |begin))(?!\ (?:for\ (?!most|you\b|your|what\ you)|if|when))
      |(?:the\ {CHOICE}\ (?:that\ )?(?:to|I|we|you\ should|most)|where\ (?:I|we|you\ should
        |most\ people\ should)
        |what\ (?:I|we))\b
      |all\ (?:that\ )?(?:you|most\ (?:people|teams|users|buyers|families|homes
        |of\ \w+))\ (?:\w+\ )?needs?\b
      |your\ (?:best|safest|first|strongest)\b|(?:my|our)\ (?:favou?rite|answer|vote|default
        |go-to)\b)
    |(?:\ [\w.+-]+){{0,3}}?\ (?:takes|wins|earns|gets|has|deserves|claims|keeps)\ (?:the\ |our\x20
      |my\ )?(?:overall\ )?
      (?:crown|cake|title|edge|nod|lead|prize|win|gold|top\ spot|first\ place|vote|trophy
        |number\ one\ spot)\b
    |(?:\ [\w.+-]+){{0,3}}?\ (?:pulls\ ahead|beats\ (?:them\ all|the\ (?:rest|others|field
      |other\ two)|both|all)
      |tops\ (?:the|our|my|this)\b|leads\ (?:the|our|this)\b|outclasses|suits\ most\b|fits\ most\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)
PICK_IN_SENTENCE = re.compile(
    r"""
    \b(?:
      (?:I|we)(?:['\u2019](?:d|ll|m|re|ve)|\ would|\ will|\ do|\ am|\ are)?\ (?:\w+ly\ |still\x20
      |always\ |usually\ )?
        (?:recommend|suggest|favou?r|opt\ for|settle[d]?\ on|lean(?:ing)?\ to|vote\ for|bet\ on
        |point\ you|steer\ you
        |send\ you|prefer|keep\ coming\ back|put\ (?:my|our)|give\ the\ nod|would\ be\ looking
        |end(?:ed)?\ up\ (?:with
        |choosing|recommending)|pick|choose|go\ (?:with|for)|start\ (?:with|at|from)|crown)
      |(?:my|our)\ (?:\w+\ ){0,2}(?:pick|choice|favou?rite|recommendation|vote|money|answer|winner
      |default|go-to|suggestion
        |advice|verdict|first\ stop|top\ spot|bet|shortlist\ of\ one)
      |the\ (?:\w+\ )?(?:obvious|natural|default|sensible|easy|easiest|logical|smart|safe|safest
      |clear|right|best|strongest|top
        |first)\ (?:all-round(?:er)?\ |overall\ |first\ )?(?:pick|choice|bet|option|answer|fit
        |place\ to\ start|starting\ point
        |buy|default|recommendation|candidate|match|winner|one)\b(?!\ (?:for\ (?!most|you
        |the\ money)|if|when|in))
      |the\ one\ (?:to\ (?:get|buy|beat|choose|start|pick|have)|(?:I|we|most|you\ (?:want|should)))
      |(?:comes?|came|ends?\ up|finish(?:es)?)\ (?:out\ )?(?:ahead|on\ top|first)\b
      |edges?\ (?:ahead|out|it)|gets?\ the\ nod
      |(?:takes?|earns?|deserves?|gets?|wins?|keeps?)\ (?:the\ )?(?:first|top|number\ one|crown
      |title|win|prize|vote|day)\b
      |tops\ (?:the|our|my|this)\b|leads\ the\ (?:pack|field)|sets\ the\ (?:standard|bar)|(?:clear
      |overall)\ (?:winner|favou?rite)\b
      |no-brainer|(?:hard|tough)\ to\ (?:argue\ (?:with|against)|look\ past)
      |can['\u2019]?t\ go\ (?:far\ )?wrong|in\ a\ class
      |head\ and\ shoulders|start\ (?:your\ search\ |here:?\ |there\ )?with|look\ no\ further
      |first\ (?:call|stop|name)\ on
      |(?:most|nearly\ all|the\ majority\ of)\ (?:people|users|teams|buyers|families|readers
      |households|of\ you|businesses
        |companies|homes|shoppers|travell?ers|beginners|others)\ (?:should|will|would|are|ought|can)
      |(?:what|which\ is\ what)\ (?:I|we|most)\b
      |where\ (?:I|we)(?:['\u2019]d|\ would)\ (?:begin|start|go|look|put|spend)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words of a sentence that makes the only brand in it the answer's pick."""
UNIVERSAL_CONDITION = re.compile(
    r"\b(?:if (?:I|we) (?:had|have|were|could)\b|if (?:pressed|forced|in doubt|unsure"
    r"|you(?:['\u2019]re| are) (?:unsure|undecided|not sure|torn)|you (?:only|just)\b"
    r"|you (?:want|need|buy|try|get) (?:just |only )?one\b"
    r"|it (?:truly |really )?(?:has|had) to be (?:just |only )?one\b)|when in doubt"
    r"|(?<![a-z] )if you(?:['\u2019]re| are)? (?:looking for|want|need|after) "
    r"(?:the best (?:overall|all-?a?round|balance|mix|combination|compromise)"
    rf"|an? (?:well-rounded|balanced|good balance))\b(?! {ASPECTS})"
    r"|(?<![a-z] )for (?:the best |an? )?(?:overall|all-?a?round|well-rounded)\b"
    rf"(?! {ASPECTS})(?=[^:]*,))",
    re.IGNORECASE,
)
"""Conditions that hold for every reader."""
CONDITION = re.compile(
    r"\b(?:if|unless|when|where|only|but\ for|for\ (?!most|the\ money|you\b|me\b))", re.IGNORECASE
)
"""Words around a recommendation that limit it to a part of the readers."""
FOR_PHRASE = re.compile(r"\bfor\ (?:a\ |an\ |the\ |your\ |my\ )?[\w-]+(?:\ [\w-]+)?", re.IGNORECASE)
"""The part of a recommendation that says for whom or what it is."""
PRODUCT_AFTER_BRAND = re.compile(
    r"['\u2019]?s?\ (?P<name>(?=[A-Z0-9])[\w+.-]*\w[\w+.-]*(?:\ (?=[A-Z0-9])[\w+-]+){0,2})"
)
"""The name of a product after its brand in a title."""
FOR_OTHER_READERS = re.compile(
    r"(?:\A|[.,;:\u2013\u2014]\s)(?:but\s)?(?:otherwise|if not|if it is(?:n['\u2019]t| not))\b",
    re.IGNORECASE,
)
"""Words of a sentence whose second half recommends to the other readers."""
CLAUSE_BREAK = re.compile(r";|[,\u2014]\s(?:and|but|while|whereas|though)\s", re.IGNORECASE)
"""Between two clauses of a sentence that may be about two brands."""
FOR_SOME_READERS = re.compile(
    r"(?:\A\W*|:\s*)(?:(?:but|and|or) )?(?:if|when|for (?!most|me\b|you\b)|those who|people who)\b",
    re.IGNORECASE,
)
"""The beginning of a sentence that speaks to a part of the readers."""
OPENS_WITH_CONDITION = re.compile(
    r"\W*(?:(?:but|and|or) )?(?:if|when|those who|people who)\b", re.I
)
"""The beginning of a sentence with a condition, however far before the name it stands."""
LABEL_BEFORE_NAME = re.compile(
    r"(?:\A|[.!?)]\s*)\W*(?!so\b|verdict|overall|bottom|in short|conclusion|recommend|my |our "
    r"|winner)[\w&/ -]{2,30}(?::|\s[\u2013\u2014-])\s*(?:the\s+)?\Z",
    re.IGNORECASE,
)
"""The end of a label before a name: "Camera: the ...", "Camera - the ..."."""
NEED_BEFORE_NAME = re.compile(
    r"(?:\A|[.!?]\ )\W*for\ (?P<need>[\w\ -]{3,30}),\ (?:the\ )?\Z", re.IGNORECASE
)
"""The need before a name that meets it: "For bread, the ..."."""
NUMBER_ONE = re.compile(r"(?:#\s?1|\b1[.):]|\(1\)|\b1(?=\s)|\U0001f947)\W*\Z")
"""The end of a text before the name that it numbers first."""
FOR_MOST = re.compile(r"\W*(?:most|nearly all|almost all) \w+", re.I)
"""Whom a product is best for, when that is all readers."""
DECISION_HEADING = re.compile(
    r"\W*(?:(?:so|my|our|the|final|quick|short|overall|and the) )*(?:pick|recommendation|advice"
    r"|conclusion|winner"
    r"|decision|choice|answer|verdict|bottom line|takeaway|call|suggestion|what (?:I"
    r"|we)(?:['\u2019]d| would) (?:do|buy"
    r"|get|pick|choose)|tl;?dr)(?: (?:up front|first|here))?\W*",
    re.IGNORECASE,
)
"""A heading below which the answer decides."""
EXCEPTION = re.compile(
    r"\bunless\b.*|\bif (?:you can|it|its|your budget|the budget)\b.*", re.IGNORECASE | re.DOTALL
)
"""An exception that leaves a recommendation to most readers."""
ASKS_FOR_RANKING = re.compile(
    r"\b(?:rank(?:ed|ing|ings)?\b(?!\ (?:among|as|in))|(?:from\ )?(?:best|fastest"
    r"|strongest)\ (?:to\ worst|first)"
    r"|in\ order\ of|leader ?board|(?:by|in)\ (?:overall\ )?(?:score|merit|rank))",
    re.IGNORECASE,
)
"""Words of a question or of the text above a list that ranks its items."""
ASIDE = re.compile(
    r"\(.*\)\W*\Z|\W*(?:and|but|what about|how about|why not)(?: the)? [\w\s.&'\u2019-]{2,30}\?",
    re.IGNORECASE | re.DOTALL,
)
"""A sentence in parentheses, and a question why something is not among the options."""
LEFT_OUT = re.compile(
    r"\b(?:skip(?:ped|ping)?|avoid(?:ed|ing)?|left out|leave out|not recommended"
    r"|didn['\u2019]t make|did not make"
    r"|steer clear|excluded|omitted|not (?:tested|included|considered|listed)|worst"
    r"|(?:unresolved |most )complaints"
    r"|sponsored|promoted|advertise?ment|(?:also|others?) (?:we )?(?:considered|looked at)"
    r"|set aside|deal-?breakers?"
    r"|(?:most|longest) (?:delays|recalls|outages|waits)|red flags|why not"
    r"|passed on|pass on|stay away"
    r"|worth avoiding|ruled out|not worth|discontinued|where (?:i|we) looked|sources?)\b",
    re.IGNORECASE,
)
ADVISED_AGAINST = re.compile(
    r"\b(?:(?:do not|don['\u2019]t|nobody|no one|hardly|rarely"
    r"|wouldn['\u2019]t)\b[^.]{0,28}\bneeds?"
    r"|only (?:worth|makes? sense|interesting|if you already)|still makes sense"
    r"|is mostly (?:bought|for)"
    r"|comes? up|you (?:mention(?:ed)?|asked|come from|(?:currently|already) use|are (?:leaving"
    r"|switching))"
    r"|missing (?:here|from)|too late for|not (?:included|part of (?:this|the|our))"
    r"|nothing (?:new|this)"
    r"|(?:hard|difficult) to (?:recommend|justify)|(?:can['\u2019]t|cannot"
    r"|couldn['\u2019]t) recommend"
    r"|(?:little|no) (?:reason|point|sense)|(?:not|isn['\u2019]t) in the same (?:league|class)"
    r"|make the (?:cut|list|grade)"
    r"|out of (?:the (?:question|running|race)|proportion)|come into question|rules? (?:it"
    r"|them) out"
    r"|more cautious|been closed|closed (?:its|for good)|(?:since|after) [^,.]{0,40}closed"
    r"|(?:rule|cross|strike)[sd]? (?:it |them )?(?:out|off)"
    r"|ignore|set aside|leave aside"
    r"|(?:has|have) (?:left|closed|shut|ended|withdrawn|exited|merged|been (?:bought|acquired"
    r"|merged|absorbed|retired))"
    r"|(?:was|is|are|were) (?:bought|acquired|owned|retired|absorbed|withdrawn|shut down|made) by"
    r"|is (?:part|a (?:part|unit|subsidiary"
    r"|sister|brand)) of|the (?:parent|company|maker|team|people) behind|same (?:owner|parent"
    r"|company|maker|factory)"
    r"|does(?:n['\u2019]t| not) (?:qualify|apply|serve|deliver (?:to|there)|ship (?:to|there)"
    r"|operate|sell|make|cover your|fly)"
    r"|(?:not|isn['\u2019]t) (?:yet )?(?:available (?:in|where|to you)|sold (?:in|here)|an option"
    r"|a contender|a candidate|eligible)"
    r"|(?:coming|leaving|switching|migrating|moving|upgrading) (?:over )?from|sold (?:its|off|to)"
    r"|used to (?:be|sell|make|own)"
    r"|kommt nicht in frage|lohnt sich (?:nicht|nur|erst)|nur sinnvoll|vor allem f\u00fcr"
    r"|geh\u00f6rt (?:zu|zur|zum)"
    r"|braucht (?:hier )?(?:man|niemand|kaum)|\u00fcberdimensioniert|\u00e9cart\u00e9e?s?"
    r"|pas (?:disponible|retenu|adapt\u00e9)e?s?"
    r"|appartient|ne vaut (?:pas|que)|surtout (?:int\u00e9ressant|destin\u00e9|utile)e?|inutile"
    r"|no (?:merece|compensa|hace falta"
    r"|est\u00e1 disponible)|descartad[oa]s?|se queda fuera|pertenece|sobre todo (?:para|si)"
    r"|nicht dabei|n['\u2019]a pas \u00e9t\u00e9 retenu|sponsored|advertisement|stopped (?:taking"
    r"|selling|making)|no longer"
    r"|(?:i|we)(?:['\u2019]d| would) (?:look elsewhere|steer clear|think twice|hesitate"
    r"|be (?:wary|careful)"
    r"|hold off|not (?:bother|recommend|choose|pick|buy)|stay away)"
    r"|wouldn['\u2019]t (?:bother|consider|recommend|choose|pick|buy|use|start|put|call it)"
    r"|(?:is|are|feels?|seems?|would be|looks?) (?:simply |just |probably |far |well "
    r"|way )?(?:more than you"
    r"|out of (?:reach|budget|scope|place|your)|the wrong|not (?:really |quite )?(?:for|aimed"
    r"|meant|built|the right|what)"
    r"|a (?:poor|bad) (?:fit|choice|match)|unnecessary|pointless|excessive|off the table)"
    r"|isn['\u2019]t (?:really )?(?:for|aimed|meant|built|the right|what|an? (?:[\w-]+ ){0,3}"
    r"(?:competitor|alternative|option|replacement|contender|tool|match|substitute))"
    r"|doesn['\u2019]t (?:fit|meet|belong|count|come close|compete|solve|help (?:here|you))"
    r"|missed the cut|falls outside|disqualif\w+|kept (?:it )?off|wound down|sunset|bankrupt\w*"
    r"|has lost (?:its|the)"
    r"|had its day|days are|for (?:completeness|comparison|reference)"
    r"|in my view it['\u2019]s on its way"
    r"|hard to (?:love|defend|see why)|rather than a saving"
    r"|discontinued|overkill|would pay for|(?:above|over|beyond) your (?:limit|budget|range)"
    r"|(?:i|we)(?:['\u2019]d| would) (?:skip|avoid|pass|leave)|not (?:worth|recommended|for you)"
    r"|left (?:it |them )?(?:out|off)|drops? out|are not on|isn['\u2019]t on (?:this|the"
    r"|our) list|instead of|unlike)\b",
    re.IGNORECASE,
)
"""Words of a sentence that names a brand and does not offer it."""
SHORT_OF = re.compile(
    r"n['\u2019]t\b|\b(?:but|though|although|however|not|no|never|nothing|none|without|only|hardly"
    r"|than|less|too|overkill|expensive|pricey)\b",
    re.IGNORECASE,
)
"""Words of a sentence beside a list of options that says why a brand is none of them."""
OFFERED = re.compile(
    r"\b(?:if|when|unless|also|alternatively|another|worth|consider|option|best|good|great)\b",
    re.IGNORECASE,
)
"""Words with which such a sentence offers the brand after all."""
SUGGESTED = re.compile(
    r"""
    \b(?:
      (?:consider|look\ (?:for|at|into)|opt\ for|choose|choices?|try|check\ out|go\ (?:for|with)
        |options?
        |models?|brands?|picks?|recommend\w*|suggest\w*|sets?|pairs?|systems?|devices?|products?
        |cards?
        |plans?|services?|providers?|tools?|apps?|platforms?|programs?|names)\b
      [^.:]{0,90}?\b(?:like|such\ as|includ(?:ing|es?)|e\.g\.,?|as\ in|from|by|are|is)\ (?:the\x20
        |an?\ )?
      |(?:consider|opt\ for|try|check\ out|go\ (?:for|with)|look(?:ing)?\ at|recommend
        |end(?:s|ed)?\ up\ (?:with|on)|do(?:es)?\ (?:\w+\ )?(?:well|fine)\ with|stretch\ to
          |case\ for|turn(?:ing)?\ to
        |move\ (?:on\ )?to|happy\ with|better\ off\ with|well\ served\ by|swear\ by
          |start\ (?:with|on)
        |settle\ (?:on|for)|stick\ with|overlook|prefer)\ (?:the\ |an?\ )?(?:[\w$\u20ac\u00a3-]+\ )?
      |(?:brands|options|models|choices|contenders|picks|names|examples)(?:\ \w+){0,3}:\ ?
    )
    (?:[^.:]{0,200}(?:[,;&]|\band|\bor|[a-z](?=(?-i:[A-Z])?\Z))\ ?(?:the\ )?)?\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words before a name that is an example of what the answer suggests: "consider models like X"."""
BESIDE = re.compile(
    r"\b(?:(?:pick|choice|award|favou?rite) (?:from|by)\b|according to|whether|(?:do|would) you"
    r"|(?:sources?|reviews?|reviewers|publications?|magazines?|outlets|experts?)\b[^.:]{0,40}\b(?:like"
    r"|such as|from|by|at|on|including)\b|(?:carr(?:y|ies)|sells?|stocks?)\b"
    r"|with (?:an? )?[\w -]{2,30} \((?:e\.g\.|like|such as)"
    r"|(?:considered|named|voted|ranked|praised|rated|recommended|cited|reviewed|tested)\b[^.]{0,40}"
    r"\bby\b|unlike|than|instead of|compared|rivals?|competitors?|alternatives? to|compatible"
    r"|integrat\w+"
    r"|works? with|partners?|networks?|(?:built|powered|made) (?:by|on|into)|owned by|similar"
    r"|assistants?|switch\w*"
    r"|mov(?:e|ing) (?:away )?from|avoid|skip|not\b)",
    re.IGNORECASE,
)
"""Words of a sentence whose examples are no suggestions."""
OBJECT = re.compile(
    r"""
    (?:
      \b(?:is|are|was|were|has|have|had|offers?|provides?|can|do(?:es)?|makes?|comes?|gets?|uses?
        |using|needs?
        |works?|features|includes?|including|supports?|adds?|runs?|adopts?|shares?|accepts?
          |joins?|links?
        |connects?|integrates?|syncs?|pairs?|plays?|sells?|buys?|bought|owns?|owned|made|built
          |powered|based
        |prefer|want|know|check|read|see|visit|earn|rivals?|beats?|matches|replaces?|imitates?
          |called
        |wants?|requires?|takes|gives?|lets?|mentions?|recommended|rated|tested|reviewed
          |sponsors?|boasts|packs)
        \b(?<!\bis)(?<!\bare)[^,;:()\u2013\u2014]{0,60}?
      |\b(?:is|are|was|were)\ (?!the\ |an?\ |now\ )[^,;:()\u2013\u2014]{3,60}?
      |\b(?:with|by|from|than|on|onto|via|through|at|in|into|of|to|over|under|against|beside
        |alongside)
      |[(/]
    )
    \s*(?:(?:the|its|your|an?|their|our|some|any|other|existing|current)\s+)?\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words before a name that is no subject: "runs on Acme", "features Acme's chips"."""
POSSESSIVE = re.compile(r"['\u2019]s\ ")
"""Between a maker and its brand: "Acme's Bolt"."""
COMPOUND = re.compile(r"-[a-z]")
"""The rest of a word that a name begins: "Acme-powered"."""
SPEAKS = re.compile(
    r"['\u2019]s (?:reviews?|tests?|guides?|lists?|experts?|editors)\b"
    r"|(?:(?:,| and| or| &)+ [A-Z][\w'\u2019]*(?: [A-Z][\w'\u2019]*)*){0,3},? (?:also )?"
    r"(?:recommend(?:s|ed)?|suggests?|says|said|notes|reports?|rates|rated|advises?|names|named"
    r"|picked|praised|reviewed"
    r"|tests?|compares?|(?:provide|offer|publishe?|ha[sv]e?)s? (?:[\w-]+ ){0,2}"
    r"(?:reviews|tests|ratings|comparisons))\b"
)
"""Words after the name of a publication or an expert that is cited."""
SELLERS = re.compile(
    r"\b(?:where (?:to|you can) (?:buy|shop|get|find)|buy (?:it |them )?(?:at|from)"
    r"|available (?:at|from)"
    r"|(?:online |major |big |local )?(?:retailers?|stores?|shops?|sellers?|(?:web)?sites?))\b",
    re.IGNORECASE,
)
"""Words around the names of sellers."""
ASKS_FOR_SELLERS = re.compile(
    r"\b(?:where|places?|stores?|shops?|retailers?|sellers?|(?:web)?sites?|buy from)\b",
    re.IGNORECASE,
)
"""Words of a question whose answer is a seller."""
