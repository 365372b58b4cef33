"""The labels of the gold passages hold together: they are checked against their own text."""

from collections import Counter

from passages import passages, problems

MINIMUM = 50


def test_no_label_contradicts_its_text() -> None:
    """Quotes are verbatim, owners are declared or foreign, classes agree with the drawbacks."""
    found = [f"{each.id}: {problem}" for each in passages() for problem in problems(each)]
    assert not found


def test_no_passage_is_there_twice() -> None:
    """Ids and texts are unique."""
    for values in ([each.id for each in passages()], [each.text for each in passages()]):
        assert not [value for value, count in Counter(values).items() if count > 1]


def test_both_halves_hold_enough_of_each_standing() -> None:
    """Each half can measure what is rare in answers."""
    for half in ("dev", "test"):
        labels = [label for each in passages(half) for label in each.labels]
        standings = Counter(label.standing for label in labels)
        assert min(standings["first choice"], standings["only named"]) >= MINIMUM
        assert sum(label.drawback for label in labels) >= MINIMUM
