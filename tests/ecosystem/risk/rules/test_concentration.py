"""Concentration: the share of the equity, at each severity and over random portfolios."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.rules.concentration import KIND, ConcentrationLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import event_id
from tests.ecosystem.risk.rules.firms import Firm, balance_of, position_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


def firm(**shares_e8: int) -> Firm:
    return Firm(Rig(KIND, ConcentrationLimit(shares_e8=shares_e8), limit_version=7))


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    owner = firm(BTC=E8 // 4)
    part_e8 = share_e8 // 4
    owner.hold("BTC", part_e8)
    owner.hold("USD", E8 - part_e8)
    found = owner.found()
    expected = severity_of(part_e8 * 4)
    assert expected == severity or share_e8 % 4
    assert bool(found) == (expected is not None)
    if found:
        alert = owner.alert(found["BTC"])
        assert (alert.rule, alert.severity, alert.measured_e8) == (KIND.name, expected, part_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (E8 // 4, "ratio", 7)


AMOUNTS = st.integers(-100, 100)


@given(btc=AMOUNTS, eth=AMOUNTS, usd=AMOUNTS, contracts=AMOUNTS)
def test_the_share_is_of_the_delta_in_the_equity(
    btc: int, eth: int, usd: int, contracts: int
) -> None:
    owner = firm(BTC=E8, ETH=E8)
    for asset, amount in (("BTC", btc), ("ETH", eth), ("USD", usd)):
        owner.hold(asset, amount * E8)
    owner.contracts(contracts * E8)
    owner.found()
    equity = btc + eth + usd
    watches = {watch.subject: watch for watch in owner.rig.book.watches()}
    for asset, delta in (("BTC", btc + contracts), ("ETH", eth)):
        if equity > 0:
            assert watches[asset].utilisation_e8 == abs(delta) * E8 // equity
        elif delta:
            assert watches[asset].utilisation_e8 > 100_000 * E8


def test_a_rising_price_concentrates_a_hedge_relieves_and_the_other_asset_stays_quiet() -> None:
    owner = firm(BTC=E8 * 30 // 100, ETH=E8 * 25 // 100)
    for asset, amount in (("BTC", 12), ("ETH", 8), ("USD", 80)):
        owner.hold(asset, amount * E8)
    assert owner.found() == {}
    owner.mark("BTC", 3 * E8)
    (finding,) = owner.found().values()
    assert finding.watch.subject == "BTC"
    assert finding.message == (
        "29.03 % of the equity hang on the price of BTC; the limit is 30.00 %"
    )
    marks = (event_id("mark/BTC", 4), event_id("mark/ETH", 2))
    named = tuple(dict.fromkeys(finding.inputs))
    assert named == (*marks, balance_of("BTC"), balance_of("ETH"), balance_of("USD"))
    owner.contracts(-10 * E8)
    relieved = owner.found()["BTC"]
    assert relieved.measured_e8 == 6 * E8 // 124
    assert position_of() in relieved.inputs
    assert owner.rig.book.active_count() == 0


def test_other_limits_hold_for_the_assets_they_name() -> None:
    owner = firm(BTC=E8)
    owner.hold("BTC", 4 * E8)
    owner.hold("ETH", 6 * E8)
    assert owner.found() == {}
    owner.rig.rule.configure(ConcentrationLimit(shares_e8={"ETH": E8}), owner.rig.rule.scale)
    assert set(owner.found()) == {"ETH"}
