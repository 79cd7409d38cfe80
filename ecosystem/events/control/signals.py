"""What strategies thought, what they were told, and which of their wishes never left the house."""

from ecosystem.events.control.words import StrategyState
from ecosystem.events.envelope import Event
from ecosystem.events.words import OrderType, Side


class StrategySignalled(Event, frozen=True, kw_only=True, gc=False):
    """A strategy formed an opinion."""

    strategy: str
    account: str
    instrument: str
    strength_e8: int
    reason: str


class StrategyStartRequested(Event, frozen=True, kw_only=True, gc=False):
    """Somebody wished a strategy to run."""

    strategy: str
    account: str
    implementation: str
    reason: str


class StrategyStopRequested(Event, frozen=True, kw_only=True, gc=False):
    """Somebody wished a strategy to stop; its open orders are to be cancelled."""

    strategy: str
    reason: str


class StrategyReplaceRequested(Event, frozen=True, kw_only=True, gc=False):
    """Somebody wished a running strategy to go on with another implementation."""

    strategy: str
    implementation: str
    reason: str


class StrategyStateChanged(Event, frozen=True, kw_only=True, gc=False):
    """A strategy runs, rests or was halted, with this implementation."""

    strategy: str
    account: str
    implementation: str
    state: StrategyState
    reason: str


class StrategyRequestRefused(Event, frozen=True, kw_only=True, gc=False):
    """A wish about a strategy could not be granted, and nothing changed."""

    strategy: str
    reason: str


class OrderWithheld(Event, frozen=True, kw_only=True, gc=False):
    """A pre-trade check found an order beyond its limit, and it was not sent."""

    strategy: str
    account: str
    venue: str
    instrument: str
    side: Side
    order_type: OrderType
    quantity_e8: int
    limit_price_e8: int | None
    check: str
    measured_e8: int
    limit_e8: int
    unit: str
