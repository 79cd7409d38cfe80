"""Puts the trading engine's door together."""

from producers.live.door_parts import DoorParts, Ground
from producers.trading_engine.api import engine_routers
from producers.trading_engine.metrics import EngineMetrics


def engine_door(ground: Ground) -> DoorParts:
    """Return the door of the engine that `ground` names."""
    return DoorParts(
        service="trading-engine",
        description="Strategies, positions and profit of the firm's trading.",
        routers=engine_routers(ground.window, ground.requests),
        witnesses=(EngineMetrics(ground.registry, ground.window, ground.board),),
    )
