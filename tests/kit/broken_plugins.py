# ruff: noqa: ISC004 - code in several lines is easier to read so
"""Plugins as they go wrong: each is the code of one, and how its fault is told.

`AT_START` fail before they are of any use; `LATER` are loaded, and fail when they are called.
"""

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
PROVIDER = """
    import asyncio, os, sys, time
    from overheard import FREE, Finish, OverheardError, ProviderFailed, Reply, hookimpl

    class Odd:
        name = "{name}"
        concurrency = 1

        def models(self):
            return ["m-1", "m-2"]

        def price(self, model):
            return FREE

        async def ask(self, question, *, seed):
            {ask}

        async def close(self):
            pass

        {more}

    @hookimpl
    def overheard_providers(settings):
        return [Odd()]
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


def provider(name: str, ask: str = "return Reply('Acme.', Finish.COMPLETE)", more: str = "") -> str:
    """Return a provider whose method does this, and that has more."""
    return PROVIDER.format(name=name, ask=ask, more=more)


def registering(body: str) -> str:
    """Return a plugin whose hook does this."""
    return (
        "import os, sys, time\nfrom overheard import hookimpl, SettingsError\n"
        f"@hookimpl\ndef overheard_scorers(settings):\n    {body}\n"
    )


SECRET = "k-very-secret-0815"
"""The value of the variable ACME_API_KEY when they run."""

AT_START = {
    "imports": ("import nowhere", "cannot be imported: ModuleNotFoundError"),
    "syntax": ("def broken(:", "cannot be imported: SyntaxError"),
    "interrupts": ("raise KeyboardInterrupt", "cannot be imported: KeyboardInterrupt"),
    "sleeps": ("import time; time.sleep(600)", "is not ready within"),
    "waits": (registering("time.sleep(600)"), "is not ready within"),
    "shouts": ("print('x' * 100_000); raise RuntimeError('x' * 100_000)", "RuntimeError"),
    "tells": (
        "import os; raise RuntimeError('no luck with ' + os.environ['ACME_API_KEY'])",
        "RuntimeError;",
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
    "verbose": (
        COMMAND.format(name="verbose", body="pass").replace('"Do it."', '"x" * 10_000_000'),
        "its help is not of printable lines of at most 500 characters",
    ),
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
    "handling": (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "cannot be imported: ValueError",
    ),
    "asynchronous": (
        "from overheard import hookimpl\n@hookimpl\n"
        "async def overheard_scorers(settings): return []",
        "has an async hook, and hooks are plain functions",
    ),
    "vague": ("overheard_api = 'about one'", "which is no version range"),
    "lines": (scorer("lines", "pass").replace('"lines"', r'"a\nb"'), "its name or version"),
    "measuring": (
        scorer("measuring", "pass").replace('Metric("measuring"', 'Metric("visibility"'),
        'measures "visibility", which the scorer visibility measures already',
    ),
    "shy": (
        scorer("shy", "pass").replace('name = "shy"', "name = property(lambda self: 1 / 0)"),
        "fails to register: ZeroDivisionError",
    ),
    "unspeakable": (
        "class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd",
        "cannot be imported: Odd",
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
        "The scorer raising fails (RuntimeError in overheard_raising)",
    ),
    "quitting": (
        scorer("quitting", "sys.exit(3)"),
        "The scorer quitting fails (SystemExit in overheard_",
    ),
    "dozing": (
        scorer("dozing", "await asyncio.sleep(600)", "async def"),
        "The scorer dozing gave no result",
    ),
    "closing": (
        scorer("closing", "sys.stdout.close(); sys.stderr.close(); sys.stdout = None; return []"),
        "",
    ),
    "blocking": (scorer("blocking", "time.sleep(600)"), "The scorer blocking gave no result"),
    "matching": (
        scorer("matching", "import re; return re.match('(a+)+$', 'a' * 64 + '!') or []"),
        "The scorer matching gave no result",
    ),
    "growing": (
        scorer("growing", "return [bytearray(2**33)]"),
        "The scorer growing fails (MemoryError in overheard_growing)",
    ),
    "leaving": (
        scorer("leaving", "os._exit(3)"),
        "The scorer leaving ended its process (exit status 3)",
    ),
    "crashing": (
        scorer("crashing", "import ctypes; ctypes.string_at(0)"),
        "The scorer crashing ended its process (SIGSEGV)",
    ),
    "forking": (
        scorer("forking", "os.fork() or time.sleep(600); os._exit(4)"),
        "The scorer forking ended its process (exit status 4)",
    ),
    "doubling": (scorer("doubling", "os.fork(); return []"), ""),
    "nonsense": (scorer("nonsense", "return 'yes'"), "The scorer nonsense gives values outside"),
    "nan": (
        scorer("nan", "return [Score('nan', float('nan')), Score('nan', 7.0), Score('x', None)]"),
        "The scorer nan gives values outside",
    ),
    "flooding": (
        scorer("flooding", "return (Score('flooding', 1.0) for _ in iter(int, 1))"),
        "The scorer flooding fails (it returns more than 1,000 items)",
    ),
    "quoting": (
        scorer("quoting", "return [Score('quoting', 1.0, 'x' * 10_000_000)]"),
        "The scorer quoting fails (its quote is longer than 10,000 characters)",
    ),
    "printing": (
        scorer("printing", "print('{\"runs\": []}'); sys.stderr.write('x'); return []"),
        "",
    ),
    "logging": (scorer("logging", "[logging.error('flood') for _ in range(50)]; return []"), ""),
    "changing": (
        scorer(
            "changing",
            "object.__setattr__(reading.answer.reply, 'text', ''); "
            "object.__setattr__(reading, 'mentions', ()); return []",
        ),
        "",
    ),
    "looping": (scorer("looping", "return self.score(reading)"), "The scorer looping fails ("),
    "cancelling": (
        scorer("cancelling", "raise asyncio.CancelledError"),
        "The scorer cancelling fails (CancelledError in overheard_cancelling)",
    ),
    "awaiting": (
        scorer("awaiting", "return asyncio.sleep(600)"),
        "The scorer awaiting gave no result",
    ),
    "posing": (
        scorer(
            "posing",
            "odd = dict.fromkeys(('__le__', '__ge__', '__float__'), exit); "
            "number = type('Odd', (float,), odd); "
            "return [Score('posing', number(1.0))]",
        ),
        "",  # its number is copied as a plain one
    ),
    "hiding": (
        scorer(
            "hiding",
            "odd = type('Odd', (Score,), {'value': property(lambda self: 1 / 0)}); "
            "return [object.__new__(odd)]",
        ),
        "The scorer hiding",
    ),
    "starting": (
        scorer(
            "starting",
            "import threading; threading.Thread(target=lambda: "
            "[print('x') or time.sleep(0.05) for _ in iter(int, 1)]).start(); return []",
        ),
        "",
    ),
    "moving": (scorer("moving", "os.chdir('/'); return []"), ""),
    "trapping": (
        scorer("trapping", "import signal; signal.signal(signal.SIGINT, print)"),
        "The scorer trapping fails (TypeError in overheard_trapping)",
    ),
    "timeless": (
        OTHER.format(
            name="timeless",
            hook="overheard_update_feeds",
            body="async def updates(self, since): from_ = __import__('datetime').datetime; "
            "return [ModelUpdate(Model('echo', 'm'), from_(2026, 1, 1))]",
        ),
        "The feed timeless fails (it returns a ModelUpdate without a time zone)",
    ),
    "listening": (LISTENER.format(body="raise RuntimeError"), ""),
    "lingering": (
        OTHER.format(
            name="lingering",
            hook="overheard_update_feeds",
            body="async def updates(self, since): await asyncio.sleep(600)",
        ),
        "The feed lingering gave no result",
    ),
    "raving": (
        OTHER.format(
            name="raving",
            hook="overheard_update_feeds",
            body="async def updates(self, since): return [1, 2]",
        ),
        "The feed raving fails (it returns what is no ModelUpdate: it is int, and no ModelUpdate)",
    ),
    "failing": (COMMAND.format(name="failing", body="raise RuntimeError"), ""),
}
"""Code, and a part of the sentence that a check shows; empty where nothing of it is seen there."""

ASKED = {
    "raises": (
        "raise RuntimeError(os.environ['ACME_API_KEY'])",
        "fails (RuntimeError in {module})",
    ),
    "says": (
        "raise type('Odd', (OverheardError,), {'__doc__': os.environ['ACME_API_KEY']})()",
        "says: ***",
    ),
    "quits": ("sys.exit(3)", "fails (SystemExit in {module})"),
    "cancels": ("raise asyncio.CancelledError", "fails (CancelledError in {module})"),
    "nothing": ("return None", "fails (it returns NoneType)"),
    "debts": (
        "return Reply('Acme.', Finish.COMPLETE, cost_usd=-1)",
        "fails (its cost_usd is not a number of dollars)",
    ),
    "floods": (
        "return Reply('Acme. ' * 1_000_000, Finish.COMPLETE)",
        "fails (its text is longer than 4,000,000 characters)",
    ),
    "hides": (
        "return type('Odd', (Reply,), {'text': property(lambda self: 1 / 0)})"
        ".__new__(type('Odd', (Reply,), {'text': property(lambda self: 1 / 0)}))",
        "fails (ZeroDivisionError in {module})",
    ),
}
"""What a provider does when it is asked, and a part of its error, with the module in braces."""

SAID = {
    "price": "def price(self, model): raise RuntimeError(os.environ['ACME_API_KEY'])",
    "cheap": "def price(self, model): return 'cheap'",
    "leaving": "def price(self, model): sys.exit(3)",
    "able": "def capabilities(self, model): raise RuntimeError",
    "unable": "def capabilities(self, model): return 7",
    "client": "client = property(lambda self: 1 / 0)",
    "exit": "client = property(lambda self: sys.exit(3))",
    "wait": "client = property(lambda self: time.sleep(600))",
    "closing": "async def close(self): await asyncio.sleep(600)",
}
"""What else is wrong with one that answers well."""
