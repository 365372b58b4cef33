"""Exports of other programs: what is read of them, and what is said of those that cannot be."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.program import Program, sentences
from overheard_sources.imports import UnreadableExport, read_export

TODAY = datetime.now(UTC).date()
GOOGLE_DAYS = 'Date,Impressions\n2026-11-02,120\n2026-11-03,"1,300"\n'
GOOGLE_PAGES = "\ufeffTop pages,Impressions\nhttps://acme.com/pricing,900\nhttps://acme.com/,70\n"
GOOGLE_COUNTRIES = "Country,Impressions\nGermany,800\n"
BING_DAYS = (
    '\ufeff"Date","Citations","Cited Pages"\r\n"11/2/2026 12:00:00 AM","12","3"\r\n'
    '"11/13/2026 12:00:00 AM","0","0"\r\n'
)
BING_PAGES = "Page,Citations\nhttps://acme.com/pricing,9\n"
BING_QUERIES = "Grounding Query,Intent,Topic,Citations,Citation Share\ncrm prices,learn,crm,7,12%\n"
ANALYTICS = """# ----------------------------------------
# Traffic acquisition: Session source / medium
# Start date: 20261102
# ----------------------------------------
Session source / medium,Date,Sessions,Engaged sessions
chatgpt.com / referral,20261102,40,30
perplexity.ai / referral,20261103,5,4
google / organic,20261103,900,500
,,945,534
"""


@pytest.mark.parametrize(
    ("text", "kind", "days", "names"),
    [
        (GOOGLE_DAYS, "impressions", {"2026-11-02": 120, "2026-11-03": 1300}, {}),
        (
            GOOGLE_PAGES,
            "impressions",
            {},
            {"https://acme.com/pricing": 900, "https://acme.com/": 70},
        ),
        (GOOGLE_COUNTRIES, "impressions", {}, {"Germany": 800}),
        (BING_DAYS, "citations", {"2026-11-02": 12, "2026-11-13": 0}, {}),
        (BING_PAGES.replace(",", ";"), "citations", {}, {"https://acme.com/pricing": 9}),
        (BING_QUERIES, "citations", {}, {"crm prices": 7}),
        (
            ANALYTICS,
            "sessions",
            {"2026-11-02": 40, "2026-11-03": 5},
            {"ChatGPT": 40, "Perplexity": 5},
        ),
    ],
)
def test_the_columns_say_what_an_export_is(
    tmp_path: Path, text: str, kind: str, days: dict[str, int], names: dict[str, int]
) -> None:
    """With comments, a byte order mark, quoted thousands, and a row of sums."""
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    assert read_export(file) == (kind, days, names)


@pytest.mark.parametrize(
    ("content", "place", "remedy"),
    [
        (b"", "export.csv: it is empty", "export it again as CSV"),
        (b"PK\x03\x04...", "export.csv: it is a zip file", "unpack it"),
        (b"\xff\x00\x81", "export.csv: it is no CSV file", "export it again as CSV in UTF-8"),
        (b'Date,Impressions\n2026-11-02,"12', "it is no CSV file", "export it again"),
        (b"Foo,Bar\n1,2\n", "export.csv, line 1: its columns are Foo, Bar", "in English"),
        (b"Top pages,Clicks,Impressions\nx,1,2\n", "line 1: it counts clicks", "Generative AI"),
        (b"Date,Impressions\n2026-11-02,many\n", "line 2: “many” is no number", "again"),
        (b"Date,Impressions\n2026-11-02,-1\n", "line 2", "export the file again"),
        (b"Date,Impressions\n11/2/2026,1\n", "line 2", "write days as 2026-11-03"),
        (b"Date,Citations\n13/2/2026 12:00:00 AM,1\n", "line 2", "write days as 2026-11-03"),
        (
            b"Date,Impressions\n2026-11-02,1,2\n",
            "line 2: it has 3 cells, and the header 2",
            "again",
        ),
        (b"Session source,Sessions\nchatgpt.com,1\n", "line 1: its columns are", "by day"),
        (b"Date,Impressions\n2026-11-02," + b"9" * 99, "line 2", "export the file again"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, content: bytes, place: str, remedy: str
) -> None:
    """With the place and what to do."""
    file = tmp_path / "export.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableExport) as refused:
        read_export(file)
    assert place in str(refused.value)
    assert remedy in str(refused.value)


def test_figures_stand_next_to_visibility_and_in_no_figure(tmp_path: Path) -> None:
    """A later export of the same days replaces them; a broken one changes nothing."""
    there = Program(tmp_path, '[storage]\nurl = "sqlite:///store.db"\n[[brands]]\nname = "Acme"\n')
    days = [(TODAY - timedelta(days=number)).isoformat() for number in range(20)]
    text = "Date,Impressions\n" + "".join(f"{day},10\n" for day in days)
    (tmp_path / "Dates.csv").write_text(text, encoding="utf-8")
    (tmp_path / "Pages.csv").write_text("Top pages,Impressions\n=cmd(),7\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("Foo\n1\n", encoding="utf-8")
    nothing = sentences(there.run("figures", "list")[0])
    there.run("figures", "import", "Dates.csv", "Pages.csv")
    there.run("figures", "import", "Dates.csv")
    _, refused = there.run("figures", "import", "Pages.csv", "bad.csv", code=1)
    card, data = sentences(there.run("figures", "list")[0]), there.json("figures", "list")

    assert "Search Console, Performance, Generative AI" in nothing
    assert "bad.csv, line 1: its columns are Foo" in sentences(refused)
    assert sum(data["impressions"]["days"].values()) == 200
    assert data["impressions"]["names"] == {"=cmd()": 7}
    assert "Shown in AI answers of Google: 200 impressions since" in card
    assert "no figure of mine has them in it" in card
    assert (tmp_path / "figures.png").exists()
