"""A first month in Slack and Discord with real clients: what both show, as pictures and as faults.

    uv run python bench/month.py FOLDER

The bot is a process of its own that serves a Slack and a Discord on loopback over their protocols;
only its clock is moved, from Monday to Monday. Two models answer eight questions three times, as
often as `market.py` has it. Two people ask for the same check at once; the process is killed in
the middle of a check and started again; one model begins to state a wrong price and names the brand
less; the other's service fails for a check; then all is as before. A person takes the alert, gives
it back, takes it again and opens what it offers; all read the overview, the report and the digest.
Then the model states the wrong price again and nothing else; both services fail; the other model is
taken out of the configuration. After each, everything that people read has to say so.

Each step is a column as wide as a phone, with the messages that are new or were edited; the pages
are in FOLDER, with pictures where Chromium is installed. Printed are the words and numbers of each
message, and what contradicts the design: a message longer than the longest budget, a word that is
not said in chat, progress that is left behind, an alert that is not one message, a count of one
check that differs between messages, an answer that does not say what stands. The exit code is 1
when there is any. It takes ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from card_sizes import UNSAID_WORDS
from market import CONFIG, QUESTIONS, REPEATS, SERVED, UPDATED, reply_text
from month_pages import Shown, draw, in_discord, in_slack, texts

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit import both_chats
from kit.both_chats import TOKENS, eventually
from kit.discord_payloads import PERSON
from kit.discord_peer import Peer
from kit.discord_rules import words
from kit.forbidden import forbidden
from kit.loopback import Behaviour, ChatService
from kit.slack_methods import USER
from kit.slack_peer import SlackPeer

WEEK_S = 7 * 86_400
STILL_S = 2.5
"""Seconds without a change after which a step is over."""
STEP_TIMEOUT_S = 120.0
MOST_WORDS, MOST_NUMBERS = 120, 25
"""The largest budget of a card: that of the digest."""
BOB = "U2"
NAMES = {USER: "Ann Lee", BOB: "Bob Ray"}
MODELS = {"openai": "gpt-5.4-mini", "anthropic": "claude-sonnet-5-5"}
PROVIDER = """
[providers.{name}]
plugin = "compatible"
base_url = "{url}"
models = ["{model}"]
prices."{model}" = {{ input = 0.25, output = 2 }}
concurrency = 2
"""
PROGRAM = """
import pathlib, sys
from datetime import UTC, datetime, timedelta
from overheard.runtime import wiring

ahead = pathlib.Path("ahead_s.txt")
wiring.SystemClock.now = lambda _: datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()))
sys.argv = ["overheard", "run"]
from overheard.__main__ import main
main()
"""
COUNTS = re.compile(r"(?<!not )(?<!\w is )[Nn]amed in (\d+) of (\d+) answers(?: at (\w+))?")
"""How often the brand is named; a competitor "is named"."""
CALM = ("1st of 5 at", "2nd of 5 at", "All as usual")
"""The titles of results without news."""
ALERT_STEPS = re.compile("Read answers|What helped")
"""What the message of an alert offers, and no card with the same title."""
READ = (
    *("status", "report", "report --week", "trend", "trend --show voice"),
    *("trend Pipedrive HubSpot", "changes", "changes --show all", "answers Pipedrive"),
    *("brief", "claims Pipedrive"),
)
"""What people read in each of the last states."""
LIED, FAILED = r"gets Pipedrive's price wrong", r"did not answer on|The check of .* failed"
BUSY = re.compile(r"Working on it|I am asking now|Time left|questions, about .* left")


class Slack(SlackPeer):
    """A Slack whose people have names of their own."""

    def _users_info(self, arguments: dict[str, Any], token: str) -> dict[str, Any]:
        answer = super()._users_info(arguments, token)
        answer["user"]["profile"]["display_name"] = NAMES[arguments["user"]]
        return answer


class Discord(Peer):
    """A Discord that keeps the files of each message.

    Attributes:
        files: Contents by name, by message.
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, dict[str, bytes]] = {}

    def _serve(self, request: Any, path: str, body: Any, uploads: dict[str, bytes]) -> Any:
        status, answer = super()._serve(request, path, body, uploads)
        if uploads and isinstance(answer, dict):
            told = answer.get("resource", {}).get("message", answer)
            self.files[told["id"]] = uploads
        return status, answer


class Vendor(ChatService):
    """A service that answers as a model of the market does in a week.

    Attributes:
        week: The week.
        updated: Whether the model was updated, which nobody takes back.
        fails: Whether it refuses all calls with an error of its own.
    """

    def __init__(self, name: str) -> None:
        self.name, self.week, self.updated, self.fails = name, 0, False, False
        self.lies = 0
        self._asked: Counter[tuple[int, str]] = Counter()
        super().__init__()

    def _serve(self, handler: Any) -> None:
        if self.fails:
            self.behaviours.append(Behaviour(status=500, body=b'{"error": {"message": "down"}}'))
        super()._serve(handler)

    def _completion(self, call: dict[str, Any], behaviour: Behaviour) -> bytes:
        """Return the JSON body of the reply to a question, by week and repeat; the served model
        changes with the update.
        """
        text = call["messages"][0]["content"]
        with self._lock:
            self._asked[self.week, text] += 1
            repeat = (self._asked[self.week, text] - 1) % REPEATS
        number = QUESTIONS.index(text) * REPEATS + repeat
        behaviour.text = reply_text(self.name, self.week, number, self.lies)
        made = json.loads(super()._completion(call, behaviour))
        if self.name == "openai":
            made["model"] = SERVED[self.updated]
        made["usage"] = {"prompt_tokens": 20, "completion_tokens": 400, "total_tokens": 420}
        return json.dumps(made).encode()


@dataclass
class Month:
    """The bot, both chats and both services, and what was shown so far.

    Attributes:
        steps: By chat, the steps and the messages of each.
        faults: What contradicts the design.
    """

    folder: Path
    slack: Slack
    discord: Discord
    vendors: dict[str, Vendor]
    steps: dict[str, list[tuple[str, list[Shown]]]] = field(
        default_factory=lambda: {"slack": [], "discord": []}
    )
    faults: list[str] = field(default_factory=list)
    _seen: dict[str, str] = field(default_factory=dict)
    _monday: int = 0

    async def start(self) -> asyncio.subprocess.Process:
        """Start the bot as a process, and wait until it is connected to both chats."""
        opened = self.slack.opened
        log = (self.folder / "bot.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM),
            cwd=self.folder,
            stdout=log,
            stderr=log,
            env={**os.environ, **TOKENS},
        )
        await eventually(lambda: self.slack.opened > opened)
        await self.discord.ready()
        return process

    def monday(self, week: int) -> None:
        """Go to the next Monday; the models answer as in a week of the market."""
        (self.folder / "ahead_s.txt").write_text(str(self._monday * WEEK_S), encoding="ascii")
        self._monday += 1
        for vendor in self.vendors.values():
            vendor.week = week
            vendor.updated |= week >= UPDATED

    async def step(self, name: str, *done: Callable[[], object]) -> None:
        """Wait until the conditions `done` hold and both chats are quiet; record the new messages
        under `name`.
        """
        for condition in done:
            await eventually(condition, STEP_TIMEOUT_S)
        before: dict[str, tuple[str, Shown]] = {}
        async with asyncio.timeout(STEP_TIMEOUT_S):
            while (now := dict(self._shown())) != before:
                before = now
                await asyncio.sleep(STILL_S)
        self.keep(name)

    def keep(self, name: str, *, finished: bool = True) -> None:
        """Record the new messages of both chats under `name`, and judge them if `finished`."""
        now = dict(self._shown())
        for chat, steps in self.steps.items():
            new = [
                shown
                for key, (where, shown) in now.items()
                if where == chat and self._seen.get(key) != shown.body
            ]
            if new:
                steps.append((name, new))
                if finished:
                    self._judge(name, chat, new)
        self._seen |= {key: shown.body for key, (_, shown) in now.items()}

    def _shown(self) -> Iterator[tuple[str, tuple[str, Shown]]]:
        """Yield all that both chats show, by a key that lasts."""
        for one in self.slack.messages:
            place = "thread" if "thread_ts" in one else "channel"
            yield f"s{one['ts']}", ("slack", in_slack(one["blocks"], self.slack._files, place))
        for number, one in enumerate(self.slack.replies):
            if "blocks" in one:
                place = "private" if one.get("response_type") == "ephemeral" else "channel"
                yield f"r{number}", ("slack", in_slack(one["blocks"], self.slack._files, place))
        for number, one in enumerate(self.slack.whispers):
            yield f"w{number}", ("slack", in_slack(one["blocks"], self.slack._files, "private"))
        for number, one in enumerate(self.slack.modals):
            yield f"v{number}", ("slack", in_slack(one["blocks"], self.slack._files, "window"))
        for user, one in self.slack.homes.items():
            yield f"h{user}", ("slack", in_slack(one["blocks"], self.slack._files, "Home"))
        for name, one in self.discord.messages.items():
            place = "thread" if one["channel_id"] in self.discord.threads else "channel"
            place = "private" if one["flags"] & 64 else place
            yield (
                f"d{name}",
                ("discord", in_discord(one, self.discord.files.get(one["id"], {}), place)),
            )

    def _judge(self, step: str, chat: str, new: Sequence[Shown]) -> None:
        """Print the size of each message, and add its faults to `faults`: length, forbidden words,
        progress left, contradicting counts.
        """
        counts: dict[str, set[str]] = {}
        for shown in new:
            said = [word for word in shown.text.split() if any(map(str.isalnum, word))]
            numbers = re.findall(r"\d[\d,.:]*", shown.text)
            print(
                f"{step[:34]:34} {chat:8}{shown.place:8}{len(said):4} words{len(numbers):4} numbers"
                f"  {' '.join(said[:8])}",
                flush=True,
            )
            # What is opened by a click on "Details" and the like may be longer.
            if (
                shown.place == "channel"
                and not step.startswith("9.")
                and (len(said) > MOST_WORDS or len(numbers) > MOST_NUMBERS)
            ):
                self.faults.append(f"{step}, {chat}: {len(said)} words, {len(numbers)} numbers")
            for found in UNSAID_WORDS.finditer(shown.all_text):
                near = shown.all_text[max(0, found.start() - 40) : found.end() + 40]
                self.faults.append(f"{step}, {chat}: says “{found.group()}” in “{near}”")
            self.faults += [f"{step}, {chat}: says {one}" for one in forbidden(shown.all_text)]
            if BUSY.search(shown.text):
                self.faults.append(f"{step}, {chat}: progress is left: {shown.text[:80]}")
            for now, of, model in COUNTS.findall(shown.text):
                counts.setdefault(f"{model or 'ChatGPT'} of {of}", set()).add(now)
        for what, values in counts.items():
            if len(values) > 1:
                self.faults.append(f"{step}, {chat}: named by {what}: {' and '.join(values)}")

    def leave(self, provider: str) -> None:
        """Take a provider out of the configuration."""
        file = self.folder / "config.toml"
        written = file.read_text(encoding="utf-8")
        table = rf"\n\[providers\.{provider}\]\n.*?(?=\n\[)"
        file.write_text(re.sub(table, "", written, flags=re.DOTALL), encoding="utf-8")

    def alerts(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the messages of alerts in both channels, without answers to clicks."""
        alert = re.compile(
            r"(ChatGPT|Claude) (gets|got|no longer|names|has|recommends|puts|drops|speaks|spoke|"
            r"gives|gave|warns|changed|says|said) "
        )
        slack = [
            one
            for one in self.slack.messages
            if "thread_ts" not in one
            and alert.search(" ".join(texts(one["blocks"][:1])))
            and ALERT_STEPS.search(str(one["blocks"]))
        ]
        discord = [
            one
            for one in self.discord.shown()
            if not one.get("interaction_metadata")
            and alert.search(words(one).partition("\n")[0])
            and ALERT_STEPS.search(str(one["components"]))
        ]
        return slack, discord

    async def raised(self) -> int:
        """Return how many alerts are stored."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "overheard", "alerts", "list", "--json"),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **TOKENS},
        )
        said, _ = await process.communicate()
        return len(json.loads(said.splitlines()[-1])["alerts"])

    def in_slack(self, *titles: str) -> int:
        """Return how many messages in Slack have a title that contains one of some words."""
        told = [" ".join(texts(one["blocks"][:1])) for one in self.slack.messages]
        return sum(any(title in one for title in titles) for one in told)

    def said(self, words: str) -> int:
        """Return how many messages in Slack say something."""
        return sum(words in " ".join(texts(one["blocks"])) for one in self.slack.messages)

    async def check_in_slack(self, **who: Any) -> dict[str, Any]:
        """Type the check in Slack, confirm its price, and return the message."""
        there = len(self.slack.messages)
        await self.slack.command(f"check --repeats {REPEATS}", **who)
        await eventually(lambda: len(self.slack.messages) > there)
        question = self.slack.messages[there]
        await eventually(lambda: "Ask" in str(question["blocks"]))
        await self.slack.click(question, "Ask", user=who.get("user_id", USER))
        return question

    async def read_all(self, name: str, told: str) -> None:
        """Type all that people read in Slack; each answer has to say what stands."""
        for typed in READ:
            said = len(self.steps["slack"])
            await self.type_in_slack(f"{name}, {typed}", typed)
            text = " ".join(one.text for _, new in self.steps["slack"][said:] for one in new)
            if not re.search(told, text):
                self.faults.append(f"{name}, {typed}: does not say “{told}”: {text[:300]}")

    async def type_in_slack(self, name: str, text: str) -> None:
        """Type a command in Slack, wait for its answer, and record the step."""
        said = len(self.slack.messages) + len(self.slack.replies)
        await self.slack.command(text)
        await self.step(
            name,
            lambda: len(self.slack.messages) + len(self.slack.replies) > said,
            lambda: not self.in_slack("Working on it"),
        )

    @property
    def calls(self) -> int:
        """How many calls both services have had."""
        return sum(len(vendor.calls) for vendor in self.vendors.values())

    def hurry(self, delay: float = 0.0) -> None:
        """Let each answer take so many seconds."""
        for vendor in self.vendors.values():
            vendor.delay = delay

    async def check_in_discord(self) -> str:
        """Type the check in Discord, confirm its price, and return the id of the message."""
        asked = await self.discord.command("check", repeats=REPEATS)
        await eventually(lambda: "Ask" in str(self.discord.answer(asked)["components"]))
        name: str = self.discord.answer(asked)["id"]
        await self.discord.click(name, "Ask")
        return name


async def live(month: Month) -> None:
    """Let the month pass."""
    month.monday(0)
    process = await month.start()
    try:
        await _learn(month)
        await _begin_cut_off(month)
        await _kill(process)
        process = await month.start()
        await month.step("6. started again", lambda: month.in_slack(*CALM) == 3)
        month.hurry()
        await _lie(month)
        await _kill(process)  # a model whose service failed is paused for minutes, not for weeks
        process = await month.start()
        await _recover(month)
        await _lie_again(month)
        await _fail(month)
        await _kill(process)
        month.leave("anthropic")
        process = await month.start()
        await _go_on(month)
    finally:
        await _kill(process)
    raised = await month.raised()
    for chat, messages in zip(("slack", "discord"), month.alerts(), strict=True):
        if len(messages) != raised:
            month.faults.append(f"{chat}: {len(messages)} messages of {raised} alerts")


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _learn(month: Month) -> None:
    """Ask for help, then check in Slack, in Discord, and as two people at once."""
    slack, discord = month.slack, month.discord
    await slack.command("help")
    await month.step("1. help", lambda: slack.replies or slack.messages)
    await month.check_in_slack()
    await month.step("2. first check, in Slack", lambda: month.in_slack(*CALM))
    month.monday(1)
    await month.check_in_discord()
    await month.step(
        "3. second check, in Discord", lambda: any(one in str(discord.shown()[-1]) for one in CALM)
    )
    month.monday(2)
    month.hurry(0.2)
    await month.check_in_slack()
    await month.check_in_slack(user_id=BOB, user_name="bob")
    await month.step("4. two people at once", lambda: month.in_slack(*CALM) == 2)


async def _begin_cut_off(month: Month) -> None:
    """Start a check in Slack, and wait until a third of its questions are answered."""
    month.monday(3)
    before = month.calls
    await month.check_in_slack()
    await eventually(lambda: month.calls > before + 16)
    month.keep("5. progress, before kill -9", finished=False)


async def _lie(month: Month) -> None:
    """Let ChatGPT lie and name the brand less; people act, and Claude's service fails."""
    slack, discord = month.slack, month.discord
    month.monday(UPDATED)
    await month.check_in_slack()
    await month.step("7. the lie and the drop", lambda: all(month.alerts()))
    [alert], [there] = month.alerts()
    await slack.click(alert, "I'll take it")
    await month.step("8. Ann takes it", lambda: "has it" in str(month.alerts()[0]))
    said = [one for one in slack.replies if "Undo" in str(one.get("blocks"))]
    await slack.click(said[-1], "Undo", own=True)
    await month.step("8. and gives it back", lambda: "I'll take it" in str(month.alerts()[0]))
    if "has it" in str(month.alerts()[0]):
        month.faults.append("8. slack: what was taken back is still shown")
    await slack.click(month.alerts()[0][0], "I'll take it")
    await month.step("8. and takes it again", lambda: "has it" in str(month.alerts()[0]))
    for label in ("Read answers", "What to do?", "Details"):
        await slack.click(month.alerts()[0][0], label)
        press = discord.choose if label == "Details" else discord.click
        await press(there["id"], label)
        await month.step(f"9. {label}")
    month.vendors["anthropic"].fails = True
    month.monday(UPDATED + 1)
    await month.check_in_slack()
    await month.step("10. a failed provider", lambda: month.said("did not answer on"))
    month.vendors["anthropic"].fails = False
    for typed in ("status", "report", "report --week", "spend", "claims Pipedrive", "alerts list"):
        words = typed.removesuffix(" Pipedrive").removesuffix(" --week")
        options = {"brand": "Pipedrive"} if typed.endswith("Pipedrive") else {}
        options |= {"week": True} if typed.endswith("--week") else {}
        await discord.command(*words.split(), **options)
        await month.type_in_slack(f"11. {typed}", typed)
    await slack.visit_home()
    await month.step("12. App Home", lambda: slack.homes)


async def _recover(month: Month) -> None:
    """Let all be as before."""
    for number, week in enumerate((UPDATED + 3, 4, 5), 1):
        month.monday(week)
        results = month.said("not the app")
        await month.check_in_slack()
        await month.step(
            f"13. as before, check {number}",
            lambda results=results: month.said("not the app") > results,
        )
    for typed in ("status", "report --week"):
        await month.type_in_slack(f"14. {typed}, at the end", typed)


async def _check(month: Month, name: str, week: int, shown: str) -> None:
    """Ask in Slack in a week, and wait until so much is shown once more."""
    month.monday(week)
    results = month.said(shown)
    await month.check_in_slack()
    await month.step(name, lambda: month.said(shown) > results)


async def _lie_again(month: Month) -> None:
    """Let ChatGPT state the wrong price, and nothing else."""
    month.vendors["openai"].lies = 5
    await _check(month, "15. the second lie", 6, "price wrong")
    await month.read_all("16. after the second lie", LIED)


async def _fail(month: Month) -> None:
    """Let both services fail; the lie was told in the newest answers."""
    for vendor in month.vendors.values():
        vendor.fails = True
    await _check(month, "17. all fail", 7, "failed")
    await month.read_all("18. after that", FAILED)
    for vendor in month.vendors.values():
        vendor.fails, vendor.lies = False, 0


async def _go_on(month: Month) -> None:
    """Ask ChatGPT alone, for as long as it takes until all is as usual."""
    for number, week in enumerate((3, 4, 5, 6), 1):
        await _check(month, f"19. Claude has left, check {number}", week, "not the app")
    await month.read_all("20. Claude has left", r"")
    for name, new in month.steps["slack"]:
        typed = name.removeprefix("20. Claude has left, ")
        left = any("No longer asked: Claude" in one.text for one in new)
        if typed in {"status", "report", "report --week"} and not left:
            month.faults.append(f"{name}: does not say that Claude is no longer asked")


@asynccontextmanager
async def open_month(folder: Path) -> AsyncIterator[Month]:
    """Serve both chats and both services, and write the configuration."""
    slack, discord = Slack(), Discord()
    vendors = {name: Vendor(name) for name in MODELS}
    await discord.start()
    try:
        async with slack.serving():
            chats = both_chats.Chats(slack, discord)
            providers = "".join(
                PROVIDER.format(name=name, url=vendor.url, model=MODELS[name])
                for name, vendor in vendors.items()
            )
            prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in QUESTIONS)
            base = CONFIG.format(folder=folder).replace(
                'admins = ["fake:U1"]', f'admins = ["slack:{USER}", "discord:{PERSON}"]'
            )
            health = "\n[health]\nport = 0\n[asking]\ntries = 1\n"
            (folder / "config.toml").write_text(
                base + providers + prompts + chats.routes() + chats.tables() + health,
                encoding="utf-8",
            )
            yield Month(folder, slack, discord, vendors)
    finally:
        await discord.close()
        for vendor in vendors.values():
            vendor.close()


async def run(folder: Path) -> list[str]:
    """Run the bot through the month, draw its messages into a folder, and return the faults as
    sentences.
    """
    with TemporaryDirectory() as place:
        async with open_month(Path(place)) as month:
            try:
                await live(month)
            finally:
                draw(month.steps, folder)
                shutil.copy(Path(place) / "bot.log", folder)
    return month.faults


def main() -> None:
    """Live through a month, and fail when something contradicts the design."""
    parser = argparse.ArgumentParser(description="A first month in Slack and Discord.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    faults = asyncio.run(run(folder))
    print(*faults, sep="\n")
    print(f"{len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
