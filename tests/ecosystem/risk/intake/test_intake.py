"""The intake: an execution far off the market is believed where a balance has paid for it."""

from typing import Any

import pytest

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.state import RiskState
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, fill, tick


@pytest.mark.parametrize(
    ("price", "paid_e8", "believed", "told"),
    [
        (60_000, 0, True, False),
        (300_000, 0, True, False),
        (12_000, 0, True, False),
        (300_001, 0, False, True),
        (11_999, 0, False, True),
        (6_000_000, -6_000_005 * E8, True, True),
        (6_000_000, -6_000_004 * E8, False, True),
    ],
)
def test_a_price_far_off_the_mid_is_told_and_needs_a_balance(
    price: int, paid_e8: int, believed: bool, told: bool
) -> None:
    state, accounts = RiskState(), Accounts()
    bought = fill(1, "BUY", E8, price * E8, fee_e8=5 * E8)
    owned = accounts.change(0, "USD", E8)
    paid = accounts.change(1, "USD", paid_e8, "TRADE", reference=bought.trade_id)
    for event in (tick(0, 60_000), owned, paid):
        state.intake.guarded(type(event), state.takes[type(event)])(event)
    admitted = state.intake.guarded(type(bought), state.takes[type(bought)])(bought)
    assert (admitted is not None) is believed
    assert ("FILL_PRICE_ABSURD" in state.quality.counts()) is told
    assert bool(state.trading.positions) is believed


@pytest.mark.parametrize("wrong", [{"instrument": "DOGE-USD"}, {"last_e8": 0}, {"bid_e8": 0}])
def test_a_tick_that_cannot_be_true_leaves_no_level_behind(wrong: dict[str, Any]) -> None:
    state = RiskState()
    admit = state.intake.guarded(PriceTicked, state.takes[PriceTicked])
    assert [admit(tick(n, 6_000_000, **wrong)) for n in range(3)] == [None] * 3
    sound = [tick(3 + n, 60_000) for n in range(2)]
    assert [admit(one) for one in sound] == sound
    assert "PRICE_JUMPED" not in state.quality.counts()
