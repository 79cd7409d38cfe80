"""Misbehaving strategies in whole worlds: the twin, the end, the gate and the breaker."""

import itertools
from collections.abc import Sequence
from functools import cache

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded
from ecosystem.events.control.signals import OrderWithheld
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.scenario import Injection, Parameter, Scenario
from ecosystem.trading.misbehaving import faults
from ecosystem.units import E8, MINUTE_US, SECOND_US
from tests.ecosystem.trading.facts import opened
from tests.ecosystem.trading.worlds import Running, trading

STARTS_US, LASTS_US = 8 * MINUTE_US, 3 * MINUTE_US
PARAMETERS: dict[str, dict[str, Parameter]] = {
    faults.RUNAWAY: {"account": "firm-momentum", "rate": 8, "notional_e8": 600 * E8},
    faults.RISK_IGNORANT: {"account": "firm-reversion"},
    # What is chased is small here, so that a quiet market moves enough.
    faults.VOLATILITY_AMPLIFIER: {"account": "firm-momentum", "move_e8": E8 // 1000},
    faults.CORRELATION_BREAKER: {"account": "firm-momentum", "move_e8": E8 // 1000},
    faults.SLOW_LEAK: {"account": "firm-market-making", "growth_e8": E8 // 4},
}


def world(
    kind: str, seed: int, *, twin: bool = False, minutes: int = 13, **more: Parameter
) -> Running:
    injection = Injection(
        name="fault",
        kind=kind,
        target="trading-engine",
        starts_after_us=STARTS_US,
        duration_us=LASTS_US,
        parameters={**PARAMETERS[kind], **more},
    )
    scenario = Scenario(
        name="fault",
        title="",
        description="",
        tags=(),
        duration_us=minutes * MINUTE_US,
        injections=(injection,),
        effects=(),
        expectations=(),
        false_alarm_severity="HIGH",
    )
    return Running(scenario, seed, twin=twin)


@cache
def ran(kind: str, *, twin: bool = False) -> Running:
    """Return a finished run; several tests look at the same one."""
    return world(kind, 11, twin=twin).run()


def applied(running: Running) -> list[InjectionApplied]:
    return [one for one in running.of(InjectionApplied) if isinstance(one, InjectionApplied)]


def bad_orders(running: Running) -> list[OrderSubmitted]:
    altered = {one.altered_event_id for one in applied(running)}
    return [
        one
        for one in running.of(OrderSubmitted)
        if isinstance(one, OrderSubmitted) and one.event_id in altered
    ]


def first_difference(one: Sequence[Event], other: Sequence[Event]) -> Event | None:
    """Return the first event of `one` that `other` has not at its place."""
    pairs = itertools.zip_longest(one, other)
    return next((mine for mine, others in pairs if mine != others and mine is not None), None)


@pytest.mark.parametrize("kind", faults.KINDS)
def test_run_and_twin_agree_to_the_byte_until_the_first_order_that_was_noted(kind: str) -> None:
    running, twin = ran(kind), ran(kind, twin=True)
    notes = applied(running)
    assert notes, "the fault did something"
    assert twin.of(InjectionApplied) == []
    differing = first_difference(running.production(), twin.production())
    assert differing is not None
    assert differing.event_id == notes[0].altered_event_id
    assert isinstance(differing, OrderSubmitted)


@pytest.mark.parametrize("kind", faults.KINDS)
def test_it_acts_within_its_time_and_leaves_no_order_behind(kind: str) -> None:
    running = ran(kind)
    begins_us = running.plan.starts_at_us + STARTS_US
    ends_us = begins_us + LASTS_US
    orders = bad_orders(running)
    assert orders
    assert all(begins_us <= one.event_time_us < ends_us for one in orders)
    (ended,) = running.of(InjectionEnded)
    assert isinstance(ended, InjectionEnded)
    assert ended.event_time_us == ends_us
    assert ended.applied_count == len(applied(running))
    state = trading(running).state
    faulty = [seat for seat in state.seats.values() if seat.injection is not None]
    assert not any(seat.orders for seat in faulty)


@pytest.mark.parametrize("kind", faults.KINDS)
def test_every_order_is_noted_with_what_an_honest_engine_would_have_done(kind: str) -> None:
    running = ran(kind)
    by_order: dict[bytes, dict[str, InjectionApplied]] = {}
    for note in applied(running):
        by_order.setdefault(note.altered_event_id, {})[note.measure] = note
    for order in bad_orders(running):
        notes = by_order[order.event_id]
        assert len(notes) == 2
        quantity = notes[f"order quantity {order.instrument}"]
        signed_e8 = order.quantity_e8 if order.side == "BUY" else -order.quantity_e8
        assert quantity.altered_e8 == signed_e8
        assert quantity.unaltered_e8 == (-signed_e8 if kind == faults.SLOW_LEAK else 0)
        position = notes[f"position {order.instrument.split('-')[0]}"]
        assert position.unaltered_e8 > 0, "an account that owns something, so a deviation means it"
    assert len({one.event_id for one in running.production()}) == len(running.production())


def test_the_gate_holds_a_runaway_unless_it_is_out_of_order() -> None:
    held, free = world(faults.RUNAWAY, 3).run(), world(faults.RUNAWAY, 3, bypass=("rate",)).run()
    assert len(bad_orders(held)) <= 40 * (LASTS_US // (10 * SECOND_US) + 1)
    assert len(bad_orders(free)) == 8 * (LASTS_US // SECOND_US)
    withheld = [one for one in held.of(OrderWithheld) if isinstance(one, OrderWithheld)]
    assert {one.check for one in withheld} == {"rate"}
    assert len(withheld) + len(bad_orders(held)) == len(bad_orders(free))
    assert all(one.measured_e8 > one.limit_e8 for one in withheld)
    sent = {one.event_id for one in held.of(OrderSubmitted)}
    assert not sent & {one.event_id for one in withheld}


@pytest.mark.parametrize(("bypass", "stops"), [(("none",), True), (("breaker",), False)])
def test_the_breaker_stops_a_runaway_unless_it_does_not_heed_it(
    bypass: tuple[str, ...], stops: bool
) -> None:
    running = world(faults.RUNAWAY, 3, bypass=bypass)
    at_us = running.plan.starts_at_us + STARTS_US + MINUTE_US
    for written in running.slices():
        if written and written[0].event_time_us == at_us:
            running.world.deliver("trading-engine", opened(at_us), at_us + 10 * SECOND_US)
    late = [one for one in bad_orders(running) if one.event_time_us > at_us + 10 * SECOND_US]
    assert bool(late) != stops
    assert [one for one in bad_orders(running) if one.event_time_us < at_us]


@pytest.mark.parametrize("kind", faults.KINDS)
def test_an_injection_it_cannot_apply_is_refused(kind: str) -> None:
    running = world(kind, 1, account="firm-nobody")
    with pytest.raises(InvalidInputError, match=r"firm-nobody.*found; firm-momentum"):
        running.run()
