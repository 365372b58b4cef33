"""Beginnings of sentences that tell whether they go on about the subject before or about another.

Who owns a sentence is decided in ``structure.py``.
"""

from __future__ import annotations

import re

CLOSING = re.compile(
    r"(?:each|all|both|any|either) of (?:these|them|the)\b|these\b|ultimately\b|when (?:choosing"
    r"|selecting|shopping|buying|deciding|comparing|evaluating)\b|remember\b|whichever\b"
    r"|in general\b|overall, (?:the|these|each|your)\b|in (?:summary|conclusion|short)\b"
    r"|to (?:summarize|sum up)\b|before (?:buying|choosing|purchasing|you)\b|both\b|always\b"
    r"|make sure\b|be sure\b|prices (?:and|may|can|are|vary)\b"
    r"|(?:for|as) (?:more|the most|up-to-date)\b|note:?\s+prices\b"
    r"|it['\u2019]s (?:also |always |generally |highly )*(?:a good idea\b|worth \w+ing\b"
    r"|(?:recommended|important|best|advisable|essential|crucial|wise|helpful) (?:to|that)\b)"
    r"|consult\b",
    re.IGNORECASE,
)
"""Beginnings of sentences about all brands, or about the choice itself."""
ADVISING = re.compile(
    r"(?:if you\b|if your\b|consider\b|choose\b|look for\b|for most\b|determine\b|ensure\b"
    r"|think about\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that may begin a new subject."""
GOING_ON = re.compile(
    r"(?:on the (?:other hand|downside|flip side|plus side)|however|that said|still|it(?:s"
    r"|['\u2019]s)?"
    r"|they|their|the (?:main |biggest |only |one )?(?:downsides?|drawbacks?|catch|trade-?offs?"
    r"|upsides?|strengths?))\b",
    re.IGNORECASE,
)
"""Beginnings of paragraphs that go on about the subject of the paragraph before."""
DECIDING = re.compile(
    r"(?:(?:if|for|with|since|as)\b[^.]*,|overall\b|bottom line\b|in short\b|my (?:pick|choice)\b"
    r"|(?:choose|go with|start with|take|pick)\b|(?:I|we)(?:['\u2019]d| would)\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that no longer belong to the cons before them."""
PRONOUN = re.compile(
    r"(?:it(?:s|['\u2019]s)?|they(?:['\u2019]re)?|their)\b(?!['\u2019]| (?-i:[A-Z]))", re.IGNORECASE
)
"""Beginnings of sentences about the subject of the sentence before: "It runs on Acme"."""
ELIDED = re.compile(
    r"(?:Add|Boast|Bring|Carrie|Combine|Come|Connect|Deliver|Feature|Include|Integrate|Make|Offer"
    r"|Pack|Pair|Provide|Run|Share|Support|Use|Work)s\s(?!(?:from|by|and|or|of|in|at|are|is|like)\b)"
    r"|[A-Z][a-z]+s\s(?:a|an|the|with)\s"
    r"|(?:Considered|Known|Praised|Lauded|Backed|Built|Made|Powered|Equipped)\s"
)
"""Beginnings of such sentences without a subject: "Features a motor by Acme"."""
ASIDE = re.compile(
    r"\b(?:than|unlike|that|which|what|the way|like|compared (?:to|with)|instead of|rather than)\s"
    r"(?:the |an? |its |your )?\Z",
    re.IGNORECASE,
)
"""Words before names that a sentence about the subject before compares with."""
