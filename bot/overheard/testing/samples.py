"""The questions and answers that the kit's checks use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from overheard.domain import Answer, Brand, Fact, Finish, Model, Prompt, Question, Reading, Reply
from overheard.reading.reader import Reader
from overheard.testing.fakes import NOW

ACME, ZENITH = Brand("Acme", domains=("acme.com",)), Brand("Zenith")
FACTS = (Fact("Acme", "price", "$20 a month"), Fact("Acme", "founded", "2014"))
ASKED = "Which one is best? Größe, 大きさ, \U0001f600"
TEXTS = (
    "Acme is good. Zenith is better.",
    "Nobody is named here.",
    "",
    " \n\t",
    "Acme",
    "?!… — ()[]{}<>|\\/`*_~#",
    "Acme \U0001f600 är bra, и Acme хорош. Acmeは良いです。Acme는 좋아요. عربي Acme עברית.",
    "a\u0301 Acme\u200b\u202e\x00 \U0001d4d0 \ufffd",
    "Acme is fine, says everybody who has tried it. " * 2_000,
    "Acme" + "e" * 50_000,
    "# Acme\n\n| a | b |\n|---|---|\n| Acme | `x` |\n\n<b>Acme</b> [link](https://acme.com)",
    "\n".join(f"{n}. Acme, $ {n}: 50 % off since 20{n % 100:02}" for n in range(1, 500)),
)
"""Answers of all sorts: usual, silent, empty, in other scripts, invisible, huge, full of markup."""


def question(text: str = ASKED, model: str = "svc/m-1") -> Question:
    """Return a question with a text, to a model."""
    return Question(Prompt(text), Model.parse(model))


def readings(
    texts: Iterable[str] = TEXTS,
    brand: Brand = ACME,
    competitors: Sequence[Brand] = (ZENITH,),
    facts: Sequence[Fact] = FACTS,
) -> list[Reading]:
    """Return the readings of answers, as a scorer receives them.

    Args:
        texts: The answers' texts; by default those of `TEXTS`.
        brand: The brand that is scored.
        competitors: The brand's competitors.
        facts: The brand's fact sheet.
    """
    reader = Reader([brand, *competitors])
    answers = (Answer(1, question(), Reply(text, Finish.COMPLETE), NOW) for text in texts)
    return [reader.read(answer).reading(brand, competitors, facts) for answer in answers]
