"""Order rate: an account submits more orders in a short time than a sound strategy does."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NEVER_US, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.risk.windows import EventWindow
from ecosystem.units import E8, SECOND_US

INPUTS: Final = 16
"""The latest orders an alert names."""


class OrderRateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The most orders of one account within a window."""

    orders: int
    window_us: int


class OrderRate(Rule[OrderRateLimit]):
    """Judged at every submission, and again when a window without orders has passed."""

    name = "order_rate"

    def __init__(
        self, limit: OrderRateLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._windows: dict[str, EventWindow] = {}

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at submissions."""
        return {OrderSubmitted: self._submitted}

    def configure(self, limit: OrderRateLimit, scale: SeverityScale) -> None:
        """Take in another limit; another window counts from what is still remembered."""
        super().configure(limit, scale)
        for window in self._windows.values():
            window.width_us = limit.window_us

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of accounts that have grown quieter."""
        found = [
            finding for account in sorted(self._windows) for finding in self._judge(account, now_us)
        ]
        for account in [one for one, window in self._windows.items() if not window.count(now_us)]:
            del self._windows[account]
        self.due_us = now_us + self.limit.window_us if self._windows else NEVER_US
        return found

    def _submitted(self, order: OrderSubmitted, now_us: int) -> Sequence[Finding]:
        window = self._windows.get(order.account)
        if window is None:
            window = self._windows[order.account] = EventWindow(self.limit.window_us)
            self.due_us = min(self.due_us, now_us + self.limit.window_us)
        window.add(now_us, order.event_id)
        return self._judge(order.account, now_us)

    def _judge(self, account: str, now_us: int) -> Sequence[Finding]:
        window = self._windows[account]
        count = window.count(now_us)
        return self.found(
            self.watch(account),
            count * E8,
            self.limit.orders * E8,
            KIND.unit,
            lambda: window.latest(INPUTS),
            lambda: (
                f"{account} submitted {count} orders within {self.limit.window_us // SECOND_US} s;"
                f" the limit is {self.limit.orders}"
            ),
        )


def _read(table: Table) -> OrderRateLimit:
    return OrderRateLimit(
        orders=table.whole("orders"), window_us=table.whole("window_s") * SECOND_US
    )


KIND: Final = RuleKind(
    rule=OrderRate,
    title="An account submits more orders than a sound strategy does",
    watches="the orders each account submitted within a sliding window",
    limit="`orders` within `window_s`",
    clears="below the `clear` share, as the orders leave the window",
    inputs="the latest orders of the account",
    unit="orders",
    keys=("orders", "window_s"),
    subjects=(),
    read=_read,
)
