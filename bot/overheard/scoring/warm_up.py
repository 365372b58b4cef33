"""A first reading before there is an answer.

Scorers compile their patterns when they are first used, so that no command waits for them. In a bot
they would hold the event loop for a tenth of a second, in which no click is acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from overheard.domain import (
    Answer,
    Brand,
    Citation,
    Fact,
    Finish,
    Model,
    Prompt,
    Question,
    Reading,
    Reply,
)
from overheard.interfaces import Scorer
from overheard.plugins import IsolatedScorer
from overheard.reading.reader import Reader
from overheard.scoring.scorer_calls import waits

_BRAND, _RIVAL = Brand("Acme", domains=("acme.com",), competitors=("Globex",)), Brand("Globex")
_FACT = Fact("Acme", "founded", "2009")
_SOURCE = Citation("https://example.com/acme")
_TEXT = """For most teams I would pick **Acme**, founded in 2009 [1].

1. **Acme**: easy to use, but expensive, and it lacks an offline mode.
2. **Globex**: cheaper, and not as polished as Acme.
"""


def made_up_reading() -> Reading:
    """Return an answer about a brand, its rival and a fact, of which every built-in scorer gives
    scores.
    """
    question = Question(Prompt("Which tool is best for a small team?"), Model("none", "none"))
    reply = Reply(_TEXT, Finish.COMPLETE, citations=(_SOURCE,))
    answer = Answer(0, question, reply, datetime(2026, 1, 1, tzinfo=UTC))
    return Reader((_BRAND, _RIVAL)).read(answer).reading(_BRAND, (_RIVAL,), (_FACT,))


def warm_up(scorers: Iterable[Scorer]) -> None:
    """Let scorers read a made-up answer, so that they compile their patterns; their scores are
    dropped, and errors are ignored.

    Left out are judges, async scorers, and scorers of the child process. This takes half a second,
    and is meant for a thread.
    """
    reading = made_up_reading()
    for scorer in scorers:
        if not isinstance(scorer, IsolatedScorer) and not waits(scorer):
            with suppress(Exception):  # it is reported when the scorer fails on a real answer
                scores = scorer.score(reading)
                if isinstance(scores, Iterable):
                    list(scores)
