"""Collectors on loopback, with the shapes of their public documentation: they take tasks, answer
them after a while, and bill what they have answered whether or not anyone asks for it.
"""

import csv
import json
import time
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, unquote_plus
from uuid import uuid4

from kit.vendors import KEY, Call, Document, Reaction
from overheard.testing.service import Service

ANSWERED, NONE, FAILED, FOREIGN, CUT, ENDLESS, REFUSED = (
    *("answered", "none", "failed", "foreign", "cut", "endless", "refused"),
)
"""What becomes of a task: a foreign one has the answer to another question, an endless one never
ends, and a refused one is not taken.
"""
MODEL = "gpt-5-5"
SERP = "gd_mfz5x93lmsjjjylob"
"""Bright Data's pages of Google's search."""
SOURCE = {"title": "Best tools", "url": "https://g2.test/best", "domain": "g2.test"}
SHOWN = {"title": "Seen", "url": "https://seen.test/", "domain": "seen.test"}


@dataclass
class Bought:
    """A task that a collector has taken.

    Attributes:
        key: The tag, number or idempotency key that it was posted with.
        posted: When, on the clock of `time.monotonic`.
        done: When it ends.
        given: How often its result was fetched.
        follow_up: What is asked next in the same session.
        place: Where it was asked, and in which language, as the collector writes it.
    """

    id: str
    prompt: str
    key: str
    product: str
    posted: float
    done: float
    fate: str
    given: int = 0
    follow_up: str = ""
    place: tuple[int, str] = (0, "")

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.fate != ENDLESS and time.monotonic() >= self.done


class CollectorService(Service, ABC):
    """A running collector.

    Attributes:
        tasks: What was bought.
        fate: From a prompt to what becomes of its task.
        latency_s: From a prompt to the seconds that its answer takes.
        answer: From a prompt to an answer.
        listed_after_s: Seconds after which a task is listed.
        price: Dollars for an answer.
        taken: A reaction in the place of the response to a call that has bought tasks.
        refusals: Reactions to the next calls.
        balance: What is left in the account.
        gone: Products that are sold no more.
    """

    authorization = f"Bearer {KEY}"

    def __init__(self, price: float) -> None:
        super().__init__()
        self.tasks: list[Bought] = []
        self.fate: Callable[[str], str] = lambda _: ANSWERED
        self.latency_s: Callable[[str], float] = lambda _: 0.0
        self.answer: Callable[[str], str] = lambda prompt: f"Acme is good. ({prompt})"
        self.listed_after_s = 0.0
        self.price = price
        self.taken: list[Reaction | None] = []
        self.refusals: list[Reaction] = []
        self.balance = 10.0
        self.gone: set[str] = set()

    @property
    def bill(self) -> float:
        """What the account is charged when all tasks have ended."""
        return self.price * sum(task.fate != FAILED for task in self.tasks)

    def react(self, call: Call) -> Reaction:
        """React as the collector would."""
        self.calls.append(call)
        if self.refusals:
            return self.refusals.pop(0)
        if call.headers.get("authorization") != self.authorization:
            return self.unauthorized()
        before = len(self.tasks)
        reaction = self.serve(call, {k: v[0] for k, v in parse_qs(call.query).items()})
        if len(self.tasks) > before and self.taken:
            return self.taken.pop(0) or reaction
        return reaction

    def unauthorized(self) -> Reaction:
        """React to a wrong key."""
        return Reaction({"error": {"code": "INVALID_OR_EXPIRED_API_KEY"}}, 401)

    @abstractmethod
    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key."""

    def take(self, prompt: str, key: str, product: str, name: str = "") -> Bought:
        """Take a task."""
        now = time.monotonic()
        done, fate = now + self.latency_s(prompt), self.fate(prompt)
        task = Bought(name or str(uuid4()), prompt, key, product, now, done, fate)
        self.tasks.append(task)
        return task

    def text(self, task: Bought) -> str:
        """Return the answer of a task."""
        whole = self.answer(task.prompt)
        return f"{whole} It has these plans:" if task.fate == CUT else whole


class DataForSEOService(CollectorService):
    """DataForSEO: the status is 200, whatever happened."""

    authorization = f"Basic {b64encode(KEY.encode()).decode()}"
    FIELDS = frozenset(
        {
            *("keyword", "location_code", "language_code", "priority", "tag"),
            *("force_web_search", "load_async_ai_overview"),
        }
    )

    def unauthorized(self) -> Reaction:
        """React to a wrong key."""
        return Reaction({"status_code": 40100, "tasks": None}, 401)

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:  # noqa: ARG002
        """React to a call with the right key."""
        path = call.path.removeprefix("/v3/")
        if path == "appendix/user_data":
            return told([{"status_code": 20000, "result": [{"money": {"balance": self.balance}}]}])
        if path.endswith("/languages"):
            gone = path.removesuffix("/languages") in self.gone
            return told([{"status_code": 40402 if gone else 20000, "result": []}])
        if path.endswith("/task_post"):
            posts: list[Document] = json.loads(call.raw)
            return told([self._posted(path, post, n) for n, post in enumerate(posts)])
        if path.endswith("/id_list"):
            return told([{"status_code": 20000, "result": self._listed(path.partition("/")[0])}])
        return told([self._got(path.rpartition("/")[2])])

    def _posted(self, path: str, post: Document, number: int) -> Document:
        prompt = unquote_plus(post["keyword"])
        code = 40006 if number >= 100 else 20100
        if not post.keys() <= self.FIELDS:
            code = 40506
        if self.fate(prompt) == REFUSED:
            code = 40205
        known = {"status_code": code, "cost": 0, "data": post, "result": None}
        if code != 20100:
            return {"id": None, **known}
        task = self.take(prompt, post["tag"], path.removesuffix("/task_post"))
        task.place = (post["location_code"], post["language_code"])
        return {"id": task.id, **known, "cost": self.price}

    def _listed(self, api: str) -> list[Document]:
        now = time.monotonic()
        return [
            {
                "id": task.id,
                "status": "Ok.",
                "cost": self.price,
                "metadata": {"keyword": task.prompt, "tag": task.key},
            }
            for task in reversed(self.tasks)
            if task.product.startswith(api) and now >= task.posted + self.listed_after_s
        ]

    def _got(self, name: str) -> Document:
        task = next((one for one in self.tasks if one.id == name), None)
        if task is None:
            return {"id": name, "status_code": 40401, "cost": 0, "result": None}
        task.given += 1
        code = 20000 if task.is_done else 40602
        if task.is_done and task.fate == FAILED:
            code = 40101
        known = {"id": name, "status_code": code, "cost": 0}
        if code != 20000:
            return {**known, "result": None}
        return {**known, "result": [self._result(task)]}

    def _result(self, task: Bought) -> Document:
        keyword = "who won the cup" if task.fate == FOREIGN else task.prompt
        text, head = self.text(task), {"keyword": keyword, "location_code": 2840}
        if not task.product.startswith("serp/"):
            sources = {"sources": [SOURCE], "search_results": [SOURCE, SHOWN]}
            queries = {"fan_out_queries": ["best tools 2026"], "items": [], "model": MODEL}
            return {**head, **queries, **sources, "markdown": text}
        overview = {"type": "ai_overview", "markdown": text, "references": [SOURCE], "items": []}
        organic = {"type": "organic", "title": "A page"}
        return {**head, "items": [organic] if task.fate == NONE else [overview, organic]}


def told(tasks: list[Document]) -> Reaction:
    """Return a response of DataForSEO."""
    return Reaction({"version": "0.1", "status_code": 20000, "cost": 0, "tasks": tasks})


class BrightDataService(CollectorService):
    """Bright Data: what is triggered together is one snapshot."""

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key."""
        path, _, rest = call.path.removeprefix("/datasets/v3/").partition("/")
        product = query.get("dataset_id", "")
        if call.path == "/customer/balance":
            return Reaction({"balance": self.balance, "pending_balance": 0})
        if product in self.gone:
            return Reaction({"error": "dataset does not exist"}, 404)
        if path == "trigger":
            return self._triggered(product, json.loads(call.raw))
        if path == "snapshots":
            return Reaction(json.dumps(self._listed(product)).encode())
        return self._told(path, rest)

    def _told(self, path: str, rest: str) -> Reaction:
        name = rest.removesuffix("/input")
        tasks = [task for task in self.tasks if task.id == name]
        if rest.endswith("/input"):
            text = StringIO()
            writer = csv.writer(text)
            writer.writerows([["prompt", "index"], *([t.prompt, t.key] for t in tasks)])
            return Reaction(text.getvalue().encode(), content_type="text/csv")
        ready = all(task.is_done for task in tasks)
        if path == "progress":
            return Reaction({"snapshot_id": name, "status": "ready" if ready else "running"})
        if not ready:
            return Reaction({"status": "building"}, 202)
        return Reaction(json.dumps([self._record(task) for task in tasks]).encode())

    def _triggered(self, product: str, inputs: list[Document]) -> Reaction:
        field = "keyword" if product == SERP else "prompt"
        refused = [one for one in inputs if not (one.get("url") and one.get(field))]
        if refused:
            return Reaction({"error": "Invalid input provided", "code": "validation_error"}, 400)
        name = f"s_{uuid4().hex[:16]}"
        for one in inputs:
            task = self.take(one[field], str(one["index"]), product, name)
            task.follow_up = one.get("additional_prompt", "")
        return Reaction({"snapshot_id": name})

    def _listed(self, product: str) -> list[Document]:
        now, at = time.monotonic(), datetime.now(UTC).isoformat()
        listed = {
            task.id
            for task in self.tasks
            if task.product == product and now >= task.posted + self.listed_after_s
        }
        return [{"id": one, "created": at, "status": "ready"} for one in listed]

    def _record(self, task: Bought) -> Document:
        task.given += 1
        asked = {"prompt": task.prompt, "index": int(task.key), "url": "https://chatgpt.com/"}
        if task.fate == FAILED:
            error = "Auth wall: sign-up prompt detected"
            return {"input": asked, "error": error, "error_code": "auth_wall"}
        prompt = "who won the cup" if task.fate == FOREIGN else task.prompt
        if task.product == SERP:
            none = task.fate == NONE
            page = {"url": "https://www.google.com/search", "keyword": prompt, "organic": []}
            return {**page, "index": int(task.key), "aio_text": None if none else self.text(task)}
        then = {"additional_answer_text": f"Then: {task.follow_up}"} if task.follow_up else {}
        return {
            **asked,
            **then,
            "prompt": prompt,
            "answer_text_markdown": self.text(task),
            "model": MODEL,
            "citations": [{**SOURCE, "position": 1}],
            "search_sources": [SHOWN],
            "web_search_query": ["another person's question"],
            "web_search_triggered": False,
        }


class CloroService(CollectorService):
    """Cloro: a task with a known key is not created again, and not told either."""

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key."""
        if call.path == "/v1/credits":
            return Reaction({"remaining": self.balance, "perCycle": 500, "cycleResetsAt": None})
        if call.path == "/v1/countries":
            return Reaction({"error": {}}, 400 if query["model"] in self.gone else 200)
        if call.path == "/v1/async/task/batch":
            results = [self._created(one, n) for n, one in enumerate(json.loads(call.raw))]
            made = sum(result["success"] for result in results)
            summary = {"total": len(results), "succeeded": made, "failed": len(results) - made}
            return Reaction({"success": True, "summary": summary, "results": results})
        name = call.path.rpartition("/")[2]
        task = next((one for one in self.tasks if one.id == name), None)
        if task is None:
            return Reaction({"success": False, "error": {"code": "RESOURCE_NOT_FOUND"}}, 404)
        return Reaction(self._status(task))

    def _created(self, one: Document, index: int) -> Document:
        payload, key = one["payload"], one["idempotencyKey"]
        prompt = payload.get("prompt") or payload.get("query")
        code = ""
        if not prompt or not (payload.get("country") or payload.get("gl")):
            code = "VALIDATION_ERROR"
        elif any(task.key == key for task in self.tasks):
            code = "RESOURCE_ALREADY_EXISTS"
        elif self.fate(prompt) == REFUSED:
            code = "INSUFFICIENT_CREDITS"
        if code:
            return {"success": False, "index": index, "error": {"code": code, "message": "x"}}
        task = self.take(prompt, key, one["taskType"])
        return {"success": True, "index": index, "task": {"id": task.id, "status": "QUEUED"}}

    def _status(self, task: Bought) -> Document:
        task.given += 1
        status = "PROCESSING"
        if task.is_done:
            status = "FAILED" if task.fate == FAILED else "COMPLETED"
        known: Document = {"task": {"id": task.id, "status": status, "idempotencyKey": task.key}}
        if status == "FAILED":
            error = {"code": "INTERNAL_SERVER_ERROR", "message": "Maximum retries exceeded"}
            return {**known, "response": {"error": error}}
        return {**known, "response": self._response(task)} if status == "COMPLETED" else known

    def _response(self, task: Bought) -> Document:
        source: dict[str, Any] = {"position": 1, "url": SOURCE["url"], "label": SOURCE["title"]}
        answer = {"markdown": self.text(task), "sources": [source]}
        if task.product != "GOOGLE":
            return {**answer, "text": self.text(task), "model": MODEL, "searchQueries": ["x"]}
        return {"organicResults": [], "aioverview": None if task.fate == NONE else answer}
