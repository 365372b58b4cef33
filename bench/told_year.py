"""What people read in half a year in which much goes wrong: every card of every week.

An outage in week 6, a refused key in week 9, a competitor that is added in week 11, a model that
its vendor retires in week 15 and that is taken out of the configuration in week 17, and a fall in
week 20. The models are scripted (`tests/kit/states.py`); checks, scores, detection and cards are
the real ones. A fault is a forbidden sentence, or a card that does not say what stands.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit.forbidden import forbidden, said
from kit.states import BRANDS, DOWN, Past, Plan, past
from overheard.cards.charts.renderer import without_pictures
from overheard.commands.alerts import alert_card
from overheard.commands.delivery_cards import sign_of_life
from overheard.commands.report import report
from overheard.deployment import Call

WEEKS = 26
OUTAGE, REFUSED, ADDED, RETIRED, REMOVED, FELL = 6, 9, 11, 15, 17, 20
KEY = Plan(fails="it refused the key; see [providers.anthropic].")
GONE = Plan(fails="it has no model claude-5 any more.")
LOWER = Plan({"Acme": 6}, served="b")
SITUATIONS = ("status", "report Acme", "report Acme --week")
READ = (
    *(*SITUATIONS, "trend Acme", "trend Acme --show voice", "trend Acme Umbra", "changes Acme"),
    *("changes Acme --show all", "answers Acme", "answers Acme --show questions", "brief Acme"),
    *("claims Acme", "alerts list"),
)
ALL_FAILED = r"[Tt]he check of .* failed"
WITHOUT_CLAUDE = r"Claude did not answer on"
STANDS = {
    OUTAGE: ALL_FAILED,
    REFUSED: WITHOUT_CLAUDE,
    RETIRED: WITHOUT_CLAUDE,
    RETIRED + 1: WITHOUT_CLAUDE,
    **dict.fromkeys(range(FELL, WEEKS + 1), r"ChatGPT names (?:Acme|it) far less|[Ff]ar below"),
}
"""What every card says in a week; in the others nothing has happened."""


def _plans(week: int) -> dict[str, Plan]:
    """Return what the models answer in a week."""
    if week == OUTAGE:
        return {"openai": DOWN, "anthropic": DOWN}
    plans = {REFUSED: {"anthropic": KEY}, RETIRED: {"anthropic": GONE}}
    plans[RETIRED + 1] = plans[RETIRED]
    return {"openai": LOWER} if week >= FELL else plans.get(week, {})


async def _cards(made: Past, folder: Path) -> AsyncIterator[tuple[str, str, str]]:
    """Yield (what was typed or opened, title, text) of all cards of a week."""
    for words in READ:
        card = await made.shown(words)
        yield words, card.title, said(card)
    yield "check", made.checked.title, said(made.checked)
    deployment = await made.deployment.refreshed()
    for number, alert in enumerate(await deployment.store.alerts.find(live=True)):
        for details in (False, True):
            card = await alert_card(Call(deployment, channel="fake:C1"), alert, details=details)
            yield f"alert {number}{', details' * details}", card.title, said(card)
    card = await sign_of_life(Call(deployment))
    yield "sign of life", card.title, said(card)
    page = folder / "page.html"
    await report(Call(deployment), brands=["Acme"], html=page)
    written = re.sub(r"<(style|svg).*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", written)))
    yield "page", "", words


async def tell(folder: Path) -> list[str]:
    """Live through the weeks, write all cards to a file in a folder, and return the faults."""
    faults, texts = [], []
    with without_pictures():
        made = await past(weeks=0)
        for week in range(1, WEEKS + 1):
            if week == ADDED:
                await made.configure(brands=BRANDS.replace('"Umbra"', '"Umbra", "Beacon"'))
            if week == REMOVED:
                made.leave("anthropic")
            await made.check(**_plans(week))
            async for words, title, text in _cards(made, folder):
                texts.append(f"==== week {week}, {words}\n{text}")
                found = forbidden(text)
                stands = STANDS.get(week)
                about = words not in {"alerts list", "sign of life", "claims Acme"}
                if stands and about and not re.search(stands, text):
                    found.append(f"does not say {stands}")
                if words in SITUATIONS and stands and not re.search(stands, title):
                    found.append(f"its title is {title}")
                if week > REMOVED + 1 and re.search(r"Claude(?!, since)", text):
                    found.append("speaks of a model that is no longer asked")
                faults += [f"week {week}, {words}: {one}" for one in found]
    (folder / "told.txt").write_text("\n\n".join(texts), encoding="utf-8")
    print(f"{len(texts)} cards")
    return faults
