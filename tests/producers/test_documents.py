"""The manual of the doors names every endpoint there is, and no other."""

import re
from pathlib import Path
from typing import Final

from tests.consumers.risk_monitor.door.stands import MonitorStand
from tests.producers.stands import Stand

MANUAL: Final = Path(__file__).parents[2] / "docs" / "rest.md"
DOORS: Final = ("exchange-okx", "custodian", "market-data", "trading-engine")


def test_the_manual_lists_every_endpoint_of_every_door() -> None:
    listed = set(re.findall(r"\| `([A-Z]+ /[^`]*)` \|", MANUAL.read_text()))
    apps = [MonitorStand().door.app, *(Stand(name).door.app for name in DOORS)]
    served = {
        f"{method.upper()} {path}"
        for app in apps
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert listed == served
