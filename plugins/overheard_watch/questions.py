"""The twelve fixed questions that a watched model is asked each day."""

from collections.abc import Iterable

from overheard import Prompt

SHORT = "Answer in at most 40 words."
NEUTRAL = (
    "Why do leaves change their colour in autumn?",
    "What is worth seeing in Vienna on one day?",
    "Write a note of thanks to a neighbour who watered the plants.",
    "How does a refrigerator work?",
    "What should one know before learning to play the piano?",
    "Describe a quiet morning at a lake.",
    "How do I remove a stain of red wine from a tablecloth?",
    "Tell a very short story about a lost umbrella.",
)
OF_MARKET = 4
COMMON = (
    "Which brand of running shoes is best for a beginner?",
    "Which laptop do you recommend for a student?",
    "What is the best app for a shopping list?",
    "Which electric car is good value for a family?",
)
"""Asked in place of questions of a market where there are too few."""


def questions(prompts: Iterable[Prompt]) -> list[str]:
    """Return twelve texts: eight neutral ones, and four of the market, which are the first of the
    prompts.
    """
    asked = [prompt.text for prompt in prompts]
    of_market = [*dict.fromkeys(asked), *COMMON][:OF_MARKET]
    return [f"{text} {SHORT}" for text in (*NEUTRAL, *of_market)]
