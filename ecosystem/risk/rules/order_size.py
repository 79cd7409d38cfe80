"""Order size: a single order is worth more than one order may be (a fat finger)."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NEVER_US, NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, MINUTE_US, format_e8

OVER_AFTER_US: Final = MINUTE_US
"""An order is one moment: a minute without another one ends the alert."""


class OrderSizeLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest worth of one order in USD."""

    notional_e8: int


class OrderSize(Rule[OrderSizeLimit]):
    """Judged at every submission, at the instrument's mid or the order's own better price."""

    name = "order_size"

    def __init__(
        self, limit: OrderSizeLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._large: dict[str, OrderSubmitted] = {}
        """The last large order of each account."""

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at submissions."""
        return {OrderSubmitted: self._submitted}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return the ends of alerts about orders that have passed."""
        found: list[Finding] = []
        for account, order in list(self._large.items()):
            if now_us - order.event_time_us >= OVER_AFTER_US:
                del self._large[account]
                found += self._judge(order, 0)
        self.due_us = min(
            (order.event_time_us + OVER_AFTER_US for order in self._large.values()),
            default=NEVER_US,
        )
        return found

    def _submitted(self, order: OrderSubmitted, now_us: int) -> Sequence[Finding]:
        notional_e8 = self._worth_e8(order)
        if notional_e8 * E8 // self.limit.notional_e8 < self.scale.shares_e8[0]:
            return NOTHING
        self._large[order.account] = order
        self.due_us = min(self.due_us, now_us + OVER_AFTER_US)
        return self._judge(order, notional_e8)

    def _worth_e8(self, order: OrderSubmitted) -> int:
        instrument = INSTRUMENTS.get(order.instrument)
        price_e8 = order.limit_price_e8 or self.state.market.mids_e8.get(order.instrument, 0)
        if instrument is None or order.quantity_e8 <= 0:
            return 0
        mark_e8 = self.state.portfolio.marks_e8.get(instrument.quote, E8)
        return order.quantity_e8 * price_e8 // E8 * mark_e8 // E8

    def _judge(self, order: OrderSubmitted, notional_e8: int) -> Sequence[Finding]:
        limit_e8 = self.limit.notional_e8
        return self.found(
            self.watch(order.account),
            notional_e8,
            limit_e8,
            KIND.unit,
            lambda: [order.event_id],
            lambda: (
                f"{order.account} submitted an order for {format_e8(order.quantity_e8, 4)}"
                f" {order.instrument}, worth {format_e8(notional_e8, 2)} USD;"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )


def _read(table: Table) -> OrderSizeLimit:
    return OrderSizeLimit(notional_e8=table.number("notional_usd"))


KIND: Final = RuleKind(
    rule=OrderSize,
    title="A single order is worth more than one order may be",
    watches="the worth of each order at its limit price, or at the mid where it has none",
    limit="`notional_usd`",
    clears="a minute after the last order above the lowest share",
    inputs="the order",
    unit="USD",
    keys=("notional_usd",),
    subjects=(),
    read=_read,
)
