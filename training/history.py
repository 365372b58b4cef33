"""Print `documents.jsonl` as lines that `overheard import` reads, to be approved one by one."""

import json
import sys
from pathlib import Path

from chats import read_chats

ASKED = {
    "asked_at": "2026-11-01T00:00:00Z",
    "run": "documents",
    "provider": "people",
    "model": "documents",
}

for chat in read_chats(Path(__file__).parent / "documents.jsonl"):
    line = {**ASKED, "prompt": chat.question, "text": chat.answer}
    sys.stdout.write(json.dumps(line) + "\n")
