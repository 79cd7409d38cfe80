"""The behaviours that must hold, word for word, on the real broker."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ecosystem.audit.block import Entry, entries_of
from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    SettlementCompleted,
    SettlementDelayed,
    SettlementInstructed,
)
from ecosystem.events.words import EventId
from ecosystem.firm import GUEST_ACCOUNT, VENUE
from ecosystem.units import E8, HOUR_US, MINUTE_US
from eventlog.clients import Clients
from streams.audit_correlator.settings import BLOCKS_TOPIC
from tests.end_to_end.runs import PRODUCTION, raw_records, records, run
from tse.running.environment import Environment
from tse.running.plans import LIMITS, world_plan

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
BOUGHT_E8 = E8 // 10
OWNED_BTC = 4
SHORT_QUIET = """
title: A few quiet minutes
description: Nothing is injected.
duration: 2m
method: []
"""
SETTLEMENT_DELAY = """
title: Settlement delay
description: What should be in custody within minutes is put off by two hours.
duration: 3h
method:
  - inject: settlement-delay
    name: delay
    target: custodian
    at: 20m
    for: 90m
    with: {kinds: [CRYPTO_INTERNAL], delay: 2h}
effect:
  - {injection: delay, measure: settlement minutes CRYPTO_INTERNAL, deviation: 100%}
expect:
  - alert: settlement_timeout
    severity: high
    since: {injection: delay, measure: settlement minutes CRYPTO_INTERNAL, deviation: 100%}
    within: 10m
"""


def events_of(clients: Clients, *more: str) -> list[Event]:
    """Return every event of the production topics, and of others named."""
    return [record.event for record in records(clients, (*PRODUCTION, *more))]


def audited(clients: Clients) -> Mapping[EventId, Entry]:
    """Return what the audit correlator has recorded of each event, from its own blocks."""
    return {
        entry.event_id: entry
        for block in raw_records(clients, (BLOCKS_TOPIC,), principal="audit-correlator")
        for entry in entries_of(block.value)
    }


def lineage(entry: Entry, known: Mapping[EventId, Entry]) -> list[Entry]:
    """Return the recorded causes of an entry from itself to the root of its tree."""
    chain = [entry]
    while chain[-1].causation_id != chain[-1].event_id:
        chain.append(known[chain[-1].causation_id])
    return chain


def only(events: Iterable[Event], kind: type[Event], **fields: object) -> list[Event]:
    """Return the events of one type whose fields have these values."""
    return [
        event
        for event in events
        if type(event) is kind
        and all(getattr(event, name) == value for name, value in fields.items())
    ]


def owned_e8(events: Iterable[Event], asset: str, at_us: int) -> int:
    """Return what all accounts everywhere held of an asset at a time, by their own words."""
    totals_e8: dict[tuple[str, str], tuple[int, int]] = {}
    for one in events:
        if isinstance(one, BalanceChanged) and one.asset == asset and one.event_time_us <= at_us:
            place, known = (one.venue, one.account), (one.balance_sequence, one.total_e8)
            totals_e8[place] = max(totals_e8.get(place, known), known)
    return sum(total_e8 for _, total_e8 in totals_e8.values())


def test_normal_trading_flow(environment: Environment, tmp_path: Path) -> None:
    """A market buy is filled at the market, moves the monitored position, and is one chain."""
    scenario, limits = tmp_path / "short-quiet.yaml", tmp_path / "limits.toml"
    scenario.write_text(SHORT_QUIET)
    # The monitor tells a position from half of its limit on: the one after the purchase is.
    bound = f"BTC = {{ long = {2 * OWNED_BTC + 0.1}, short = 5 }}"
    shipped = "BTC = { long = 10, short = 5 }"
    assert shipped in LIMITS.read_text()
    limits.write_text(LIMITS.read_text().replace(shipped, bound))
    strategy = f"tests.end_to_end.buy_once:BuyOnce@{GUEST_ACCOUNT}"
    plan = world_plan(str(scenario), 1, limits=limits, strategies=[strategy])

    completed, findings = run(environment, plan)
    assert completed.status == "COMPLETED"
    clients = environment.clients(plan.run_id)
    events = events_of(clients)

    # Given a strategy account with 10 000 USD
    opening = only(events, BalanceChanged, account=GUEST_ACCOUNT, reason="DEPOSIT")
    assert [(one.asset, one.total_e8) for one in opening] == [("USD", 10_000 * E8)]  # type: ignore[attr-defined] # a balance

    # when it places a market buy for 0.1 BTC
    (order,) = only(events, OrderSubmitted, account=GUEST_ACCOUNT)
    assert isinstance(order, OrderSubmitted)
    assert (order.order_type, order.side, order.quantity_e8) == ("MARKET", "BUY", BOUGHT_E8)

    # then the exchange fills it at the current market price,
    (accepted,) = only(events, OrderAccepted, order_id=order.order_id)
    fills = only(events, OrderFilled, order_id=order.order_id)
    assert sum(one.quantity_e8 for one in fills if isinstance(one, OrderFilled)) == BOUGHT_E8
    (tick,) = [one for one in events if one.event_id == order.causation_id]
    assert isinstance(tick, PriceTicked)
    for fill in fills:
        assert isinstance(fill, OrderFilled)
        assert fill.causation_id == accepted.event_id
        assert 0 <= fill.price_e8 - tick.ask_price_e8 <= tick.ask_price_e8 // 1_000

    # the risk monitor updates the position,
    moved = [
        one
        for one in only(events, BalanceChanged, account=GUEST_ACCOUNT, asset="BTC")
        if one.causation_id in {fill.event_id for fill in fills}
    ]
    (alert,) = only(events, RiskAlertRaised, rule="position_limit", subject="BTC")
    assert isinstance(alert, RiskAlertRaised)
    assert alert.causation_id == moved[-1].event_id
    assert alert.measured_e8 == owned_e8(events, "BTC", moved[-1].event_time_us)
    assert alert.measured_e8 - owned_e8(events, "BTC", order.event_time_us) == BOUGHT_E8

    # and the audit correlator records the complete flow as one causal chain.
    known = audited(clients)
    chain = [entry.event_id for entry in lineage(known[alert.event_id], known)]
    fill_of_it = next(fill for fill in fills if fill.event_id == moved[-1].causation_id)
    assert chain == [
        alert.event_id,
        moved[-1].event_id,
        fill_of_it.event_id,
        accepted.event_id,
        order.event_id,
        tick.event_id,
    ]
    assert {known[one].correlation_id for one in chain} == {tick.event_id}
    assert findings.report.unlinked_events_count == 0


def test_settlement_failure(environment: Environment, tmp_path: Path) -> None:
    """A delayed settlement is late by what was injected, is seen, and is linked to it."""
    scenario = tmp_path / "settlement-delay.yaml"
    scenario.write_text(SETTLEMENT_DELAY)
    plan = world_plan(str(scenario), 1)

    _, findings = run(environment, plan)
    clients = environment.clients(plan.run_id)
    events = events_of(clients, "scenario-injections")

    # Given an exchange with positive P&L to settle, when the delay is injected,
    delayed = [one for one in events if isinstance(one, SettlementDelayed)]
    assert delayed
    instructed = {one.settlement_id: one for one in events if isinstance(one, SettlementInstructed)}
    completed = {one.settlement_id: one for one in events if isinstance(one, SettlementCompleted)}

    # then the settlement is delayed by the configured duration,
    late = [one for one in delayed if one.settlement_id in completed]
    assert late
    for one in late:
        first = instructed[one.settlement_id]
        assert first.amount_e8 > 0
        assert one.due_time_us == first.due_time_us + 2 * HOUR_US
        ended_us = completed[one.settlement_id].event_time_us
        assert one.due_time_us <= ended_us <= one.due_time_us + MINUTE_US

    # the risk monitor detects the settlement timeout,
    (alert, *_) = [
        one
        for one in events
        if isinstance(one, RiskAlertRaised) and one.rule == "settlement_timeout"
    ]
    assert alert.subject.startswith("exchange-")
    assert {one.event_id for one in delayed} & set(alert.inputs)

    # and the audit correlator links the injection to the alert.
    assert findings.report.verdict == "PASS"
    (outcome,) = findings.report.expectations
    assert outcome.alert_event_id is not None
    timeline = next(
        one
        for one in findings.timelines
        if one.rule == "settlement_timeout" and one.alert_event_id == outcome.alert_event_id
    )
    kinds = [hop.event_type for hop in timeline.hops]
    assert kinds[0] in ("InjectionScheduled", "InjectionApplied")
    assert "SettlementDelayed" in kinds
    assert kinds[-1].startswith("RiskAlert")
    applied = [one for one in events if isinstance(one, InjectionApplied)]
    assert {one.altered_event_id for one in applied} >= {one.event_id for one in delayed}
    assert VENUE in {one.venue for one in delayed}
