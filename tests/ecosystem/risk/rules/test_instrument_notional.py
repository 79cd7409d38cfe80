"""Instrument notional: the worth of each position, at each severity and over random portfolios."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.rules.instrument_notional import KIND, InstrumentNotionalLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import event_id
from tests.ecosystem.risk.rules.firms import PERPETUAL, Firm, balance_of, position_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


def firm(notional_e8: int = E8) -> Firm:
    return Firm(Rig(KIND, InstrumentNotionalLimit(notional_e8=notional_e8), limit_version=7))


@LEVELS
@pytest.mark.parametrize("sign", [1, -1])
def test_severity_at_each_share_of_the_limit(
    share_e8: int, severity: str | None, sign: int
) -> None:
    owner = firm()
    owner.contracts(sign * share_e8)
    found = owner.found()
    assert bool(found) == (severity is not None)
    if found:
        alert = owner.alert(found[PERPETUAL])
        assert (alert.rule, alert.severity, alert.measured_e8) == (KIND.name, severity, share_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (E8, "USD", 7)


@given(btc=st.integers(0, 300), eth=st.integers(0, 300), contracts=st.integers(-300, 300))
def test_each_instrument_is_judged_by_itself(btc: int, eth: int, contracts: int) -> None:
    owner = firm(100 * E8)
    owner.hold("BTC", btc * E8)
    owner.hold("ETH", eth * E8)
    owner.contracts(contracts * E8)
    worths = {"BTC-USD": btc, "ETH-USD": eth, PERPETUAL: abs(contracts)}
    assert {subject: one.measured_e8 // E8 for subject, one in owner.found().items()} == {
        symbol: worth
        for symbol, worth in worths.items()
        if severity_of(worth * E8 // 100) is not None
    }


def test_a_hedge_is_two_positions_and_each_is_told_with_what_it_rests_on() -> None:
    owner = firm(1_000 * E8)
    owner.hold("BTC", 400 * E8)
    owner.contracts(-400 * E8)
    assert owner.found() == {}
    owner.mark("BTC", 2 * E8)
    found = owner.found()
    assert found["BTC-USD"].inputs == (event_id("mark/BTC", 4), balance_of("BTC"))
    assert found[PERPETUAL].inputs == (event_id("mark/BTC", 4), position_of())
    assert found[PERPETUAL].message == (
        f"the position in {PERPETUAL} is worth 800.00 USD; the limit is 1000.00 USD"
    )
    owner.contracts(0)
    assert owner.found()[PERPETUAL].measured_e8 == 0
    assert [watch.subject for watch in owner.rig.book.active()] == ["BTC-USD"]
    owner.mark("BTC", E8)
    owner.found()
    assert owner.rig.book.active_count() == 0


def test_an_alert_about_an_asset_is_over_when_all_of_it_is_sold() -> None:
    owner = firm(1_000 * E8)
    owner.hold("BTC", 900 * E8)
    assert list(owner.found()) == ["BTC-USD"]
    owner.hold("BTC", 0)
    assert owner.found()["BTC-USD"].measured_e8 == 0
    assert owner.rig.book.active_count() == 0
