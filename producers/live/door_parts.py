"""What a service's door is made from, and what it is made of."""

from collections.abc import Sequence
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from doors.streams import Streams
from producers.chaos.board import ChaosBoard
from producers.live.requests import Requests
from producers.live.window import Window, Witness


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What every door stands on."""

    instance: str
    """The service, e.g. `exchange-okx`."""
    window: Window[Any]
    requests: Requests
    streams: Streams
    registry: CollectorRegistry
    board: ChaosBoard


class DoorParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a service puts into its door."""

    service: str
    """What it is, e.g. `exchange`."""
    description: str
    routers: Sequence[Any]
    """FastAPI's routers."""
    witnesses: Sequence[Witness]
