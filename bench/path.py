"""How far one check through the desk walks: files, functions, and changes of file and room.

Usage: python bench/path.py

The deployment is that of the kit for plugin authors: all plugins that are installed, one echoing
provider, a store of its own. A change is counted when a function of one file is called next after a
function of another; a room is a folder of the package.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import overheard
from overheard.testing.deployment import open_deployment

ROOT = Path(overheard.__file__).parent


class Walk:
    """Counts what is called while it is the profiler.

    Attributes:
        files: Calls by file.
        functions: Calls by file and function.
        file_changes: How often the file changed from one call to the next.
        room_changes: How often the room changed.
    """

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.functions: Counter[tuple[str, str]] = Counter()
        self.file_changes = self.room_changes = 0
        self._last = ""
        self._seen: dict[int, FrameType] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Count a call of a function of Overheard; a coroutine that goes on is no new call."""
        if event != "call" or not frame.f_code.co_filename.startswith(str(ROOT)):
            return
        if id(frame) in self._seen:
            return
        self._seen[id(frame)] = frame
        file = str(Path(frame.f_code.co_filename).relative_to(ROOT))
        self.files[file] += 1
        self.functions[file, frame.f_code.co_qualname] += 1
        if self._last and file != self._last:
            self.file_changes += 1
            self.room_changes += _room(file) != _room(self._last)
        self._last = file


async def walk() -> Walk:
    """Check once to import all that is imported late, and walk along a second check."""
    opened = await open_deployment()
    await opened.type("check Acme")
    path = Walk()
    sys.setprofile(path)
    try:
        await opened.type("check Acme")
    finally:
        sys.setprofile(None)
    return path


def _room(file: str) -> str:
    return file.rpartition("/")[0] or file


def main() -> None:
    """Print the figures, and the files by room."""
    path = asyncio.run(walk())
    print(f"{len(path.files)} files, {len(path.functions)} functions")
    print(f"{path.file_changes} changes of file, {path.room_changes} changes of room")
    rooms = Counter(_room(file) for file in path.files)
    print(", ".join(f"{room} {count}" for room, count in rooms.most_common()))


if __name__ == "__main__":
    main()
