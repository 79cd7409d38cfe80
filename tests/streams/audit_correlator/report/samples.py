"""A crash as a report shows it, judged by the real judge."""

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.scenario import InjectionApplied, RunStarted
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId
from ecosystem.units import E8, SECOND_US
from streams.audit_correlator.report.content import ReportContent
from tests.ecosystem.audit.runs import START_US, Run, crash_scenario, expectation, named
from tests.events import tick


def crash_content(*, seen: bool = True, wolf: bool = True) -> ReportContent:
    """Return a run of half an hour in which prices fall by fifteen per cent."""
    run = Run(
        crash_scenario(
            expectations=(
                expectation("the shock is seen"),
                expectation(
                    "the drawdown is seen", rule="drawdown", subject="portfolio", within_s=300
                ),
            )
        )
    )
    run.schedule()
    for number in range(0, 1_800, 5):
        run.tick(f"tick {number}", 600 + number)
        run.alter(f"tick {number}", 600 + number, -15 * number // 1_800)
    if seen:
        _alarm(run)
    if wolf:
        run.tick("calm tick", 30)
        run.alert("wolf", "calm tick", 31, rule="position_limit", subject="BTC", severity="MEDIUM")
    timelines, report = run.judge()
    started = next(event for event in run.decoded if isinstance(event, RunStarted))
    return ReportContent(
        report=report,
        timelines=tuple(timelines),
        started=started,
        applied=tuple(event for event in run.decoded if isinstance(event, InjectionApplied)),
        records=_records(run),
    )


def _alarm(run: Run) -> None:
    run.alert("shock alert", "tick 490", 1_093)
    run.put("OrderSubmitted", "order", "tick 600", 1_200, "orders")
    run.put("OrderAccepted", "accepted", "order", 1_200, "orders")
    run.put("OrderFilled", "fill", "accepted", 1_201, "fills")
    run.put("BalanceChanged", "balance", "fill", 1_201, "balances")
    run.alert(
        "drawdown alert",
        "balance",
        1_202,
        ["balance"],
        rule="drawdown",
        subject="portfolio",
        severity="HIGH",
    )
    run.alert(
        "ether alert", "tick 600", 1_210, subject="ETH-USD", severity="MEDIUM", escalated=True
    )


def _records(run: Run) -> dict[EventId, Event]:
    records: dict[EventId, Event] = {event.event_id: event for event in run.decoded}
    shown = tick(490, price_e8=57_000 * E8)
    records[named("tick 490")] = shown
    records[named("fill")] = OrderFilled(
        event_id=named("fill"),
        causation_id=named("accepted"),
        correlation_id=named("tick 600"),
        event_time_us=START_US + 1_201 * SECOND_US,
        trade_id=named("trade"),
        order_id=named("order"),
        venue="exchange-okx",
        account="firm-momentum",
        instrument="BTC-USD",
        side="SELL",
        liquidity="TAKER",
        price_e8=55_200 * E8,
        quantity_e8=5_000_000,
        notional_e8=2_760 * E8,
        fee_e8=138_000_000,
        fee_asset="USD",
        remaining_quantity_e8=0,
    )
    records[named("balance")] = BalanceChanged(
        event_id=named("balance"),
        causation_id=named("fill"),
        correlation_id=named("tick 600"),
        event_time_us=START_US + 1_201 * SECOND_US,
        venue="exchange-okx",
        account="firm-momentum",
        asset="USD",
        reason="TRADE",
        reference_id=named("trade"),
        change_e8=2_758_62000000,
        available_e8=32_758 * E8,
        locked_e8=0,
        total_e8=32_758 * E8,
        balance_sequence=7,
    )
    return records
