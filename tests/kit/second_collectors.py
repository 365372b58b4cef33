"""Collectors once more, written from their public documentation alone, apart from the client:
strict about what they take, and as untidy in what they give as documentation and users say.

They charge what they deliver whether or not anyone asks for it, answer late and out of order, break
at random, and say so inside of responses that succeed.
"""

import base64
import csv
import io
import json
import random
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote

from kit.vendors import KEY, Call, Document, Reaction
from overheard.testing.service import Service

GOOD, FAILED, FOREIGN, CUT, GONE = "good", "failed", "foreign", "cut", "gone"
"""What becomes of a task: a gone one was charged, and its answer cannot be fetched any more."""
SHARES = {GOOD: 0.82, FAILED: 0.06, FOREIGN: 0.05, CUT: 0.04, GONE: 0.03}
LINK = {"url": "https://reviews.test/tools", "title": "Tools", "domain": "reviews.test"}


@dataclass
class Job:
    """A task that was taken."""

    id: str
    asked: str
    label: str
    fate: str
    ready_at: float


class Market(Service, ABC):
    """A running collector.

    Attributes:
        jobs: All tasks that were taken.
        rough: How often a call breaks or is refused, as a share.
    """

    fates = tuple(SHARES)

    def __init__(self, price: float, seed: int = 7) -> None:
        super().__init__()
        self.price, self.rough = price, 0.12
        self.jobs: list[Job] = []
        self.chance = random.Random(seed)  # noqa: S311 - no secret

    @property
    def bill(self) -> float:
        """What the account is charged."""
        return self.price * sum(job.fate != FAILED for job in self.jobs)

    def take(self, asked: str, label: str, name: str = "") -> Job:
        """Take a task; a tenth of them are late."""
        weights = [SHARES[fate] for fate in self.fates]
        [fate] = self.chance.choices(self.fates, weights)
        wait_s = self.chance.uniform(0.2, 0.4) if self.chance.random() < 0.1 else 0.03
        name = name or f"{len(self.jobs):08x}-{self.chance.getrandbits(32):08x}"
        job = Job(name, asked, label, fate, time.monotonic() + wait_s)
        self.jobs.append(job)
        return job

    def react(self, call: Call) -> Reaction:
        """React; some calls break before or behind the work."""
        self.calls.append(call)
        roll = self.chance.random()
        if roll < self.rough / 3:
            return self.busy()
        reaction = self.serve(call, {k: v[-1] for k, v in parse_qs(call.query).items()})
        if roll < self.rough * 2 / 3:
            return Reaction(hang_up=True)
        return Reaction({"error": "oops"}, 502) if roll < self.rough else reaction

    def busy(self) -> Reaction:
        """React to too many calls."""
        return Reaction({"error": "Too many requests"}, 429, {"Retry-After": "0"})

    @abstractmethod
    def serve(self, call: Call, query: dict[str, str]) -> Reaction:
        """React to a call."""

    def words(self, job: Job) -> str:
        """Return the answer of a task."""
        return f"Acme suits you ({job.asked})." + (" Its plans are:" if job.fate == CUT else "")

    def echoed(self, job: Job) -> str:
        """Return the question that an answer repeats."""
        return "weather tomorrow" if job.fate == FOREIGN else job.asked


class SecondDataForSEO(Market):
    """A task is charged when it is set, and the charge is given back when it fails."""

    KNOWN = frozenset(
        {
            *("keyword", "location_code", "location_name", "language_code", "language_name"),
            *("priority", "tag", "force_web_search", "expand_citations"),
            *("postback_url", "pingback_url"),
        }
    )

    def busy(self) -> Reaction:
        """The status is 200, and a number tells."""
        return self.told([], code=50000)

    def told(self, tasks: list[Document], code: int = 20000) -> Reaction:
        """Return a response."""
        failed = sum(task["status_code"] >= 40000 for task in tasks)
        counts: Document = {"tasks_count": len(tasks), "tasks_error": failed, "cost": 0}
        return Reaction({"version": "0.1.2", "status_code": code, **counts, "tasks": tasks})

    def serve(self, call: Call, query: dict[str, str]) -> Reaction:  # noqa: ARG002 - it has none
        """React to a call."""
        if call.headers["authorization"] != "Basic " + base64.b64encode(KEY.encode()).decode():
            return self.told([], code=40100)
        if call.path.endswith("/task_post"):
            return self.told([self.set(one, n) for n, one in enumerate(json.loads(call.raw))])
        if call.path.endswith("/id_list"):
            return self.told([{"status_code": 20000, "result": self.listed(json.loads(call.raw))}])
        return self.told([self.got(call.path.rpartition("/")[2])])

    def set(self, post: Document, number: int) -> Document:
        """Set a task."""
        ok = post.keys() <= self.KNOWN and 0 < len(post.get("keyword", "")) <= 2000
        ok = ok and ("location_code" in post or "location_name" in post)
        ok = ok and ("language_code" in post or "language_name" in post)
        ok = ok and len(post.get("tag", "")) <= 255 and post.get("priority", 1) in (1, 2)
        if not ok or number >= 100:
            return {"id": None, "status_code": 40501 if number < 100 else 40006, "data": post}
        job = self.take(unquote(post["keyword"].replace("+", " ")), post["tag"])
        return {"id": job.id, "status_code": 20100, "cost": self.price, "data": post}

    def listed(self, asked: list[Document]) -> list[Document]:
        """Return the tasks of a span, finished or not."""
        [span] = asked
        form = "%Y-%m-%d %H:%M:%S %z"
        first, last = (
            datetime.strptime(span[f"datetime_{end}"], form).astimezone(UTC)
            for end in ("from", "to")
        )
        assert last - first < timedelta(days=31), "metadata is there for a month"
        rows: list[Document] = [{"id": job.id, "metadata": {"tag": job.label}} for job in self.jobs]
        rows = rows[::-1] if span["sort"] == "desc" else rows
        return rows[span["offset"] : span["offset"] + min(span["limit"], 1000)]

    def got(self, name: str) -> Document:
        """Return a task as `task_get` does; it breaks for a single task, too."""
        job = next((one for one in self.jobs if one.id == name), None)
        if job is None or job.fate == GONE:
            return {"id": name, "status_code": 40401, "cost": 0, "result": None}
        code = 20000 if time.monotonic() >= job.ready_at else self.chance.choice((40601, 40602))
        if code == 20000 and self.chance.random() < 0.05:
            code = self.chance.choice((50000, 50401, 40202))
        if code == 20000 and job.fate == FAILED:
            code = 40101
        known: Document = {"id": name, "status_code": code, "cost": 0, "result": None}
        if code != 20000:
            return known
        other = {"fan_out_queries": ["lottery numbers"], "search_results": None, "sources": [LINK]}
        answer = {"keyword": self.echoed(job), "markdown": self.words(job), "model": "gpt-5-5"}
        return {**known, "result": [{**answer, **other, "items": []}]}


class SecondBrightData(Market):
    """A snapshot's records come in any order, some twice, and one may be missing; delivered records
    without an error are charged.
    """

    fates = (GOOD, FAILED, FOREIGN, CUT, GONE)

    @property
    def bill(self) -> float:
        """A record that is missing was not delivered."""
        return self.price * sum(job.fate not in (FAILED, GONE) for job in self.jobs)

    def serve(self, call: Call, query: dict[str, str]) -> Reaction:  # noqa: PLR0911 - a call each
        """React to a call."""
        if call.headers["authorization"] != f"Bearer {KEY}":
            return Reaction({"error": "Invalid token"}, 401)
        room, _, rest = call.path.removeprefix("/datasets/v3/").partition("/")
        if room == "trigger":
            return self.trigger(query, json.loads(call.raw))
        if room == "snapshots":
            names = dict.fromkeys(job.id for job in self.jobs)
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
            rows = [{"id": one, "created": now, "status": "running"} for one in names]
            return Reaction(json.dumps(rows[::-1][: int(query.get("limit", "1000"))]).encode())
        jobs = [job for job in self.jobs if job.id == rest.removesuffix("/input")]
        if rest.endswith("/input"):
            text = io.StringIO()
            rows_of = csv.DictWriter(text, ("url", "prompt", "index"))
            rows_of.writeheader()
            rows_of.writerows({"url": "u", "prompt": j.asked, "index": j.label} for j in jobs)
            return Reaction(text.getvalue().encode(), content_type="text/csv")
        ready = all(time.monotonic() >= job.ready_at for job in jobs)
        if room == "progress":
            word = "ready" if ready else self.chance.choice(("starting", "running", "digesting"))
            return Reaction({"snapshot_id": rest, "dataset_id": "gd", "status": word})
        if not ready or self.chance.random() < 0.3:
            return Reaction({"status": "building", "message": "try again in 10s"}, 202)
        records = [self.record(job) for job in jobs if job.fate != GONE]
        records += self.chance.sample(records, len(records) // 10)
        self.chance.shuffle(records)
        return Reaction(json.dumps(records).encode())

    def trigger(self, query: dict[str, str], inputs: list[Document]) -> Reaction:
        """Take a snapshot; a cap of running ones holds."""
        running = {job.id for job in self.jobs if time.monotonic() < job.ready_at}
        if len(running) >= 3:
            return Reaction({"error": "Too many running jobs"}, 429, {"Retry-After": "0"})
        fits = [one for one in inputs if one["url"] and 0 < len(one["prompt"]) <= 4096]
        if len(fits) < len(inputs) or not query["dataset_id"].startswith("gd_"):
            return Reaction({"error": "Invalid input provided"}, 400)
        name = f"s_{self.chance.getrandbits(60):x}"
        for one in inputs:
            self.take(one["prompt"], str(one["index"]), name)
        return Reaction({"snapshot_id": name})

    def record(self, job: Job) -> Document:
        """Return a record."""
        asked = {"url": "https://chatgpt.com/", "prompt": self.echoed(job), "index": int(job.label)}
        if job.fate == FAILED:
            return {"input": asked, "error": "Crawl failed", "error_code": "crawl_failed"}
        strange = {"web_search_query": ["cheap flights"], "web_search_triggered": False}
        text = {"answer_text": self.words(job), "answer_text_markdown": self.words(job)}
        return {**asked, **text, **strange, "model": "gpt-5-5", "citations": [LINK], "error": None}


class SecondCloro(Market):
    """A key is taken once; what is done is deleted after a day."""

    def serve(self, call: Call, query: dict[str, str]) -> Reaction:  # noqa: ARG002, PLR0911 - a call each, without a query
        """React to a call."""
        if call.headers["authorization"] != f"Bearer {KEY}":
            return Reaction({"success": False, "error": {"code": "UNAUTHORIZED"}}, 401)
        if call.method == "POST":
            asked = json.loads(call.raw)
            if not 1 <= len(asked) <= 500:
                return Reaction({"success": False, "error": {"code": "VALIDATION_ERROR"}}, 422)
            results = [self.created(one, place) for place, one in enumerate(asked)]
            return Reaction({"success": True, "results": results})
        job = next((one for one in self.jobs if one.id == call.path.rpartition("/")[2]), None)
        if job is None or job.fate == GONE:
            return Reaction({"success": False, "error": {"code": "RESOURCE_NOT_FOUND"}}, 404)
        done = time.monotonic() >= job.ready_at
        states = ("QUEUED", "PROCESSING")
        state = "FAILED" if job.fate == FAILED else "COMPLETED"
        task = {"id": job.id, "status": state if done else self.chance.choice(states)}
        if not done:
            return Reaction({"task": task, "credits": {"creditsToCharge": 7}})
        if job.fate == FAILED:
            return Reaction({"task": task, "response": {"success": False, "error": {"code": "X"}}})
        links = [{"position": 1, "url": LINK["url"], "label": "Tools"}]
        result = {"text": self.words(job), "markdown": self.words(job), "sources": links}
        more = {"searchQueries": ["horoscope"], "model": "gpt-5-5"}
        return Reaction({"task": task, "response": {"success": True, "result": result | more}})

    def created(self, one: Document, place: int) -> Document:
        """Create a task, or say why not."""
        payload, key = one["payload"], one["idempotencyKey"]
        code = ""
        if not (1 <= len(payload.get("prompt", "")) <= 10_000 and len(payload["country"]) == 2):
            code = "VALIDATION_ERROR"
        elif any(job.label == key for job in self.jobs):
            code = "RESOURCE_ALREADY_EXISTS"
        if code:
            return {"success": False, "index": place, "error": {"code": code}}
        job = self.take(payload["prompt"], key)
        return {"success": True, "index": place, "task": {"id": job.id, "status": "QUEUED"}}
