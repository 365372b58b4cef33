"""Tests of the placement: which shifts are a new alert, and which are part of an earlier one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.alert_shapes import STARTS, weekly_alert as alert, weekly_shift as shift
from overheard.detection.explanation import CAUSES, Hypothesis
from overheard.detection.placement import (
    ONE_STORY,
    AlertAction,
    Placement,
    belongs_to,
    containing_alert,
    place,
)
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertState,
    Model,
    ReportedStatement,
    Shift,
    StatementKind,
)


def test_a_run_that_is_analysed_again_keeps_its_alert() -> None:
    """Also where it is growth of an older alert; a newer alert is not taken back."""
    raised = alert(shift(), number=5)
    newer = alert(shift(run=14, before=0.45, after=0.2), number=6)
    assert place([shift()], [newer, raised], STARTS[12]) == Placement(AlertAction.KEEP, 5)
    grown = alert(shift(run=5), number=4, later=(shift(),))
    assert place([shift()], [grown], STARTS[12]) == Placement(AlertAction.KEEP, 4)
    back = shift(before=0.45, after=0.65)
    eased = alert(shift(run=5), number=4, later=(back,))
    assert place([back], [eased], STARTS[12]) == Placement(AlertAction.KEEP, 4)


def test_a_run_that_is_analysed_again_adds_what_is_said_now() -> None:
    """A statement that its alert has reported with this run adds nothing; any other lets it grow,
    unless it is over.
    """
    claim = ReportedStatement(StatementKind.CLAIM, "price", "$49")
    known = shift("false claims", statement=claim)
    kept = alert(shift(), also=(known,))
    same = replace(known, statement=replace(claim, quote="It costs $49.", answers=3))
    assert place([same], [kept], STARTS[12]) == Placement(AlertAction.KEEP, 7)
    for said in (
        replace(claim, said="$50"),
        replace(claim, topic="ceo"),
        replace(claim, kind=StatementKind.GRAVE),
    ):
        other = replace(known, statement=said)
        assert place([other], [kept], STARTS[12]) == Placement(AlertAction.GROW, 7)
        assert place([same, other], [kept], STARTS[12]) == Placement(AlertAction.GROW, 7)
        over = replace(kept, state=AlertState.CLOSED)
        assert place([other], [over], STARTS[12]) == Placement(AlertAction.KEEP, 7)
    before = alert(shift(run=10), also=(replace(known, run_id=10),), later=(shift(),))
    assert place([known], [before], STARTS[12]) == Placement(AlertAction.GROW, 7)


def test_an_open_alert_grows_in_its_direction() -> None:
    """What moves with its metric joins it."""
    first = alert(shift(run=4), also=(shift("accuracy", run=4),))
    further = shift(before=0.45, after=0.2)
    assert place([further], [first], STARTS[12]) == Placement(AlertAction.GROW, 7)
    assert place([further, shift("accuracy")], [first], STARTS[12]) == Placement(
        AlertAction.GROW, 7
    )
    other = [further, shift("sentiment")]
    assert place(other, [first], STARTS[12]) == Placement(AlertAction.GROW, 7)
    turned = [further, shift("accuracy", after=0.9)]
    assert place(turned, [first], STARTS[12]) == Placement(AlertAction.GROW, 7)
    over = replace(first, state=AlertState.CLOSED)
    assert place([further], [over], STARTS[12]) == Placement(AlertAction.RAISE, follows=7)


def test_an_open_alert_grows_by_whatever_moves_at_its_model() -> None:
    """A brand has one open alert at a model; another model has another."""
    first = alert(shift(run=8))
    assert place([shift("sentiment")], [first], STARTS[12]) == Placement(AlertAction.GROW, 7)
    elsewhere = alert(replace(shift(run=8), model=Model("svc", "m-2")))
    assert place([shift("sentiment")], [elsewhere], STARTS[12]).action is AlertAction.RAISE


def test_what_moves_prompts_both_ways_takes_nothing_back() -> None:
    """The open alert of its metric grows, also when that has no direction itself."""
    fell, other = alert(shift(run=4)), alert(shift(run=4, before=0.5, after=0.5))
    both_ways = shift(before=0.5, after=0.5)
    assert place([both_ways], [fell], STARTS[12]) == Placement(AlertAction.GROW, 7)
    assert place([shift()], [other], STARTS[12]) == Placement(AlertAction.GROW, 7)


def test_the_first_step_of_an_alert_gives_its_direction() -> None:
    """An alert that has come back a little is partly back, and grows by a fall."""
    fell = alert(shift(run=4))
    rise, fall = shift(before=0.45, after=0.5), shift(before=0.5, after=0.3)
    assert place([rise], [fell], STARTS[12]) == Placement(AlertAction.EASE, 7)
    eased = alert(shift(run=4), later=(shift(run=6, before=0.45, after=0.5),))
    assert place([fall], [eased], STARTS[12]) == Placement(AlertAction.GROW, 7)


def test_a_return_is_no_alert_of_its_own() -> None:
    """Only one that ends beyond the old level by more than half of the change is news."""
    fell = alert(shift(run=4))
    back, beyond = shift(before=0.45, after=0.7), shift(before=0.45, after=0.9)
    half, past = alert(shift(run=4, before=0.75, after=0.5)), shift(before=0.5, after=0.875)
    assert place([past], [half], STARTS[12]) == Placement(AlertAction.RECOVER, 7, recovers=(7,))
    past = replace(past, after=0.88)
    assert place([past], [half], STARTS[12]).action is AlertAction.RAISE
    assert place([back], [fell], STARTS[12]) == Placement(AlertAction.RECOVER, 7, recovers=(7,))
    assert place([beyond], [fell], STARTS[12]) == Placement(
        AlertAction.RAISE, follows=7, recovers=(7,)
    )


def test_what_happens_again_soon_is_the_same_story() -> None:
    """Within five weeks of its recovery; a closed alert is not opened by it."""
    over = alert(shift(run=4), state=AlertState.RECOVERED, over_at=STARTS[8])
    again = Placement(AlertAction.GROW, 7)
    new = Placement(AlertAction.RAISE, follows=7)
    soon, late = STARTS[8] + ONE_STORY - timedelta(1), STARTS[8] + ONE_STORY
    assert place([shift()], [over], soon) == again
    assert place([shift()], [over], late) == new
    assert place([shift(after=0.9)], [over], soon) == new
    assert place([shift()], [replace(over, state=AlertState.CLOSED)], soon) == new


def test_a_recovery_comes_nearer_to_the_beginning() -> None:
    """Back from 45 towards 70 %: 58 % is nearer to the beginning, 57 % is not."""
    fell = alert(shift(run=4))
    assert place([shift(before=0.45, after=0.58)], [fell], STARTS[12]).recovers == (7,)
    assert place([shift(before=0.45, after=0.57)], [fell], STARTS[12]).recovers == ()
    eased = alert(shift(run=4), later=(shift(run=6, before=0.45, after=0.5),))
    assert place([shift(before=0.5, after=0.58)], [eased], STARTS[12]).recovers == (7,)
    half = alert(shift(run=4, before=0.5, after=0.25))
    assert place([shift(before=0.25, after=0.375)], [half], STARTS[12]).recovers == ()


def test_a_recovery_changes_direction() -> None:
    """A fall that ends near the old level, because the metric had risen in between, is none."""
    fell = alert(shift(run=4))
    assert place([shift(before=0.95, after=0.68)], [fell], STARTS[12]).recovers == ()
    assert place([shift(before=0.68, after=0.68)], [fell], STARTS[12]).recovers == ()
    older = alert(shift(run=2, before=0.5, after=0.1), number=5)
    for now in (shift(before=0.65, after=0.45), shift(before=0.45, after=0.45)):
        assert place([now], [fell, older], STARTS[12]) == Placement(AlertAction.GROW, 7)
    rose = alert(shift(run=2, before=0.5, after=0.9), number=5)
    down = shift(before=0.7, after=0.6)
    assert place([down], [fell, rose], STARTS[12]).recovers == (5,)


def test_only_open_alerts_of_the_head_metric_recover() -> None:
    """One that is over, of another metric or of another model stays as it is."""
    back = shift(before=0.45, after=0.7)
    over = alert(shift(run=4), state=AlertState.RECOVERED)
    metric = alert(shift("accuracy", run=4))
    model = alert(replace(shift(run=4), model=Model("svc", "m-2")))
    assert place([back], [over], STARTS[12]).recovers == ()
    assert place([back], [metric], STARTS[12]) == Placement(AlertAction.GROW, 7)
    assert place([back], [model], STARTS[12]) == Placement(AlertAction.RAISE)


def whole(run: int, **changes: float) -> list[Shift]:
    """Return a change of the model as a whole in a run, and by how much each brand moved."""
    head = replace(shift(run=run), brand=WHOLE_MODEL)
    return [head, *(replace(shift(run=run), brand=b, change=c) for b, c in changes.items())]


def model_alert(run: int = 12, number: int = 7, **values: Any) -> Alert:
    """Return the alert of a model at which Acme fell by 0.2 and Zeta by 0.1."""
    head, *also = whole(run, Acme=-0.2, Zeta=-0.1)
    return Alert(head, STARTS[run], tuple(also), id=number, **values)


@pytest.mark.parametrize(
    ("share", "action"),
    [
        (-1.0, AlertAction.RECOVER),
        (-0.6, AlertAction.RECOVER),
        (-0.59, AlertAction.EASE),
        (-0.25, AlertAction.EASE),
        (-0.24, AlertAction.GROW),
        (0.5, AlertAction.GROW),
    ],
)
def test_an_open_alert_of_a_model_follows_how_far_its_brands_moved_back(
    share: float, action: AlertAction
) -> None:
    """Their moves count along the change that the alert reports; another brand's do not."""
    head, *also = whole(12, Acme=-1.0)
    reported = Alert(head, STARTS[12], tuple(also), id=7)
    placed = place(whole(16, Acme=-share, Beta=1.0), [reported], STARTS[16])

    recovers = (7,) if action is AlertAction.RECOVER else ()
    assert placed == Placement(action, 7, recovers=recovers)


def test_what_came_back_already_is_no_part_of_what_a_model_reports() -> None:
    """Half of the change came back, and then half: it has recovered only with the whole of it."""
    eased = tuple(replace(one, recovery=True) for one in whole(14, Acme=0.1))
    reported = model_alert(later=eased)
    for change, action in ((0.1, AlertAction.EASE), (0.2, AlertAction.RECOVER)):
        assert place(whole(16, Acme=change), [reported], STARTS[16]).action is action


def test_a_run_whose_change_of_a_model_is_reported_keeps_its_alert() -> None:
    """It is not reported a second time, whatever its brands show now."""
    moved = whole(12, Acme=0.2)
    assert place(moved, [model_alert()], STARTS[12]) == Placement(AlertAction.KEEP, 7)


def test_a_change_of_a_model_that_happens_again_soon_is_the_same_story() -> None:
    """Later, in the other direction or after an alert that was closed it is a new one."""
    over_at = STARTS[14]
    recovered = model_alert(state=AlertState.RECOVERED, over_at=over_at)
    again, other_way = whole(16, Acme=-0.2, Zeta=-0.1), whole(16, Acme=0.2, Zeta=0.1)
    moment = timedelta(seconds=1)

    assert place(again, [recovered], over_at + ONE_STORY - moment) == Placement(AlertAction.GROW, 7)
    anew = Placement(AlertAction.RAISE, follows=7)
    for share, action in ((0.25, AlertAction.GROW), (0.24, AlertAction.RAISE)):
        head, *also = whole(12, Acme=-1.0)
        alone = Alert(head, STARTS[12], tuple(also), state=recovered.state, over_at=over_at, id=7)
        assert place(whole(16, Acme=-share), [alone], over_at + moment).action is action
    assert place(again, [recovered], over_at + ONE_STORY) == anew
    assert place(other_way, [recovered], over_at + moment) == anew
    closed = model_alert(state=AlertState.CLOSED, over_at=over_at)
    assert place(again, [closed], over_at + moment) == anew
    assert place(again, [], over_at) == Placement(AlertAction.RAISE)


@pytest.mark.parametrize(
    ("began", "dates", "belongs"),
    [
        (9, (), False),
        (9, (8, 9), False),
        (9, (9, 10), True),
        (10, (), True),
        (15, (), True),
        (16, (), False),
        (16, (10,), False),
    ],
)
def test_a_shift_is_part_of_its_models_change_while_that_goes_on(
    began: int, dates: tuple[int, ...], *, belongs: bool
) -> None:
    """The model's change began with run 10 and was last seen to go on in run 15; its return in run
    20, and what one brand did in run 18, do not count.
    """
    back = replace(whole(20)[0], recovery=True)
    reported = model_alert(later=(whole(15)[0], back, shift(run=18)))
    moved = replace(shift(run=17), began=began, likely_first_runs=dates)
    assert (containing_alert(moved, [reported], STARTS) == reported) == belongs
    assert (belongs_to(alert(moved, number=9), [reported], STARTS) == reported) == belongs


def test_what_is_no_part_of_a_models_change() -> None:
    """A statement, the model's own shift, a shift at another model, and one after its end."""
    reported, moved = model_alert(), shift(run=13)
    moved = replace(moved, began=11)
    claim = ReportedStatement(StatementKind.CLAIM, "price", "$49")
    assert containing_alert(moved, [], STARTS) is None
    assert containing_alert(moved, [reported], STARTS) == reported
    assert containing_alert(replace(moved, began=0, run_id=12), [reported], STARTS) == reported
    assert containing_alert(replace(moved, statement=claim), [reported], STARTS) is None
    assert containing_alert(replace(moved, brand=WHOLE_MODEL), [reported], STARTS) is None
    elsewhere = replace(reported, shift=replace(reported.shift, model=Model("svc", "m-2")))
    assert containing_alert(moved, [elsewhere], STARTS) is None
    assert containing_alert(moved, [elsewhere, reported], STARTS) == reported
    for state, run, belongs in (
        (AlertState.RECOVERED, 13, True),
        (AlertState.RECOVERED, 12, False),
        (AlertState.CLOSED, 12, True),
    ):
        over = replace(reported, state=state, over_at=STARTS[run])
        assert bool(containing_alert(moved, [over], STARTS)) == belongs
    early = replace(reported, shift=replace(reported.shift, began=0))
    assert containing_alert(moved, [early], STARTS) is None, (
        "it began with the run that shows it, the 12th"
    )
    assert containing_alert(replace(moved, began=12), [early], STARTS) == early


EVERYTHING = f"This looks like {CAUSES[Hypothesis.EVERYTHING].pattern}."


def everything(number: int, began: int, run: int, model: str = "m-2", **values: Any) -> Alert:
    """Return the alert of a model at which everything moved."""
    head = replace(whole(run)[0], model=Model("svc", model), began=began, explanation=EVERYTHING)
    return Alert(head, STARTS[run], id=number, **values)


def test_where_everything_moved_the_first_alert_of_a_model_tells_it() -> None:
    """The first one of another model, at the same time, that says so too and is not over."""
    later = everything(9, began=10, run=12, model="m-1")
    touching = [everything(3, 7, 10), everything(3, 12, 14)]
    apart = [everything(3, 7, 9), everything(3, 13, 14)]
    for other in touching:
        assert belongs_to(later, [other], STARTS) == other
        assert belongs_to(replace(later, id=0), [other], STARTS) == other
        assert belongs_to(replace(later, id=2), [other], STARTS) is None, "it came first"
        assert belongs_to(replace(later, id=3), [other], STARTS) is None, "it is this one"
    for other in apart:
        assert belongs_to(later, [other], STARTS) is None
    first, second = everything(3, 10, 12), everything(4, 10, 12, model="m-3")
    assert belongs_to(later, [second, first], STARTS) == first
    assert belongs_to(later, [everything(3, 10, 12, model="m-1"), second], STARTS) == second
    said = replace(first, shift=replace(first.shift, explanation="This looks like an update."))
    assert belongs_to(later, [said], STARTS) is None
    unsaid = replace(later, shift=replace(later.shift, explanation="This looks like an update."))
    assert belongs_to(unsaid, [first], STARTS) is None
    assert belongs_to(later, [replace(first, over_at=STARTS[12])], STARTS)
    assert belongs_to(later, [replace(first, over_at=STARTS[11])], STARTS) is None
    unknown = everything(3, began=0, run=11)
    assert belongs_to(later, [unknown], STARTS) == unknown
