"""A store with alerts, their life and their handling, and a clock that is moved by hand."""

from dataclasses import replace

from kit.recording import HandClock
from overheard.alerts.handling import AlertLog, Handling
from overheard.alerts.outbox import Routes
from overheard.alerts.service import Lifecycle
from overheard.config.sections import RouteTable
from overheard.domain import Alert, AlertEventKind, Metric, Model, Run, Scale, Shift
from overheard.testing.deployment import open_test_store

MODEL = Model("svc", "m-1")


def shift_of(run: Run, metric: str = "visibility", since: float = 0.7, to: float = 0.45) -> Shift:
    """Make a shift."""
    change = to - since
    interval = (change - 0.1, change + 0.1)
    return Shift("Acme", MODEL, metric, run.id, since, to, change, interval, chance_a_year=0.01)


class House:
    """A store with the life and the handling of its alerts."""

    def __init__(self) -> None:
        self.store = open_test_store()
        self.clock = HandClock()
        metrics = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
        routes = Routes([RouteTable(channel="slack:C1")], metrics)
        self.life = Lifecycle(self.store, routes, self.clock)
        self.handling = Handling(self.store, self.clock)
        self.log = AlertLog(self.store, self.clock)

    async def raise_alert(
        self,
        key: str = "first",
        *,
        metric: str = "visibility",
        moved: tuple[float, float] = (0.7, 0.45),
        also: tuple[str, ...] = (),
        brand: str = "Acme",
    ) -> Alert:
        """Raise an alert."""
        run = await self.store.runs.start(Run(key, self.clock.now()))
        names = (metric, *also)
        shift, *more = (replace(shift_of(run, name, *moved), brand=brand) for name in names)
        alert = Alert(shift, self.clock.now(), tuple(more))
        return (await self.life.raise_alert(alert))[0]

    async def history(self, alert: Alert) -> list[tuple[AlertEventKind, str]]:
        """Return what happened, and who did it."""
        return [(event.what, event.who) for event in await self.store.alerts.events(alert.id)]
