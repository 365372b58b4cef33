"""What every store does with model updates and alerts, and which objects it returns."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any

from kit.stored_items import (
    ACME,
    BEST,
    GPT,
    HOUR,
    LLAMA,
    NOON,
    SCORER,
    answer_to,
    listed,
    record,
    run_of,
    shift_of,
)
from overheard.domain import (
    Alert,
    Answer,
    Catalogue,
    Citation,
    Fact,
    Finish,
    ModelUpdate,
    Panel,
    Question,
    Reply,
    Run,
    RunState,
    Schedule,
    ServedModelCount,
)
from overheard.interfaces import Store


class TestAlerts:
    """Model updates and alerts."""

    async def test_updates_come_back_the_oldest_first_and_once(self, store: Store) -> None:
        """A feed that returns the same update again adds nothing."""
        late = await store.updates.add(ModelUpdate(GPT, NOON + HOUR, "feed", "new weights"))
        early = await store.updates.add(ModelUpdate(LLAMA, NOON))
        again = await store.updates.add(ModelUpdate(GPT, NOON + HOUR, "feed"))
        assert again == late
        assert (late.note, late.id > 0) == ("new weights", True)
        assert await store.updates.find() == [early, late]
        assert await store.updates.find(GPT) == [late]

    async def test_an_update_can_be_removed(self, store: Store) -> None:
        """By its number; the others stay, and a second removal finds none."""
        one = await store.updates.add(ModelUpdate(GPT, NOON))
        two = await store.updates.add(ModelUpdate(GPT, NOON + HOUR))
        assert await store.updates.remove(one.id)
        assert not await store.updates.remove(one.id)
        assert await store.updates.find() == [two]
        assert (await store.updates.add(ModelUpdate(LLAMA, NOON))).id != two.id

    async def test_who_served_the_answers_is_counted(self, store: Store) -> None:
        """By run, model, served model with its version, and fingerprint; failed calls are not."""
        runs = [await run_of(store, key) for key in ("first", "second")]
        answers = [answer_to(run, repeat=i) for run in runs for i in range(3)]
        shown = replace(answers[0].reply, served_model="gpt", model_version="2", fingerprint="f")
        named = [replace(answer, reply=shown) for answer in answers[:5]]
        await store.answers.add([*named, replace(answers[5], reply=Reply("", Finish.FAILED))])
        counted = [
            ServedModelCount(run.id, GPT, "gpt 2", "f", n)
            for run, n in zip(runs, (3, 2), strict=True)
        ]
        assert await store.answers.served_models() == counted
        assert await store.answers.served_models(runs=[runs[1].id]) == counted[1:]

    async def test_an_alert_comes_back_whole(self, store: Store) -> None:
        """Every field of an alert and its shifts is kept."""
        run = await run_of(store)
        also = (shift_of(run, metric="position"), shift_of(run, metric="top1"))
        kept, new = await store.alerts.add(Alert(shift_of(run), NOON, also))
        assert new
        assert kept.id > 0
        numbers = [shift.id for shift in (kept.shift, *kept.also)]
        assert len(set(numbers)) == 3
        assert 0 not in numbers
        assert replace(kept.shift, id=0) == shift_of(run)
        assert tuple(replace(shift, id=0) for shift in kept.also) == also
        assert await store.alerts.find() == [kept]

    async def test_there_is_one_alert_for_each_brand_model_and_run(self, store: Store) -> None:
        """A second one returns the first, and says that it is not new."""
        run = await run_of(store)
        first, _ = await store.alerts.add(Alert(shift_of(run), NOON))
        again = Alert(shift_of(run, metric="position"), NOON + HOUR)
        assert await store.alerts.add(again) == (first, False)
        assert await store.alerts.find() == [first]

    async def test_alerts_come_the_newest_first_and_by_brand(self, store: Store) -> None:
        """A brand's alerts are its own."""
        runs = [await run_of(store, key) for key in ("first", "second")]
        old, _ = await store.alerts.add(Alert(shift_of(runs[0]), NOON))
        other, _ = await store.alerts.add(Alert(shift_of(runs[0], brand="Globex"), NOON))
        new, _ = await store.alerts.add(Alert(shift_of(runs[1]), NOON + HOUR))
        assert await store.alerts.find() == [new, other, old]
        assert await store.alerts.find(brand="Acme") == [new, old]

    async def test_an_alert_is_delivered_once_to_each_channel(self, store: Store) -> None:
        """Only the first note of a delivery is true."""
        run = await run_of(store)
        alert, _ = await store.alerts.add(Alert(shift_of(run), NOON))
        assert await store.deliveries.add_shown(alert.id, "#brand", NOON)
        assert not await store.deliveries.add_shown(alert.id, "#brand", NOON + HOUR)
        assert await store.deliveries.add_shown(alert.id, "#board", NOON)


DOMAIN = tuple(
    f"overheard.domain.{room}"
    for room in ("runs", "catalogue", "scores", "models", "replies", "alerts")
)


def foreign_parts(item: Any) -> list[Any]:
    """Return the parts of an object that are neither domain objects nor plain values."""
    if is_dataclass(item):
        own = [] if type(item).__module__ in DOMAIN else [item]
        return own + [f for x in fields(item) for f in foreign_parts(getattr(item, x.name))]
    if type(item) in {tuple, frozenset}:
        return [part for each in item for part in foreign_parts(each)]
    plain = (str, int, float, bool, datetime, date, type(None))
    return [] if type(item) in plain or type(item).__module__ in DOMAIN else [item]


async def test_a_store_returns_domain_objects_alone(store: Store) -> None:
    """No row, no mapping and no list of a database leaves the store."""
    facts = (Fact("Acme", "price", "$ 10", date(2026, 1, 1)),)
    schedules = (Schedule("nightly", "0 3 * * *", brands=("Acme",)),)
    await store.catalogue.provision(Catalogue((ACME,), (BEST,), facts, schedules))
    panel = Panel(("Acme",), (BEST,), (GPT,))
    run = await store.runs.start(Run("first", NOON, panel))
    await store.runs.finish(run.id, RunState.COMPLETE, NOON)
    reply = Reply("Acme.", Finish.COMPLETE, (Citation("https://acme.com"),))
    (answer,) = await store.answers.add([Answer(run.id, Question(BEST, GPT), reply, NOON)])
    await store.scores.add(*SCORER, [(answer, [record(answer)])])
    await store.updates.add(ModelUpdate(GPT, NOON))
    alert, _ = await store.alerts.add(Alert(shift_of(run), NOON, (shift_of(run, metric="top1"),)))
    everything = (
        await store.catalogue.current(),
        *await store.runs.find(),
        *await listed(store.answers.stream()),
        *await listed(store.scores.stream()),
        *await store.blocks.find(),
        *await store.updates.find(),
        *await store.alerts.find(),
        alert,
    )
    assert foreign_parts(everything) == []
