"""Delta limit: each underlying and all together, at each severity and over random portfolios."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.rules.delta_limit import KIND, DeltaLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import event_id
from tests.ecosystem.risk.rules.firms import Firm, balance_of, position_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


def firm(total_e8: int = 10**6 * E8, **deltas_e8: int) -> Firm:
    limit = DeltaLimit(deltas_e8=deltas_e8, total_e8=total_e8)
    return Firm(Rig(KIND, limit, limit_version=7))


@LEVELS
@pytest.mark.parametrize("sign", [1, -1])
def test_severity_of_an_underlying(share_e8: int, severity: str | None, sign: int) -> None:
    owner = firm(BTC=E8)
    owner.hold("BTC", E8)
    owner.contracts(sign * share_e8 - E8)
    found = owner.found()
    assert bool(found) == (severity is not None)
    if found:
        alert = owner.alert(found["BTC"])
        assert (alert.rule, alert.severity, alert.measured_e8) == (KIND.name, severity, share_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (E8, "BTC", 7)


@LEVELS
def test_severity_of_all_together(share_e8: int, severity: str | None) -> None:
    owner = firm(E8)
    owner.hold("BTC", share_e8 // 2)
    owner.hold("ETH", share_e8 // 2 - share_e8)
    found = owner.found()
    assert bool(found) == (severity is not None)
    if found:
        alert = owner.alert(found["portfolio"])
        assert (alert.severity, alert.measured_e8, alert.unit) == (severity, share_e8, "USD")


AMOUNTS = st.integers(-300, 300)


@given(btc=AMOUNTS, eth=AMOUNTS, okx=AMOUNTS, binance=AMOUNTS)
def test_spot_and_perpetual_net_and_underlyings_do_not(
    btc: int, eth: int, okx: int, binance: int
) -> None:
    owner = firm(100 * E8, BTC=100 * E8, ETH=100 * E8)
    owner.hold("BTC", btc * E8)
    owner.hold("ETH", eth * E8)
    owner.contracts(okx * E8)
    owner.contracts(binance * E8, "exchange-binance")
    deltas = {"BTC": abs(btc + okx + binance), "ETH": abs(eth)}
    deltas["portfolio"] = sum(deltas.values())
    assert {subject: one.measured_e8 // E8 for subject, one in owner.found().items()} == {
        subject: delta
        for subject, delta in deltas.items()
        if severity_of(delta * E8 // 100) is not None
    }


def test_a_perpetual_adds_to_what_is_owned_until_it_is_closed() -> None:
    owner = firm(BTC=15 * E8)
    owner.hold("BTC", 4 * E8)
    assert owner.found() == {}
    owner.contracts(10 * E8)
    finding = owner.found()["BTC"]
    assert finding.message == "the delta of BTC is 14.0000; the limit is 15.0000 either way"
    assert finding.inputs == (position_of(), balance_of("BTC"))
    owner.contracts(0)
    assert owner.found()["BTC"].measured_e8 == 4 * E8
    assert owner.rig.book.active_count() == 0


def test_all_together_names_the_marks_too() -> None:
    owner = firm(10 * E8)
    owner.hold("ETH", 9 * E8)
    assert owner.found()["portfolio"].inputs == (event_id("mark/ETH", 2), balance_of("ETH"))


def test_other_limits_hold_for_the_underlyings_they_name() -> None:
    owner = firm(BTC=8 * E8)
    owner.hold("BTC", 3 * E8)
    owner.hold("ETH", 6 * E8)
    assert owner.found() == {}
    changed = DeltaLimit(deltas_e8={"ETH": 8 * E8}, total_e8=10**6 * E8)
    owner.rig.rule.configure(changed, owner.rig.rule.scale)
    assert set(owner.found()) == {"ETH"}
