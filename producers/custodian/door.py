"""Puts a custodian's door together."""

from producers.custodian.api import custodian_routers
from producers.custodian.metrics import CustodianMetrics
from producers.live.door_parts import DoorParts, Ground


def custodian_door(ground: Ground) -> DoorParts:
    """Return the door of the custodian that `ground` names."""
    name, window = ground.instance, ground.window
    return DoorParts(
        service="custodian",
        description="Balances in custody, settlements, transfers and reconciliations.",
        routers=custodian_routers(name, window, ground.requests),
        witnesses=(CustodianMetrics(name, ground.registry, window.clock, ground.board),),
    )
