"""`landscape check`, which reads vendors' pages again."""

import json
from pathlib import Path
from typing import Any

import pytest

from kit.office import DECLARED, Office, open_office
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.testing import Reaction, Service
from overheard_finetune.page_check import text_hash

PAGE = "<html><script>nonce = {}</script><body><p>Tuning is  <b>{}</b>.</p></body></html>"


async def office_for(*urls: str) -> Office:
    """Open an office whose only vendor has pages at some addresses."""
    topics = ("fine-tuning", "limits", "formats", "robots")
    tables = [
        f'[landscape.ours.{topic}]\nvalue = "Yes."\nsource = "{url}"\nas_of = 2026-01-01\n'
        for topic, url in zip(topics, urls, strict=False)
    ]
    return await open_office(DECLARED + "".join(tables))


async def checked(office: Office, file: Path) -> Card:
    """Return the card of the command in the terminal."""
    run: Any = office.deployment.plugins.commands["landscape"].run
    card: Card = await run(Call(office.deployment), provider="check", vendor="ours", pages=file)
    return card


def states(card: Card) -> list[str]:
    """Return what became of each page."""
    return [page["state"] for page in card.data["pages"]]


async def test_a_page_has_changed_when_it_says_something_else(
    overheard_service: Service, tmp_path: Path
) -> None:
    """Scripts and white space do not count; the file keeps the hash of the last time."""
    file = tmp_path / "pages.json"
    office = await office_for(f"{overheard_service.url}/tuning")
    found = []
    for nonce, word in ((1, "open"), (2, "open"), (3, "closed"), (4, "closed")):
        overheard_service.reactions = [Reaction(body=PAGE.format(nonce, word).encode())]
        found.append(await checked(office, file))

    assert [states(card) for card in found] == [["new"], ["same"], ["changed"], ["same"]]
    assert found[2].title == "1 page of 1 changed"
    assert found[3].title == "No page has changed"
    assert list(json.loads(file.read_text())) == [f"{overheard_service.url}/tuning"]


async def test_what_cannot_be_read_is_a_clause_for_each_page(
    overheard_service: Service, tmp_path: Path
) -> None:
    """A refusal, a page that has moved; what was read before keeps its hash."""
    url = overheard_service.url
    office = await office_for(f"{url}/a", f"{url}/b")
    overheard_service.reactions = [
        Reaction(status=403),
        Reaction(status=301, headers={"Location": "https://elsewhere.example/b"}),
    ]
    card = await checked(office, tmp_path / "pages.json")

    assert states(card) == ["not read", "not read"]
    assert sorted(page["reason"] for page in card.data["pages"]) == [
        "it has moved to https://elsewhere.example/b",
        "the server answers 403",
    ]
    assert card.failed
    assert not (tmp_path / "pages.json").exists()


async def test_without_a_network_it_is_one_sentence(tmp_path: Path) -> None:
    """No page is read, and nothing is written."""
    office = await office_for("http://127.0.0.1:9/tuning")
    card = await checked(office, tmp_path / "pages.json")

    assert card.title.startswith("No page could be read (ConnectError")
    assert card.title.endswith("check the connection, and try again")


async def test_a_silent_page_is_given_up(
    overheard_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time for one page."""
    monkeypatch.setattr("overheard_finetune.page_check.TIMEOUT_S", 0.2)
    overheard_service.reactions = [Reaction(silent=True)]
    office = await office_for(f"{overheard_service.url}/tuning")
    card = await checked(office, tmp_path / "pages.json")

    assert card.data["pages"][0]["state"] == "not read"


async def test_entries_that_are_too_old_name_their_pages(
    overheard_service: Service, tmp_path: Path
) -> None:
    """Below what has changed."""
    office = await office_for(f"{overheard_service.url}/tuning")
    card = await checked(office, tmp_path / "pages.json")
    late = office.deployment.clock.now().year > 2026 or card.data["overdue"]

    assert bool(late) == ("[ours.fine-tuning] is of 2026-01-01" in str(card.text))


async def test_a_file_that_is_no_list_of_pages_is_a_sentence(tmp_path: Path) -> None:
    """It is not overwritten."""
    file = tmp_path / "pages.json"
    file.write_text("[1]")
    office = await office_for("http://127.0.0.1:9/tuning")

    with pytest.raises(Exception, match=r"cannot be used: it is no list of pages"):
        await checked(office, file)
    assert file.read_text() == "[1]"


async def test_a_chat_reads_no_pages() -> None:
    """The sentence says where it is done."""
    office = await office_for("http://127.0.0.1:9/tuning")
    screen = await office.chat.type("landscape check")

    assert "Pages are read again in a terminal" in str(screen.card.text)


def test_what_a_reader_sees_is_hashed() -> None:
    """Markup, case and white space are not."""
    assert text_hash("<p>One &amp; two</p>") == text_hash("<div>ONE  &#38;\n two</div>")
    assert text_hash("One") != text_hash("Two")
