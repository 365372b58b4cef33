"""Questions and answers as chat JSON lines."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Chat:
    """A question and the answer to be learnt."""

    question: str
    answer: str


def read_chats(file: Path) -> list[Chat]:
    """Return the one-turn chats of a JSON-lines file in order, such as `dataset build` writes for
    Hugging Face trainers.

    Raises:
        SystemExit: when the file is not there or not of this form, with a sentence.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [_chat(json.loads(line)["messages"]) for line in lines]
    except OSError as error:
        raise SystemExit(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SystemExit(f"{file} is not made of one-turn chats") from None


def _chat(messages: list[dict[str, str]]) -> Chat:
    question, answer = messages
    if (question["role"], answer["role"]) != ("user", "assistant"):
        raise ValueError
    return Chat(question["content"], answer["content"])
