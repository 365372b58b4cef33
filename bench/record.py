"""Records a command as it looks in a terminal: a picture of what it printed, as SVG.

``uv run python bench/record.py docs/images/demo.svg -- overheard demo`` made the one in the README,
from a real run.
"""

from __future__ import annotations

import html
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

COLUMNS = 100
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="{terminal_background}" width="100%" height="100%" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
FORMAT = FORMAT.replace("{terminal_background}", "#0c0c0c")


def printed(command: list[str]) -> str:
    """Run a command in a new terminal, and return its output with ANSI colours."""
    main, other = pty.openpty()
    size = {"COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S603 - it is the command to be recorded
        command, stdin=other, stdout=other, stderr=other, env=os.environ | size
    )
    with process:
        os.close(other)
        found = bytearray()
        try:
            while chunk := os.read(main, 65_536):
                found += chunk
        except OSError:  # Linux reports the end of a terminal as an error
            pass
    return found.decode(errors="replace").replace("\r\n", "\n")


def settled(text: str) -> str:
    """Return the lines as they remain: of one that is written over, the last state."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-HJ-KSTf-ln-u]", "", text)
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(line for line in lines if not line.startswith(("Asking", "Scoring")))


def svg(text: str, title: str) -> str:
    """Return an SVG picture of a terminal with the command `title` and its output `text`."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(f"$ {title}")
    console.print(Text.from_ansi(settled(text)))
    form = FORMAT.replace("TITLE", html.escape(title).replace("{", "").replace("}", ""))
    return console.export_svg(title=title, code_format=form, unique_id="demo")


def main() -> None:
    """Record a command."""
    file, _, *command = sys.argv[1:]
    shown = " ".join(command).replace("overheard demo", "uv run overheard demo")
    Path(file).write_text(svg(printed(command), shown), encoding="utf-8")


if __name__ == "__main__":
    main()
