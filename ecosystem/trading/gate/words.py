"""What checks look at, and what they say."""

from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.trading.accounts import Accounts
from ecosystem.trading.contract import Place
from ecosystem.trading.exposure import Exposure
from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.window import RateWindow
from ecosystem.trading.market import Market

POSITION: Final = "position"
NOTIONAL: Final = "notional"
CONCENTRATION: Final = "concentration"
COLLAR: Final = "collar"
RATE: Final = "rate"


class Ground(msgspec.Struct, frozen=True):
    """What the engine knows when it checks an order."""

    market: Market
    accounts: Accounts
    exposure: Exposure


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """An order somebody wants to send."""

    wish: Place
    account: str
    now_us: int
    sent: RateWindow
    """What its strategy has sent lately."""

    def price_e8(self, market: Market) -> int | None:
        """Return its limit, or the middle of the market; None before any price."""
        limit_e8 = self.wish.limit_price_e8
        return market.mid_e8(self.wish.instrument) if limit_e8 is None else limit_e8


class Excess(msgspec.Struct, frozen=True, kw_only=True):
    """A limit would be broken."""

    check: str
    measured_e8: int
    limit_e8: int
    unit: str


Check = Callable[[Proposal, Ground, GateLimits], Excess | None]
