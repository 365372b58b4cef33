"""Words with which an answer picks a brand, limits the pick, or leaves a brand out.

The words are in ``picks.txt``; what is short, or about places in a text, is here.
"""

import re

from overheard import WordLists

PICKS = WordLists("overheard_visibility", "picks.txt")

_compiled, _phrases = PICKS.compiled, PICKS.phrases

WORD = re.compile(r"[^\W_]{3,}")
PLAIN_WORDS = PICKS.words("plain")
AWARD = _compiled("award")
OVERALL_AWARD = _compiled("overall award", r"\W*(?:(?:the|my|our|final|clear) )*{}\W*")
CITED = _phrases("cited")
CITED_VALUE = _compiled("reported", r"{}best (?:overall value|value overall)\b")
"""Words that report an award for the price: the choice if the question asks for that."""
PICK_BEFORE_NAME = _phrases(
    "words of a pick", r"{} (?:(?:using|trying|checking out|looking at|going with|the|an?) )*\Z"
)
PICK_BEFORE_JAPANESE_NAME = _compiled("pick before name")
PICK_AFTER_NAME = _phrases("pick after name")
OPENING_PICK = _phrases("opening pick")
OPENS_PICK = re.compile(
    r"(?:.*[,:;\u2013\u2014-]\s)?(?:(?:and|so|but|overall|that|(?:I|we) think|"
    r"(?:I|we)(?:['\u2019]d| would) (?:say|argue)) )*(?:(?:the|die|der|das|la|le|el|les|los) )?\W*",
    re.IGNORECASE | re.DOTALL,
)
"""What stands before the name, from the beginning of its sentence."""
PICK_IN_SENTENCE = _phrases("pick in sentence", r"\b{}")
UNIVERSAL_CONDITION = _compiled("universal condition", r"\b{}")
PICK_IN_DOUBT = _phrases("universal condition", r"\b{}")
CONDITION = re.compile(
    r"\b(?:if|unless|provided|when|where(?!\ (?:I|we|you)\b)|(?<!not )only|but\ for"
    r"|for\ (?!most|the\ money|you\b|me\b)"
    r"|falls\ (?=(?:sie|du|ihre?|man|es|wir|ich|der|die|das|eine?|nötig)\b)"
    r"|solo\ (?=(?:si|para|cuando|en)\b)"
    r"|(?:wenn|sofern|(?<!nicht )nur|(?<!non )seulement|quand|lorsque|sauf|cuando|salvo)\b"
    r"|für\ (?!die\ meisten|sie\b|dich\b|mich\b)|pour\ (?!la\ plupart|moi\b|vous\b|toi\b)"
    r"|para\ (?!la\ mayoría|mí\b|ti\b))",
    re.IGNORECASE,
)
"""Words around a recommendation that limit it to a part of the readers."""
FOR_PHRASE = re.compile(
    r"\b(?:for|für|pour|para)\ (?:(?:an?|the|your|my|eine?n?|die|une?|la|una?)\ )?[\w-]+"
    r"(?:\ [\w-]+)?",
    re.IGNORECASE,
)
"""The part of a recommendation that says for whom or what it is."""
FOR_OTHER_READERS = re.compile(
    r"(?:\A|[.,;:\u2013\u2014]\s)(?:but\s)?"
    r"(?:otherwise|for (?:any|every)\w+ else|if not|if it is(?:n['\u2019]t| not))\b",
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
REFUSED = _compiled("no pick", r"\b(?:I|we)(?:['\u2019]d| would) (?:{})(?:(?! but\b)[^.;:])*\Z")
"""What stands before a name that a sentence refuses to pick: "I'd rule out X first"."""
DENIED_PICK = _compiled("denied pick")
DENIED_AFTER_NAME = _compiled("denied pick", r"(?: [\w.+-]+){0,2}? ?{}")
ENUMERATED = re.compile(
    r"(?: [A-Z0-9][^\s,.;:]*){0,3}(?:,? (?:and|or|et|und|y|ou|oder) "
    r"|, (?=[^,.;:]{2,30},? (?:and|or|et|und|y|ou|oder) )"
    r"| for [^,.;:]{2,30},? (?:and )?(?=[A-Z][^,.;:]* for ))(?:the )?(?!I\b)[A-Z0-9]"
    r"(?![^\s,.;:]*(?: [A-Z0-9][^\s,.;:]*){0,3} (?:(?!as )[a-z]*[a-rt-z]s|would) (?!for )[a-z])"
)
"""What follows a name that is picked with others, so that none is the pick: " and Acme"; not the
subject of another clause: " and Acme comes second".
"""
PAST = re.compile(
    r"\b(?:my|our) (?:(?!of |I |we )\w+ ){1,3}(?:was|were|used to be)\b|\b(?:was|were|used to be)\b"
    r"(?!(?:,? (?!my\b|our\b|the\b)[\w'\u2019]+)*,? (?:is|are|would be|(?:it|that)['\u2019]s)\b)"
)
"""The verb of a pick that is over: not one with another, of the present, between it and the pick,
such as in "all that I was shown is".
"""
LABEL_BEFORE_NAME = re.compile(
    r"\bwhere (?:the )?\Z|(?:\A|[.!?)]\s*)\W*(?!so\b|verdict|overall|bottom|in short|conclusion"
    r"|recommend|my |our |winner)[\w&/ -]{2,30}(?::|\s[\u2013\u2014-])\s*(?:the\s+)?\Z",
    re.IGNORECASE,
)
"""The end of a label before a name: "Camera: the ...", "Camera - the ...", "Where the ..."."""
LIMITED_PICK = re.compile(
    r" (?:(?!not\b|nicht\b|non\b)\w+ )?(?:nur|only|seulement|uniquement|solo)\b"
    r"| (?:wins?|leads?) (?:on|in) "
    r"|(?: (?!und\b)\w+){0,3} (?:abraten|warnen|absehen|verzichten|meiden)\b",
    re.IGNORECASE,
)
"""What follows a name that is picked in a single case ("I would take X only if") or turned down
("würde ich von X abraten").
"""
NEED_BEFORE_NAME = re.compile(
    r"(?:\A|[.!?]\ )\W*for\ (?P<need>[\w\ -]{3,30}),\ (?:the\ )?\Z", re.IGNORECASE
)
"""The need before a name that meets it: "For bread, the ..."."""
NUMBER_ONE = re.compile(r"(?:#\s?1|\b1[.):]|\(1\)|\b1(?=\s)|\U0001f947)\W*\Z")
"""The end of a text before the name that it numbers first."""
FOR_MOST = re.compile(r"\W*(?:most|nearly all|almost all) \w+", re.I)
"""Whom a product is best for, when that is all readers."""
DECISION_HEADING = _compiled(
    "decision",
    r"\W*(?:(?:so|my|our|the|final|quick|short|overall|and the) )*{}"
    r"(?: (?:up front|first|here))?\W*",
)
"""A heading below which the answer decides."""
BARE_ANSWER = re.compile(
    r"(?: [A-Z0-9]\w*){0,3}"
    r"(?:,? (?:if|unless|without|for|by|hands|no|full|assuming)\b[^,;:]{0,50})?[.!]"
)
OPENING_CLAUSE = re.compile(
    r"\W*(?:(?:unless|for|if|honestly|short(?: answer)?)\b[^,.;:]{0,60}[,:] ?)?(?:the )?", re.I
)
"""Around a name that is the whole first sentence of an answer: "Acme, if the budget allows."."""
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
LEFT_OUT = _compiled("left out", r"\b{}\b")
ADVISED_AGAINST = _phrases("advised against", r"\b{}\b")
TURNED_DOWN = _phrases("turned down")
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
SUGGESTED = _phrases(
    "suggested", r"\b{}(?:[^.:]{0,200}(?:[,;&]|\band|\bor|[a-z](?=(?-i:[A-Z])?\Z)) ?(?:the )?)?\Z"
)
BESIDE = _phrases("beside", r"\b{}")
OBJECT = _compiled(
    "object", r"{}\s*(?:(?:the|its|your|an?|their|our|some|any|other|existing|current)\s+)?\Z"
)
POSSESSIVE = re.compile(r"['\u2019]s\ ")
"""Between a maker and its brand: "Acme's Bolt"."""
COMPOUND = re.compile(r"-[a-z]")
"""The rest of a word that a name begins: "Acme-powered"."""
SPEAKS = re.compile(PICKS.pattern("speaks"))
SELLERS = _phrases("sellers", r"\b{}\b")
ASKS_FOR_SELLERS = re.compile(
    r"\b(?:where|places?|stores?|shops?|retailers?|sellers?|(?:web)?sites?|buy from)\b",
    re.IGNORECASE,
)
"""Words of a question whose answer is a seller."""
