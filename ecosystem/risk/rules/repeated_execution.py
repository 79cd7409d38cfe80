"""Repeated execution: an account executes the same trade over and over.

The control asked for is the one of ESMA's guidelines on automated trading (2012/122, guideline 4)
and MiFID II RTS 6, Art. 15: a throttle that stops a strategy that repeats itself.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NEVER_US, NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.risk.windows import EventWindow
from ecosystem.units import E8, SECOND_US

INPUTS: Final = 16
"""The latest executions an alert names."""
_Way = tuple[str, str, int]
"""Side, instrument and size, cut to two digits."""


class RepeatedExecutionLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The most orders executed the same way by one account within a window."""

    repeats: int
    window_us: int


class RepeatedExecution(Rule[RepeatedExecutionLimit]):
    """Judged at every execution: how many orders of the same side, instrument and size it had.

    Parts of one order count as one, and sizes are the same when their first two digits are.
    """

    name = "repeated_execution"

    def __init__(
        self, limit: RepeatedExecutionLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._windows: dict[str, dict[_Way, EventWindow]] = {}
        self._last_orders: dict[tuple[str, _Way], EventId] = {}

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at executions."""
        return {OrderFilled: self._filled}

    def configure(self, limit: RepeatedExecutionLimit, scale: SeverityScale) -> None:
        """Take in another limit; another window counts from what is still remembered."""
        super().configure(limit, scale)
        for ways in self._windows.values():
            for window in ways.values():
                window.width_us = limit.window_us

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of accounts that repeat themselves less."""
        found: list[Finding] = []
        for account, ways in sorted(self._windows.items()):
            for way in [one for one, window in ways.items() if not window.count(now_us)]:
                del ways[way]
                del self._last_orders[account, way]
            found += self._judge(account, now_us)
        self._windows = {account: ways for account, ways in self._windows.items() if ways}
        self.due_us = now_us + self.limit.window_us if self._windows else NEVER_US
        return found

    def _filled(self, fill: OrderFilled, now_us: int) -> Sequence[Finding]:
        way = (fill.side, fill.instrument, _first_digits(fill.quantity_e8))
        if self._last_orders.get((fill.account, way)) == fill.order_id:
            return NOTHING
        self._last_orders[fill.account, way] = fill.order_id
        ways = self._windows.setdefault(fill.account, {})
        if way not in ways:
            ways[way] = EventWindow(self.limit.window_us)
            self.due_us = min(self.due_us, now_us + self.limit.window_us)
        ways[way].add(now_us, fill.event_id)
        watch = self.watch(fill.account)
        if ways[way].count(now_us) * 2 < self.limit.repeats and watch.alert_id is None:
            return NOTHING
        return self._judge(fill.account, now_us)

    def _judge(self, account: str, now_us: int) -> Sequence[Finding]:
        ways = self._windows[account]
        count, way = max(((one.count(now_us), way) for way, one in ways.items()), default=(0, None))
        return self.found(
            self.watch(account),
            count * E8,
            self.limit.repeats * E8,
            KIND.unit,
            lambda: [] if way is None else ways[way].latest(INPUTS),
            lambda: (
                f"{account} executed {count} alike orders"
                f"{f' to {way[0].lower()} {way[1]}' if way else ''} within"
                f" {self.limit.window_us // SECOND_US} s; the limit is {self.limit.repeats}"
            ),
        )


def _first_digits(quantity_e8: int) -> int:
    unit = int(10 ** max(0, len(str(quantity_e8)) - 2))
    return quantity_e8 // unit * unit


def _read(table: Table) -> RepeatedExecutionLimit:
    return RepeatedExecutionLimit(
        repeats=table.whole("repeats"), window_us=table.whole("window_s") * SECOND_US
    )


KIND: Final = RuleKind(
    rule=RepeatedExecution,
    title="An account executes the same trade over and over",
    watches="executed orders of one side, instrument and size, sizes cut to their first two digits",
    limit="`repeats` within `window_s`",
    clears="below the `clear` share, as the executions leave the window",
    inputs="the latest of these executions",
    unit="orders",
    keys=("repeats", "window_s"),
    subjects=(),
    read=_read,
)
