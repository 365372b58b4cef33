"""Advice against a brand: "avoid Acme", "instead of Acme"."""

from __future__ import annotations

import re

_WINDOW = 100
"""Characters before and after a name that are searched."""
_TRIGGERS = (
    *("avoid", "skip", "steer", "stay", "ditch", "beware", "instead", "rather", "pass on", "not "),
    *("never", "n't ", "n\u2019t ", "worth", "poor", "bad", "wrong", "worst"),
    *("nobody", "no one", "twice"),
    *("statt ", "anstelle", "conseill", "au lieu d", "évite", "no recom", "ne recom", "aconsej"),
    *("en lugar", "en vez"),
)
_BEFORE = re.compile(
    r"""
    (?P<denied>(?:do\ not|don['\u2019]t|can(?:no|['\u2019])t|never|hard\ to|not)
      \ (?:just\ |simply\ )?)?
    (?:
      \b(?P<shunned>avoid(?:ing)?|skip(?:ping)?|steer(?:ing)?\ clear\ of|ditch|beware\ of
        |stay(?:ing)?\ (?:away|clear)\ (?:from|of))
      |\b(?:instead\ of|rather\ than|pass\ on)
      |\b(?:statt|anstatt|anstelle\ von|au\ lieu\ de|en\ lugar\ de|en\ vez\ de)
      |\b(?:déconseill\w+|évite[rz]?|desaconseja\w*|desaconsejo
        |no\ (?:recomiendo|recomendamos|recomendaría)|ne\ recommand\w+\ pas)
      |(?:\bnot|\bnever|n['\u2019]t)\ (?:really\ |actually\ |personally\ )?
        (?:recommend|suggest|advise|buy|choose|pick|use|bother\ with|go\ (?:for|with))(?:ed|ing)?
      |\b(?:nobody|no\ one)\ should\ (?:buy|choose|pick|use)
      |\bthink\ twice\ (?:before|about)(?:\ (?:buying|choosing|using|picking))?(?:\ (?:from|with))?
    )
    \ (?:using\ |buying\ |anything\ (?:from|by)\ |products?\ (?:of|from|by)\ )?
    (?:(?:(?-i:[A-Z0-9])[^\s,;.!?]*|and|or|&|the|both|either)[ ,]+)*  # others in the same breath
    \Z""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKING = re.compile(r"\W*(?:\d+\W+)?(?:who|when|why|should|is|do)\b.*\bavoid\b", re.IGNORECASE)
"""A question or heading about who should avoid a brand, which is no advice itself."""
_CHOICE = r"(?:choice|option|fit|pick|tool)"
_BEHIND = re.compile(
    rf"""
    (?:['\u2019]s)?(?:\ \w+)?\ (?:is|are|was|seems|should\ be|would\ be)
    (?:
      (?:\ not|n['\u2019]t)\ (?:(?:really|generally|a|the)\ )?
        (?:worth|recommended|(?:good|best|right|great)\ {_CHOICE})
      |\ (?:probably\ |generally\ |also\ )?
        (?:(?:best\ )?avoided|worth\ (?:skipping|avoiding)
          |(?:the|a)\ (?:poor|bad|wrong|worst)\ {_CHOICE})
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def may_advise_against(body: str) -> bool:
    """Return whether a body contains any word of an advice against something.

    A cheap test, false for most answers, before `advises_against` is called for each mention.
    """
    small = body.lower()
    return any(word in small for word in _TRIGGERS)


def advises_against(body: str, start: int, end: int, sentence: tuple[int, int]) -> bool:
    """Return whether the text advises against a name.

    Args:
        body: The text.
        start: Offset of the name's first character.
        end: Offset after the name.
        sentence: (start, end) offsets of the sentence with the name.
    """
    before = _BEFORE.search(body[max(sentence[0], start - _WINDOW) : start])
    if before:
        asked = before["shunned"] and _ASKING.match(
            body, sentence[0], min(start, sentence[0] + _WINDOW)
        )
        return not asked and not (before["denied"] and before["shunned"])
    return _BEHIND.match(body[end : min(sentence[1], end + _WINDOW)]) is not None
