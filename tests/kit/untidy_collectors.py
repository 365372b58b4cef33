"""The collectors of kit.collectors at their worst, by what their documentation and users say: they
answer late, twice, out of order or not at all, break at random, and are strict.
"""

import json
import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from kit.collectors import (
    ANSWERED,
    CUT,
    FAILED,
    FOREIGN,
    BrightDataService,
    CloroService,
    CollectorService,
    DataForSEOService,
)
from kit.vendors import Call, Document, Reaction

GONE = "gone"
"""What becomes of a task whose answer cannot be fetched; most collectors charge for it."""
SHARES = {ANSWERED: 0.82, FAILED: 0.06, FOREIGN: 0.05, CUT: 0.04, GONE: 0.03}


class Untidy(CollectorService):
    """A collector of which a tenth of the answers is late, and a ninth of the calls breaks."""

    rough = 0.12

    def __init__(self, price: float, seed: int = 7) -> None:
        super().__init__(price)
        chance = self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.fate = lambda _: chance.choices([*SHARES], [*SHARES.values()])[0]
        self.latency_s = lambda _: chance.uniform(0.2, 0.4) if chance.random() < 0.1 else 0.03
        self.answer = "Acme suits you ({}).".format

    def react(self, call: Call) -> Reaction:
        """React; some calls break before or behind the work."""
        roll = self.chance.random()
        if roll < self.rough / 3:
            return self.busy()
        reaction = super().react(call)
        if roll < self.rough * 2 / 3:
            return Reaction(hang_up=True)
        return Reaction({"error": "oops"}, 502) if roll < self.rough else reaction

    def busy(self) -> Reaction:
        """React to too many calls."""
        return Reaction({"error": "Too many requests"}, 429, {"Retry-After": "0"})


class UntidyDataForSEO(Untidy, DataForSEOService):
    """A call for a single task breaks, too."""

    def busy(self) -> Reaction:
        """The status is 200, and a number tells."""
        return Reaction({"status_code": 50000, "cost": 0, "tasks": []})

    def _posted(self, path: str, post: Document, number: int) -> Document:
        ok = 0 < len(post["keyword"]) <= 2000 and len(post["tag"]) <= 255
        if not ok or post["priority"] not in {1, 2} or "language_code" not in post:
            return {"id": None, "status_code": 40501, "data": post}
        return super()._posted(path, post, number)

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key; a list is one of a span, and has parts."""
        reaction = super().serve(call, query)
        if call.path.endswith("/id_list"):
            [span] = json.loads(call.raw)
            first, last = (
                datetime.strptime(span[f"datetime_{end}"], "%Y-%m-%d %H:%M:%S %z")
                for end in ("from", "to")
            )
            assert last - first < timedelta(days=31), "metadata is there for a month"
            assert isinstance(reaction.body, dict)
            [listed] = reaction.body["tasks"]
            rows = listed["result"] if span["sort"] == "desc" else listed["result"][::-1]
            listed["result"] = rows[span["offset"] :][: min(span["limit"], 1000)]
        return reaction

    def _got(self, name: str) -> Document:
        gone = any(task.id == name and task.fate == GONE for task in self.tasks)
        told = super()._got("" if gone else name)
        code = told["status_code"]
        if code == 40602:
            code = self.chance.choice((40601, 40602))
        if code == 20000 and self.chance.random() < 0.05:
            code = self.chance.choice((50000, 50401, 40202))
        if code != 20000:
            return {**told, "status_code": code, "result": None}
        strange = {"fan_out_queries": ["lottery numbers"], "search_results": None}
        return {**told, "result": [told["result"][0] | strange]}


class UntidyBrightData(Untidy, BrightDataService):
    """A snapshot's records come in any order, some twice, and one may be missing, which is free."""

    @property
    def bill(self) -> float:
        """A record that is missing was not delivered."""
        return super().bill - self.price * sum(task.fate == GONE for task in self.tasks)

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key; a cap of running snapshots holds."""
        if call.path.endswith("/trigger"):
            running = {task.id for task in self.tasks if time.monotonic() < task.done}
            if len(running) >= 3:
                return self.busy()
            if any(len(one["prompt"]) > 4096 for one in json.loads(call.raw)):
                return Reaction({"error": "Invalid input provided"}, 400)
        reaction = super().serve(call, query)
        if "/snapshot/" not in call.path or call.path.endswith("/input") or reaction.status == 202:
            return reaction
        if self.chance.random() < 0.3:
            return Reaction({"status": "building", "message": "try again in 10s"}, 202)
        assert isinstance(reaction.body, bytes)
        snapshot = call.path.rpartition("/")[2]
        gone = {task.key for task in self.tasks if task.id == snapshot and task.fate == GONE}
        told = [{"error": None, **record} for record in json.loads(reaction.body)]
        records = [record for record in told if str(record.get("index")) not in gone]
        records += self.chance.sample(records, len(records) // 10)
        self.chance.shuffle(records)
        return Reaction(json.dumps(records).encode())


class UntidyCloro(Untidy, CloroService):
    """What is done is deleted after a day."""

    def serve(self, call: Call, query: Mapping[str, str]) -> Reaction:
        """React to a call with the right key."""
        gone = {task.id for task in self.tasks if task.fate == GONE}
        if call.path.rpartition("/")[2] in gone:
            return Reaction({"success": False, "error": {"code": "RESOURCE_NOT_FOUND"}}, 404)
        if call.method == "POST" and not 1 <= len(json.loads(call.raw)) <= 500:
            return Reaction({"success": False, "error": {"code": "VALIDATION_ERROR"}}, 422)
        return super().serve(call, query)

    def _created(self, one: Document, index: int) -> Document:
        payload = one["payload"]
        if not (1 <= len(payload["prompt"]) <= 10_000 and len(payload["country"]) == 2):
            return {"success": False, "index": index, "error": {"code": "VALIDATION_ERROR"}}
        return super()._created(one, index)
