"""Every rule of the monitor, by name, in the order in which they are judged."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.risk.rule import RuleKind
from ecosystem.risk.rules import (
    daily_loss,
    drawdown,
    feed_stale,
    order_rate,
    order_size,
    position_limit,
    price_shock,
    repeated_execution,
    settlement_timeout,
    venue_down,
)

RULES: Final[Mapping[str, RuleKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            price_shock.KIND,
            position_limit.KIND,
            drawdown.KIND,
            daily_loss.KIND,
            settlement_timeout.KIND,
            venue_down.KIND,
            feed_stale.KIND,
            order_rate.KIND,
            order_size.KIND,
            repeated_execution.KIND,
        )
    }
)
