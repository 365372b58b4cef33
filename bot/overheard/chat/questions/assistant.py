"""A configured model that chooses the command for a question which the grammar passes on.

It calls the commands as tools: its reply is one JSON object with up to two calls, which every
service can give. Each call is checked; of what it writes, nothing is shown but checked values.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from overheard.chat.parser import Order
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.situation import OpenAlert, Situation
from overheard.chat.questions.tools import (
    CallReader,
    InvalidCall,
    ToolCall,
    UnknownChannel,
    described,
    notes,
    offered_tools,
    reply_schema,
    task,
)
from overheard.config.stored_settings import ASSISTANT
from overheard.deployment import Call
from overheard.domain import Model, Prompt, Question
from overheard.errors import BudgetUsedUp, OverheardError, ProviderFailed
from overheard.interfaces import Request
from overheard.runs.runner import asking_aside

log = logging.getLogger(__name__)
_json = partial(json.dumps, ensure_ascii=False)

CHANNEL = "assistant:questions"
"""The channel that the questions are booked on, which ``[assistant] budget`` limits."""
ANSWER_TIMEOUT_S = 10.0
"""Seconds after which the answer of the model, also a repaired one, is not waited for."""
MAX_REPLY_TOKENS = 1_500
"""The longest answer of the model, with what it writes to reason."""
MAX_QUESTION_CHARS = 600
"""The longest question that the model is asked."""
MAX_REPLY_CHARS = 4_000
"""Characters of the answer that are read."""
NOTHING = "nothing"
"""What a question lacks that is answered; an empty word is refused by one service."""
MAX_LACKING_CHARS = 40
"""The longest name of what is lacking."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation, and the command that it was read as."""

    question: str
    read_as: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model reads a question.

    Attributes:
        order: The command that answers it, or the nearest one where something is lacking; or None.
        other: The command of another reading, or None.
        lacks: What is lacking, a key of ``lacks`` in tools.toml; empty for nothing.
        lacking: Its name, in words of the question; or empty.
        problem: Why there is no reading, as a sentence; or empty.
    """

    order: Order | None = None
    other: Order | None = None
    lacks: str = ""
    lacking: str = ""
    problem: str = ""


async def read_question(
    request: Request, call: Call, names: KnownNames, situation: Situation, turns: Sequence[Turn]
) -> Reading | None:
    """Ask the configured model how to read a question; the call costs money. A reply that is not
    valid is asked for once more, with what is wrong.

    Args:
        turns: The last questions of the conversation, the oldest first.

    Returns:
        The reading. None when no model is configured, or the question is too long.
    """
    settings, text = call.config.assistant, request.question
    if not settings.model or len(text) > MAX_QUESTION_CHARS:
        return None
    tools = offered_tools(situation.commands.values())
    said = "\n".join((text, *(turn.question for turn in turns)))
    metrics = call.scoring.metrics
    reader = CallReader(tools, metrics, names, situation, said, request.channel)
    before = _json([asdict(turn) for turn in turns])
    prompt = f"{task()}\n{_context(reader)}\nturns before: {before}\nquestion: {_json(text)}"
    schema = json.dumps(reply_schema(tools))
    model = Model(*settings.model.split("/", 1))
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reply = await _ask(call, model, prompt, schema)
            try:
                return read_reply(reply, reader)
            except InvalidCall as error:
                prompt += f"\nyour reply was {json.dumps(reply[:MAX_REPLY_CHARS])}"
                prompt += f"\nIt is not valid: {error}. Reply again, with one valid JSON object."
            reply = await _ask(call, model, prompt, schema)
            return read_reply(reply, reader)
    except BudgetUsedUp:
        problem = "The money of this month for reading such questions is used up."
    except TimeoutError:
        problem = "The model that reads such questions did not answer in time."
    except InvalidCall as error:
        log.warning("The model that reads questions chose nothing that exists: %s", error)
        problem = "The model that reads such questions chose nothing that I can show."
    except OverheardError as error:
        log.warning("The model that reads questions has not answered: %s", error)
        problem = "The model that reads such questions did not answer."
    return Reading(problem=problem)


def _context(reader: CallReader) -> str:
    """Return what the model is told of the deployment: tools, names, metrics, alerts and days."""
    situation, names = reader.situation, reader.names
    thread = situation.thread_alert
    rivals = sorted(set(names.brands.values()) - set(names.own))
    updates = {situation.models.get(id_, id_): day for id_, day in situation.updates.items()}
    facts: Mapping[str, Any] = {
        "today": f"{situation.today:%A} {situation.today.isoformat()}",
        "our brands": names.own,
        "their category": sorted(names.categories),
        "competitors": rivals,
        "models that are asked, all by API": sorted(set(situation.models.values())),
        "metrics": {name: metric.label for name, metric in reader.metrics.items()},
        "facts that are known": sorted(set(names.topics.values())),
        "open alerts": [_alert_words(alert) for alert in situation.alerts],
        "alert in whose thread the question is": _alert_words(thread) if thread else "none",
        "last update of each model": {name: day.isoformat() for name, day in updates.items()},
        "check before the newest": str(situation.last_check or "none"),
        "lacks": notes()["lacks"],
    }
    told = "\n".join(f"{name}: {_json(value)}" for name, value in facts.items())
    tools = "tools (* is required, [] takes several with commas)"
    return f"{tools}:\n{described(reader.tools)}\n{told}"


def _alert_words(alert: OpenAlert) -> str:
    return f"{alert.id}: {alert.brand or 'all brands'} at {alert.name}"


async def _ask(call: Call, model: Model, request: str, schema: str) -> str:
    """Ask the model, and return the text of its answer; "" when the answer is cut off.

    The call is charged to the assistant's own budget and to those of the call, and the answer
    is stored in a new run that no score or alert uses.
    """
    question = Question(Prompt(request), model, limit=MAX_REPLY_TOKENS, schema=schema)
    usd = call.config.assistant.budget
    async with asking_aside(
        call.means, model, label=ASSISTANT, asked_by=ASSISTANT, channel=CHANNEL, usd=usd
    ) as ask:
        answer = await ask(question)
    if answer.error:
        raise ProviderFailed(model=model, reason=answer.error)
    return answer.reply.text if answer.complete else ""


def read_reply(reply: str, reader: CallReader) -> Reading:
    """Return the reading of a model's reply. The first call has to be valid, unless something is
    lacking; a second one that is not, or is the same, is left out.

    Raises:
        InvalidCall: when the reply is no object as asked for, or its first call is not valid.
    """
    document = _document(reply)
    lacks = str(document.get("lacks") or NOTHING)
    lacks = "" if lacks == NOTHING else lacks if lacks in notes()["lacks"] else "part"
    lacking = str(document.get("lacking") or "").strip()[:MAX_LACKING_CHARS]
    calls = document.get("calls")
    calls = calls if isinstance(calls, list) else [document]
    orders: list[Order | None] = []
    for place, call in enumerate(calls[:2]):
        try:
            orders.append(reader.order(_call(call)))
        except UnknownChannel as error:
            form = Order(error.spec) if error.spec.fill else None
            return Reading(form, lacks="channel")
        except InvalidCall:
            if place == 0 and not lacks:
                raise
            orders.append(None)
    first, second = (*orders, None, None)[:2]
    if first is None and not lacks:
        raise InvalidCall("it has no call, and lacks says nothing")
    is_other = second and (first is None or second.words != first.words)
    if not reader.is_said(lacking):
        lacking = ""
    return Reading(first, second if is_other else None, lacks, lacking)


def _document(reply: str) -> Mapping[str, Any]:
    """Return the object of a reply, also one in a code fence."""
    text = reply[:MAX_REPLY_CHARS].strip().removeprefix("```json").strip("`\n ")
    try:
        document = json.loads(text)
    except ValueError:
        raise InvalidCall("it is no JSON object") from None
    if not isinstance(document, dict):
        raise InvalidCall("it is no JSON object")
    return document


def _call(call: object) -> ToolCall:
    """Return a call with its options, which are a list of names and values, or an object."""
    if not isinstance(call, dict):
        raise InvalidCall("a call is an object with command and options")
    given = call.get("options") or {}
    if isinstance(given, list):
        pairs = [one for one in given if isinstance(one, dict)]
        given = {str(one.get("name")): one.get("value") for one in pairs}
    if not isinstance(given, dict):
        raise InvalidCall("options are a list of objects with name and value")
    texts = {str(name): str(value).strip() for name, value in given.items() if value is not None}
    options = {name: text for name, text in texts.items() if text}
    return ToolCall(str(call.get("command") or ""), options)
