"""The words by which statements are checked, from the files beside this module."""

from overheard import WordLists

FACTS = WordLists("overheard_accuracy", "facts.txt")
PLACES = WordLists("overheard_accuracy", "places.txt")


def named_words(name: str) -> dict[str, str]:
    """Return the words of a list in ``facts.txt`` by their names: its lines are a name, a colon and
    words.
    """
    parts = (line.partition(": ") for line in FACTS.lines(name))
    return {head: words for head, _, words in parts}
