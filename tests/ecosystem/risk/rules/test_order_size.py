"""Order size: the worth of one order, at each severity and at random prices."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.risk.rules.order_size import KIND, OrderSizeLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, clock, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.orders import submitted
from tests.ecosystem.risk.rules.rig import Rig


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, OrderSizeLimit(notional_e8=E8))
    order = submitted(1, 1, quantity_e8=share_e8, limit_price_e8=E8)
    finding = rig.one(order)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, order)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("order_size", "firm-momentum")
        assert (alert.severity, alert.measured_e8, alert.unit) == (severity, share_e8, "USD")
        assert alert.inputs == (order.event_id,)


def test_a_market_order_is_worth_its_quantity_at_the_mid_in_dollars() -> None:
    rig = Rig(KIND, OrderSizeLimit(notional_e8=250_000 * E8))
    rig.take(tick(0, 60_000), tick(0, 0.05, "ETH-BTC", bid_e8=5_000_000, ask_e8=5_000_000))
    (bought,) = rig.take(submitted(1, 1, quantity_e8=3 * E8))
    assert bought.measured_e8 == 180_000 * E8
    assert bought.message == (
        "firm-momentum submitted an order for 3.0000 BTC-USD, worth 180000.00 USD;"
        " the limit is 250000.00 USD"
    )
    (crossed,) = rig.take(
        submitted(2, 2, quantity_e8=50 * E8, instrument="ETH-BTC", account="firm-reversion")
    )
    assert crossed.measured_e8 == 150_000 * E8


def test_it_is_over_a_minute_after_the_last_large_order() -> None:
    rig = Rig(KIND, OrderSizeLimit(notional_e8=E8))
    for number, seconds in enumerate((0, 30)):
        order = submitted(number, seconds, quantity_e8=E8, limit_price_e8=E8)
        for finding in rig.take(order):
            rig.book.decide(finding, order)
    assert rig.wait(at(89)) == []
    (over,) = rig.wait(at(90))
    assert isinstance(rig.book.decide(over, clock(90, 1)), RiskAlertResolved)


def test_orders_that_make_no_sense_are_the_venues_to_refuse() -> None:
    rig = Rig(KIND, OrderSizeLimit(notional_e8=E8))
    assert rig.take(submitted(1, 1, quantity_e8=-E8, limit_price_e8=10 * E8)) == []
    assert rig.take(submitted(2, 1, instrument="DOGE-USD", limit_price_e8=10 * E8)) == []


@given(quantity_e8=st.integers(1, 100 * E8), price_e8=st.integers(1, 10**13))
def test_a_limit_order_is_worth_its_limit(quantity_e8: int, price_e8: int) -> None:
    rig = Rig(KIND, OrderSizeLimit(notional_e8=250_000 * E8))
    finding = rig.one(submitted(1, 1, quantity_e8=quantity_e8, limit_price_e8=price_e8))
    notional_e8 = quantity_e8 * price_e8 // E8
    expected = severity_of(notional_e8 * E8 // (250_000 * E8))
    assert (finding is None) == (expected is None)
    if finding is not None:
        assert finding.measured_e8 == notional_e8
