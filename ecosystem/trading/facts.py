"""The facts of the engine, each named after its cause."""

from ecosystem.events.control.signals import (
    OrderWithheld,
    StrategyRequestRefused,
    StrategySignalled,
    StrategyStateChanged,
)
from ecosystem.events.control.words import StrategyState
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.trading.contract import Place, Signal
from ecosystem.trading.gate.words import Excess
from ecosystem.trading.orders import WorkingOrder
from ecosystem.trading.seats import Seat


class Facts:
    """Builds the facts of one engine.

    Args:
        engine: the name of the instance; two of them never give two facts one id.
    """

    __slots__ = ("_engine",)

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def signalled(
        self, seat: Seat, signal: Signal, cause: Event, number: int, now_us: int
    ) -> StrategySignalled:
        """A strategy formed an opinion."""
        return StrategySignalled(
            event_id=derive_id(cause.event_id, f"{self._engine}/signalled/{seat.name}", number),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            strategy=seat.name,
            account=seat.account,
            instrument=signal.instrument,
            strength_e8=signal.strength_e8,
            reason=signal.reason,
        )

    def submitted(
        self, order_id: EventId, seat: Seat, wish: Place, cause: Event, now_us: int
    ) -> OrderSubmitted:
        """The engine wished an order to be placed."""
        return OrderSubmitted(
            event_id=order_id,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            order_id=order_id,
            venue=wish.venue,
            account=seat.account,
            instrument=wish.instrument,
            side=wish.side,
            order_type=wish.order_type,
            time_in_force=wish.time_in_force,
            quantity_e8=wish.quantity_e8,
            limit_price_e8=wish.limit_price_e8,
            stop_price_e8=None,
            post_only=wish.post_only,
            reduce_only=False,
        )

    def cancel_requested(
        self, order: WorkingOrder, cause: Event, now_us: int
    ) -> OrderCancelRequested:
        """The engine wished the rest of an order to be cancelled."""
        label = f"{self._engine}/cancel/{order.order_id.hex()}"
        return OrderCancelRequested(
            event_id=derive_id(cause.event_id, label),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            order_id=order.order_id,
            venue=order.venue,
            account=order.account,
            instrument=order.instrument,
        )

    def withheld(
        self, seat: Seat, wish: Place, excess: Excess, cause: Event, number: int, now_us: int
    ) -> OrderWithheld:
        """A check kept an order in the house."""
        return OrderWithheld(
            event_id=derive_id(cause.event_id, f"{self._engine}/withheld/{seat.name}", number),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            strategy=seat.name,
            account=seat.account,
            venue=wish.venue,
            instrument=wish.instrument,
            side=wish.side,
            order_type=wish.order_type,
            quantity_e8=wish.quantity_e8,
            limit_price_e8=wish.limit_price_e8,
            check=excess.check,
            measured_e8=excess.measured_e8,
            limit_e8=excess.limit_e8,
            unit=excess.unit,
        )

    def state_changed(
        self,
        strategy: str,
        account: str,
        implementation: str,
        state: StrategyState,
        reason: str,
        cause: Event,
        now_us: int,
    ) -> StrategyStateChanged:
        """A strategy runs, rests or was halted."""
        return StrategyStateChanged(
            event_id=derive_id(cause.event_id, f"{self._engine}/state/{strategy}"),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            strategy=strategy,
            account=account,
            implementation=implementation,
            state=state,
            reason=reason,
        )

    def refused(
        self, strategy: str, reason: str, cause: Event, now_us: int
    ) -> StrategyRequestRefused:
        """A wish about a strategy could not be granted."""
        return StrategyRequestRefused(
            event_id=derive_id(cause.event_id, f"{self._engine}/refused/{strategy}"),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=now_us,
            strategy=strategy,
            reason=reason,
        )
