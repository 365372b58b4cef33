"""What vendors say, corrected and dated."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from overheard.config.sections import Config
from overheard.domain import (
    SHUTDOWN_NOTICE,
    Landscape,
    LandscapeEntry,
    LandscapeTopic,
    Model,
    apply_corrections,
    last_day,
)
from overheard.plugins import load_plugins
from overheard.scoring.judge import JUDGE_MODELS
from overheard_finetune.landscape import MAX_CELL_CHARS
from overheard_finetune.vendors import (
    MAX_AGE,
    EntryStatus,
    overdue,
    topic_statuses,
    upcoming_shutdowns,
)

TODAY = date(2026, 11, 29)
SUPPLIED = {
    "acme": Landscape(
        "acme",
        "Acme AI",
        (
            LandscapeEntry(
                LandscapeTopic.CRAWLERS, "AcmeBot. It trains.", "https://acme.ai", TODAY
            ),
            LandscapeEntry(LandscapeTopic.ROBOTS, "Yes.", "https://acme.ai", TODAY - MAX_AGE),
            LandscapeEntry(LandscapeTopic.LIMITS, "None.", "https://acme.ai"),
            LandscapeEntry(
                LandscapeTopic.FORMATS,
                "JSON.",
                "https://acme.ai",
                TODAY - MAX_AGE - timedelta(days=1),
            ),
        ),
    )
}


def test_each_topic_says_how_far_it_can_be_relied_on() -> None:
    """What is old, undated or not said at all is marked."""
    found = {one.topic: one.standing for one in topic_statuses(SUPPLIED["acme"], TODAY)}

    assert list(found) == list(LandscapeTopic)
    assert found[LandscapeTopic.CRAWLERS] is found[LandscapeTopic.ROBOTS] is EntryStatus.KNOWN
    assert found[LandscapeTopic.FORMATS] is EntryStatus.STALE
    assert found[LandscapeTopic.LIMITS] is EntryStatus.UNDATED
    assert found[LandscapeTopic.TUNING] is EntryStatus.UNKNOWN


def test_what_is_old_says_since_when() -> None:
    """A statement that was not read again for half a year keeps its day and is marked with it."""
    old = {one.topic: one.unchecked_since for one in topic_statuses(SUPPLIED["acme"], TODAY)}

    assert old.pop(LandscapeTopic.FORMATS) == TODAY - MAX_AGE - timedelta(days=1)
    assert not any(old.values())


def test_what_ends_in_a_span_is_listed_by_day() -> None:
    """Both ends of the span belong to it."""
    days = {"late": TODAY + timedelta(days=9), "today": TODAY, "gone": TODAY - timedelta(days=1)}
    acme = Landscape("acme", "Acme", shutdowns={**days, "far": TODAY + timedelta(days=10)})

    assert upcoming_shutdowns(acme, TODAY, TODAY + timedelta(days=9)) == [
        (TODAY, "today"),
        (TODAY + timedelta(days=9), "late"),
    ]


def test_a_day_to_come_proves_nothing() -> None:
    """A slip in a year must not keep a correction fresh for ever; tomorrow is here somewhere."""
    days = {
        LandscapeTopic.ROBOTS: TODAY + timedelta(days=1),
        LandscapeTopic.LIMITS: TODAY + timedelta(days=2),
    }
    entries = tuple(
        LandscapeEntry(topic, "Yes.", "https://acme.ai", day, corrected=True)
        for topic, day in days.items()
    )
    found = {
        one.topic: one.standing for one in topic_statuses(Landscape("acme", "Acme", entries), TODAY)
    }

    assert found[LandscapeTopic.ROBOTS] is EntryStatus.KNOWN
    assert found[LandscapeTopic.LIMITS] is EntryStatus.UNDATED


def test_what_a_plugin_ships_is_dated_also_where_a_clock_is_behind() -> None:
    """The entry was read before it shipped, even if this machine's clock is behind."""
    [first, *_] = topic_statuses(SUPPLIED["acme"], date(1970, 1, 1))[6:]

    assert (first.topic, first.standing) == (LandscapeTopic.CRAWLERS, EntryStatus.KNOWN)


def test_a_gist_is_the_first_sentence() -> None:
    """Or says that nothing is known."""
    gists = {one.topic: one.gist for one in topic_statuses(SUPPLIED["acme"], TODAY)}

    assert gists[LandscapeTopic.CRAWLERS] == "AcmeBot."
    short = LandscapeEntry(LandscapeTopic.ROBOTS, "Yes. Mostly.", "https://acme.ai", short="mostly")
    [*_, robots, _] = topic_statuses(Landscape("acme", "Acme", (short,)), TODAY)
    assert robots.gist == "mostly"
    assert gists[LandscapeTopic.TUNING] == "not known"


def test_people_correct_one_topic_and_add_vendors() -> None:
    """The other topics stay as the plugin says them."""
    mine = LandscapeEntry(
        LandscapeTopic.ROBOTS, "No.", "https://acme.ai/robots", TODAY, corrected=True
    )
    found = apply_corrections(
        SUPPLIED, {"acme": {LandscapeTopic.ROBOTS: mine}, "own": {LandscapeTopic.ROBOTS: mine}}
    )

    assert {entry.topic: entry.value for entry in found["acme"].entries} == {
        LandscapeTopic.FORMATS: "JSON.",
        LandscapeTopic.LIMITS: "None.",
        LandscapeTopic.CRAWLERS: "AcmeBot. It trains.",
        LandscapeTopic.ROBOTS: "No.",
    }
    assert found["own"].entries == (mine,)


LANDSCAPES = load_plugins(Config()).landscapes


@pytest.mark.parametrize("vendor", LANDSCAPES)
def test_built_in_entries_name_a_page_and_no_future_day(vendor: str) -> None:
    """A vendor's page is the source of each, and what is read of it has happened."""
    for entry in LANDSCAPES[vendor].entries:
        assert entry.source.startswith("https://")
        assert entry.as_of is None or entry.as_of <= TODAY
        assert entry.value.endswith(".")
        assert len(entry.short) <= MAX_CELL_CHARS
        assert not entry.short.endswith(".")


SUGGESTED = re.findall(
    r'"([\w.-]+)(?:\+search)?"',
    " ".join(
        line
        for line in Path("config.example.toml").read_text("utf-8").splitlines()
        if line.startswith(("#models = [", "#model = "))
    ),
)


@pytest.mark.parametrize("name", [*SUGGESTED, *JUDGE_MODELS])
def test_no_suggested_model_ends_soon(name: str) -> None:
    """Neither those of the example configuration, nor those that read answers."""
    last = last_day(Model("any", name), LANDSCAPES.values())

    assert last is None or last > TODAY + SHUTDOWN_NOTICE


def test_the_well_known_vendors_are_there() -> None:
    """Whether or not they are configured."""
    hosted = {"openai", "anthropic", "google", "mistral", "perplexity", "xai", "deepseek"}
    tuners = {"together", "fireworks", "alibaba", "sagemaker", "amazon", "azure"}
    assert hosted | tuners | {"meta", "cohere", "local"} <= set(LANDSCAPES)


@pytest.mark.parametrize("vendor", sorted(LANDSCAPES))
def test_what_is_not_known_names_the_page_to_read(vendor: str) -> None:
    """Each cell has a page, whether or not it could be read."""
    for status in topic_statuses(LANDSCAPES[vendor], TODAY):
        assert status.page.startswith("https://")


def test_an_entry_is_overdue_after_120_days() -> None:
    """The sentence says which page to read; one day less is in time."""
    day = date(2026, 11, 1)
    entry = LandscapeEntry(LandscapeTopic.LIMITS, "Ten.", "https://acme.example/limits", day)
    acme = Landscape("acme", "Acme", (entry,))

    assert overdue([acme], day + timedelta(days=120)) == []
    [sentence] = overdue([acme], day + timedelta(days=121))
    assert sentence == (
        "[acme.limits] is of 2026-11-01: read https://acme.example/limits, and write what it says "
        "and the day into landscape.toml."
    )


@pytest.mark.landscape_age
def test_no_entry_is_older_than_120_days() -> None:
    """It depends on the day: no part of the suite. `just landscape-age` and a workflow run it."""
    today = datetime.now(UTC).date()
    assert [one for one in overdue(LANDSCAPES.values(), today) if " has no day: " not in one] == []
