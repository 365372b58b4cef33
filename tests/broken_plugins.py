# ruff: noqa: ISC004 - code in several lines is easier to read so
"""Plugins as they go wrong: each is the code of one, and how its fault is told.

`AT_START` fail before they are of any use; `LATER` are loaded, and fail when they are called.
"""

from __future__ import annotations

SCORER = """
    import asyncio, logging, os, sys, time
    from overheard import Detail, Metric, Scale, Score, hookimpl

    class Odd:
        name = "{name}"
        version = "1"
        metrics = (Metric("{name}", Scale.SHARE, "{name}"),)
        reads = 0

        {definition} score(self, reading):
            {body}

    @hookimpl
    def overheard_scorers(settings):
        yield Odd()
"""
OTHER = """
    import asyncio, os, sys, time
    from overheard import *

    class Odd:
        name = "{name}"
        {body}

    @hookimpl
    def {hook}(settings):
        return [Odd()]
"""
LISTENER = """
    from overheard import hookimpl

    async def told(answer, scores):
        {body}

    @hookimpl
    def overheard_answer_scored(settings):
        return [told]
"""
COMMAND = """
    from overheard import Card, CommandSpec, hookimpl

    async def run(view):
        {body}

    @hookimpl
    def overheard_commands():
        yield CommandSpec("{name}", "Do it.", run)
"""


def scorer(name: str, body: str, definition: str = "def") -> str:
    """Return a scorer whose method does this."""
    return SCORER.format(name=name, body=body, definition=definition)


def registering(body: str) -> str:
    """Return a plugin whose hook does this."""
    return (
        "import os, sys, time\nfrom overheard import hookimpl, SettingsError\n"
        f"@hookimpl\ndef overheard_scorers(settings):\n    {body}\n"
    )


SECRET = "k-very-secret-0815"
"""What stands in the variable ACME_API_KEY when they run."""

AT_START = {
    "imports": ("import nowhere", "cannot be imported: ModuleNotFoundError"),
    "syntax": ("def broken(:", "cannot be imported: SyntaxError"),
    "exits": ("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    "interrupts": ("raise KeyboardInterrupt", "cannot be imported: KeyboardInterrupt"),
    "base": ("class Odd(BaseException): pass\nraise Odd('x')", "cannot be imported: Odd: x"),
    "sleeps": ("import time; time.sleep(600)", "is not ready within"),
    "spins": ("while True: pass", "is not ready within"),
    "waits": (registering("time.sleep(600)"), "is not ready within"),
    "shouts": ("print('x' * 100_000); raise RuntimeError('x' * 100_000)", "RuntimeError: xxx"),
    "tells": (
        "import os; raise RuntimeError('no luck with ' + os.environ['ACME_API_KEY'])",
        "no luck with ***",
    ),
    "ancient": ("overheard_api = '<1'", "works with plugin API <1"),
    "futuristic": ("overheard_api = '>=9'", "works with plugin API >=9"),
    "misspelt": (
        "from overheard import hookimpl\n@hookimpl\ndef overheard_chat(settings): return []",
        'did you mean "overheard_chats"',
    ),
    "shaped": (
        "from overheard import hookimpl\n@hookimpl\ndef overheard_scorers(setings): return []",
        "has a hook of the wrong shape",
    ),
    "empty": (registering("return 7"), "fails to register: TypeError"),
    "objects": (
        "from overheard import hookimpl\n@hookimpl\ndef overheard_update_feeds(settings):\n"
        "    return [object()]",
        "registers object as a feed",
    ),
    "clashes": (scorer("visibility", "return []"), 'a scorer called "visibility", and that name'),
    "checks": (COMMAND.format(name="check", body="pass"), 'a command that begins with "check"'),
    "deaf": (
        "from overheard import hookimpl\n@hookimpl\ndef overheard_alert_posted(settings):\n"
        "    return [print]",
        "no async function",
    ),
    "endless": (
        "import itertools\nfrom overheard import hookimpl\n@hookimpl\n"
        "def overheard_chats(settings): return itertools.repeat(None)",
        "more than 1000 objects",
    ),
    "unset": (
        "from overheard import Settings, hookimpl\nclass Mine(Settings):\n    size: int\n"
        "@hookimpl\ndef overheard_scorers(settings):\n    settings.one(Mine, 'unset')\n",
        "[scorers.unset]: size is missing",
    ),
    "landscape": (
        "from overheard import Landscape, hookimpl\n@hookimpl\ndef overheard_landscapes():\n"
        "    return [Landscape('odd', 7, 'none')]",
        "registers Landscape as a landscape",
    ),
}
"""Code, and a part of the sentence that `overheard plugins` shows."""

LATER = {
    "raising": (
        scorer("raising", "import random; raise RuntimeError(random.random())"),
        "The scorer raising fails (RuntimeError)",
    ),
    "leaking": (
        scorer("leaking", "raise RuntimeError(os.environ['ACME_API_KEY'])"),
        "The scorer leaking fails (RuntimeError)",
    ),
    "quitting": (scorer("quitting", "sys.exit(3)"), "The scorer quitting fails (SystemExit)"),
    "breaking": (
        scorer("breaking", "raise KeyboardInterrupt"),
        "The scorer breaking fails (KeyboardInterrupt)",
    ),
    "blocking": (scorer("blocking", "time.sleep(600)"), "The scorer blocking gave no result"),
    "dozing": (
        scorer("dozing", "time.sleep(600)", "async def"),
        "The scorer dozing gave no result",
    ),
    "eating": (
        scorer("eating", "while True: pass", "async def"),
        "The scorer eating gave no result",
    ),
    "nonsense": (scorer("nonsense", "return 'yes'"), "The scorer nonsense gives values outside"),
    "nan": (
        scorer("nan", "return [Score('nan', float('nan')), Score('nan', 7.0), Score('x', None)]"),
        "The scorer nan gives values outside",
    ),
    "flooding": (
        scorer("flooding", "return (Score('flooding', 1.0) for _ in iter(int, 1))"),
        "The scorer flooding fails (OverflowError)",
    ),
    "quoting": (
        scorer("quoting", "return [Score('quoting', 1.0, 'x' * 10_000_000)]"),
        "The scorer quoting fails (OverflowError)",
    ),
    "printing": (
        scorer("printing", "print('{\"runs\": []}'); sys.stderr.write('x'); return []"),
        "",
    ),
    "logging": (
        scorer("logging", "[logging.error('flood') for _ in range(50)]; return []"),
        "",
    ),
    "changing": (
        scorer(
            "changing",
            "object.__setattr__(reading.answer.reply, 'text', ''); "
            "object.__setattr__(reading, 'mentions', ()); return []",
        ),
        "",
    ),
    "listening": (LISTENER.format(body="raise RuntimeError"), ""),
    "lingering": (
        OTHER.format(
            name="lingering",
            hook="overheard_update_feeds",
            body="async def updates(self, since): time.sleep(600)",
        ),
        "The feed lingering gave no result",
    ),
    "raving": (
        OTHER.format(
            name="raving",
            hook="overheard_update_feeds",
            body="async def updates(self, since): return [1, 2]",
        ),
        "The feed raving fails (TypeError)",
    ),
    "failing": (COMMAND.format(name="failing", body="raise RuntimeError"), ""),
}
"""Code, and a part of the sentence that a check shows; empty where nothing of it is seen there."""
