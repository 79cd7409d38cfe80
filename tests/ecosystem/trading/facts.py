"""Facts of venues and the monitor, for tests of the engine's parts."""

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    RiskAlertRaised,
)
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.fills import OrderFilled
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, Side, VenueState
from ecosystem.units import E8
from tests.events import event_id


def balance(
    number: int, account: str, asset: str, total_e8: int, venue: str = "exchange-okx"
) -> BalanceChanged:
    """Return a deposit that leaves `total_e8`."""
    own = event_id(10**6 + number)
    return BalanceChanged(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=number,
        venue=venue,
        account=account,
        asset=asset,
        reason="DEPOSIT",
        reference_id=own,
        change_e8=total_e8,
        available_e8=total_e8,
        locked_e8=0,
        total_e8=total_e8,
        balance_sequence=number,
    )


def fill(
    number: int,
    account: str,
    instrument: str,
    side: Side,
    quantity_e8: int,
    price_e8: int,
    fee_e8: int = 0,
) -> OrderFilled:
    """Return an execution of an order of its own."""
    own = event_id(2 * 10**6 + number)
    return OrderFilled(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=number,
        trade_id=own,
        order_id=own,
        venue="exchange-okx",
        account=account,
        instrument=instrument,
        side=side,
        liquidity="TAKER",
        price_e8=price_e8,
        quantity_e8=quantity_e8,
        notional_e8=price_e8 * quantity_e8 // E8,
        fee_e8=fee_e8,
        fee_asset="USD",
        remaining_quantity_e8=0,
    )


def book(
    number: int,
    venue: str,
    instrument: str,
    bid_e8: int,
    ask_e8: int,
    time_us: int,
    quantity_e8: int = E8,
) -> BookQuoted:
    """Return a book of one level."""
    own = event_id(3 * 10**6 + number)
    return BookQuoted(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        venue=venue,
        instrument=instrument,
        book_sequence=number,
        bid_prices_e8=(bid_e8,),
        bid_quantities_e8=(quantity_e8,),
        ask_prices_e8=(ask_e8,),
        ask_quantities_e8=(quantity_e8,),
        last_price_e8=bid_e8,
        volume_e8=0,
    )


def opened(time_us: int, name: str = "firm") -> CircuitBreakerOpened:
    """Return the opening of a breaker."""
    own = EventId(f"o{name}".encode()[:8].ljust(8, b"\0") + time_us.to_bytes(8, "big"))
    return CircuitBreakerOpened(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        breaker=name,
        cause="daily_loss",
        measured_e8=1,
        limit_e8=1,
        unit="USD",
        reset_time_us=time_us,
        inputs=(),
    )


def closed(time_us: int, name: str = "firm") -> CircuitBreakerClosed:
    """Return the closing of a breaker."""
    own = EventId(f"c{name}".encode()[:8].ljust(8, b"\0") + time_us.to_bytes(8, "big"))
    return CircuitBreakerClosed(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        breaker=name,
        cause="reset",
        author="",
    )


def raised(time_us: int) -> RiskAlertRaised:
    """Return an alert of the monitor."""
    own = EventId(b"alert---" + time_us.to_bytes(8, "big"))
    return RiskAlertRaised(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        alert_id=own,
        rule="drawdown",
        subject="portfolio",
        severity="HIGH",
        measured_e8=1,
        limit_e8=1,
        utilisation_e8=E8,
        unit="ratio",
        rule_version=1,
        limit_version=1,
        inputs=(),
        message="",
    )


def status(time_us: int, venue: str, state: VenueState) -> VenueStatusChanged:
    """Return what a venue says of itself."""
    own = EventId(b"status--" + time_us.to_bytes(8, "big"))
    return VenueStatusChanged(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        venue=venue,
        state=state,
        reason="",
    )


def scheduled(
    kind: str, parameters_json: str, starts_at_us: int, ends_at_us: int, number: int = 1
) -> InjectionScheduled:
    """Return an injection for the trading engine."""
    own = event_id(4 * 10**6 + number)
    return InjectionScheduled(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=starts_at_us - 1,
        run_id="run",
        injection_id=own,
        name=f"fault-{number}",
        kind=kind,
        target="trading-engine",
        starts_at_us=starts_at_us,
        ends_at_us=ends_at_us,
        parameters_json=parameters_json,
    )


def called_off(time_us: int) -> InjectionCancelRequested:
    """Return the wish that every injection of the engine end."""
    own = EventId(b"calledof" + time_us.to_bytes(8, "big"))
    return InjectionCancelRequested(
        event_id=own,
        correlation_id=own,
        causation_id=own,
        event_time_us=time_us,
        run_id="run",
        injection_id=None,
        target="trading-engine",
        reason="",
    )
