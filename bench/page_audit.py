"""Audits the page of a report: its size, requests, printed sheets, and accessibility by axe.

    uv run --with axe-playwright-python python bench/page_audit.py [FILE]

The page is that of a market with known counts (`market.py`), or FILE. Needs Chromium. axe is put
into a copy of the page whose policy lets it run; the page itself runs no script. Exits with 1 when
something is wrong.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from market import open_market
from slack_gallery import BROWSERS

MAX_BYTES, MAX_SHEETS = 1_000_000, 2
WIDTHS = {"phone": 390, "window": 1_000}
CHECKS = 11
"""Checks of the market before the page is written: an alert is open."""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
REQUEST = re.compile(r"""(?:src|href)=["']?(?!data:|#|https?:)|url\((?!["']?data:)|<link|@import""")
AXE = """<script>{axe}</script><script>
axe.run().then(found => {{ document.title = "axe " + JSON.stringify(found.violations.map(
  one => [one.id, one.impact, one.nodes.map(node => node.html.slice(0, 120))])); }});
</script>"""


async def shared() -> list[bytes]:
    """Return the report page twice, as two calls of the same command write it."""
    with TemporaryDirectory() as folder:
        async with open_market(folder) as market:
            for week in range(CHECKS):
                await market.check(week)
            cards = [(await market.chat.type("report Pipedrive --share")).card for _ in range(2)]
    return [card.file.content for card in cards if card.file]


def browse(*arguments: str) -> str:
    """Run Chromium without a window, and return its output; exits with a sentence
    without Chromium.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"Chromium is not installed; one of {', '.join(BROWSERS)} is needed.")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - a page of ours
    return done.stdout


def sheets(page: Path) -> int:
    """Return the number of sheets that a page takes in print."""
    printed = page.with_suffix(".pdf")
    browse("--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))


def violations(page: Path, width: int, *, dark: bool) -> list[list[object]]:
    """Return the accessibility violations that axe finds in a page, each as [rule, impact,
    elements].
    """
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    html = POLICY.sub("", page.read_text(encoding="utf-8"))
    copy = page.with_name("axe.html")
    copy.write_text(html.replace("</body>", AXE.format(axe=axe) + "</body>"), encoding="utf-8")
    theme = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    shown = browse(
        *theme, f"--window-size={width},3000", "--virtual-time-budget=20000", "--dump-dom",
        copy.as_uri(),
    )  # fmt: skip
    told = re.search(r"<title>axe (.*?)</title>", shown, re.DOTALL)
    if told is None:
        sys.exit("axe did not run.")
    unescaped = told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    found: list[list[object]] = json.loads(unescaped)
    return found


def problems(page: Path) -> Iterator[str]:
    """Print the size, sheets and violations of a page, and yield its problems."""
    content = page.read_bytes()
    print(f"size: {len(content) / 1000:.0f} kB")
    if len(content) > MAX_BYTES:
        yield "it is too large"
    if found := REQUEST.search(content.decode()):
        yield f"it requests something: {found[0]}"
    number = sheets(page)
    print(f"printed sheets: {number}")
    if number > MAX_SHEETS:
        yield "it takes too many sheets"
    for name, width in WIDTHS.items():
        for dark in (False, True):
            found = violations(page, width, dark=dark)
            print(f"axe, {name}, {'dark' if dark else 'light'}: {len(found)} violations")
            yield from (f"axe: {one}" for one in found)


def main() -> None:
    """Audit the page that the command line names, or that of the market."""
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        if len(sys.argv) > 1:
            page.write_bytes(Path(sys.argv[1]).read_bytes())
            wrong = []
        else:
            first, second = asyncio.run(shared())
            page.write_bytes(first)
            wrong = [] if first == second else ["the same store gives two pages"]
        wrong += problems(page)
    print("\n".join(wrong) or "nothing is wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
