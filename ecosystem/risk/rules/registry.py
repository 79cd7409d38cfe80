"""Every rule of the monitor, by name, in the order in which they are judged."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.risk.rule import RuleKind
from ecosystem.risk.rules import (
    concentration,
    correlation_break,
    daily_loss,
    data_quality,
    delta_limit,
    drawdown,
    feed_gap,
    feed_stale,
    inputs_silent,
    instrument_notional,
    leverage,
    liquidity,
    order_rate,
    order_size,
    portfolio_notional,
    position_limit,
    price_divergence,
    price_shock,
    reconciliation_break,
    repeated_execution,
    settlement_timeout,
    stablecoin_depeg,
    stablecoin_exposure,
    trailing_stop,
    unsettled_exposure,
    value_at_risk,
    venue_down,
    volatility_spike,
)

RULES: Final[Mapping[str, RuleKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            price_shock.KIND,
            position_limit.KIND,
            drawdown.KIND,
            daily_loss.KIND,
            portfolio_notional.KIND,
            instrument_notional.KIND,
            concentration.KIND,
            delta_limit.KIND,
            leverage.KIND,
            value_at_risk.KIND,
            trailing_stop.KIND,
            settlement_timeout.KIND,
            venue_down.KIND,
            feed_stale.KIND,
            inputs_silent.KIND,
            order_rate.KIND,
            order_size.KIND,
            repeated_execution.KIND,
            data_quality.KIND,
            feed_gap.KIND,
            unsettled_exposure.KIND,
            reconciliation_break.KIND,
            stablecoin_depeg.KIND,
            stablecoin_exposure.KIND,
            price_divergence.KIND,
            correlation_break.KIND,
            volatility_spike.KIND,
            liquidity.KIND,
        )
    }
)
