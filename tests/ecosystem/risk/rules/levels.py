"""The table every rule is tested by: at, just below and just above each severity."""

import pytest

from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.watch import SEVERITIES

SCALE = SeverityScale(
    shares_e8=(50_000_000, 75_000_000, 90_000_000, 100_000_000),
    clear_e8=45_000_000,
    cooldown_us=300_000_000,
)
LEVELS = pytest.mark.parametrize(
    ("share_e8", "severity"),
    [
        (49_999_999, None),
        (50_000_000, "LOW"),
        (50_000_001, "LOW"),
        (74_999_999, "LOW"),
        (75_000_000, "MEDIUM"),
        (75_000_001, "MEDIUM"),
        (89_999_999, "MEDIUM"),
        (90_000_000, "HIGH"),
        (90_000_001, "HIGH"),
        (99_999_999, "HIGH"),
        (100_000_000, "CRITICAL"),
        (100_000_001, "CRITICAL"),
        (250_000_000, "CRITICAL"),
    ],
)


def severity_of(utilisation_e8: int) -> str | None:
    """Return the severity a utilisation must have, found without the code under test."""
    shares_e8 = dict(
        zip(SEVERITIES, (50_000_000, 75_000_000, 90_000_000, 100_000_000), strict=True)
    )
    reached: list[str] = [name for name in SEVERITIES if utilisation_e8 >= shares_e8[name]]
    return reached[-1] if reached else None
