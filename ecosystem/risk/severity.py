"""Severity: which share of a limit used is how bad, and when it is over."""

from typing import Final

import msgspec

from ecosystem.risk.tables import Table
from ecosystem.units import SECOND_US, format_e8

SEVERITY_KEYS: Final = ("low", "medium", "high", "critical", "clear", "cooldown_s")


class SeverityScale(msgspec.Struct, frozen=True, kw_only=True):
    """Which share of a limit used means which severity, and when it is over."""

    shares_e8: tuple[int, int, int, int]
    """Least shares for LOW, MEDIUM, HIGH and CRITICAL, rising."""
    clear_e8: int
    """An active alert is resolved below this share; less than the one for LOW."""
    cooldown_us: int

    def level(self, utilisation_e8: int) -> int:
        """Return the level a utilisation has: -1 below LOW, up to 3 for CRITICAL."""
        return sum(utilisation_e8 >= share_e8 for share_e8 in self.shares_e8) - 1


def read_scale(rule: Table, shares: Table) -> SeverityScale:
    """Return the scale of a rule: the shared one, where the rule's own table says nothing else."""
    own = rule.table("severity", optional=True)
    own.only(SEVERITY_KEYS)
    low, medium, high, critical, clear = (
        (own if own.has(key) else shares).number(key) for key in SEVERITY_KEYS[:-1]
    )
    rises = clear < low < medium < high < critical
    if not rises and all(own.has(key) or shares.has(key) for key in SEVERITY_KEYS[:-1]):
        found = " ".join(format_e8(share, 2) for share in (clear, low, medium, high, critical))
        rule.wrong("severity", found, "clear < low < medium < high < critical")
    cooldown_s = (own if own.has("cooldown_s") else shares).whole("cooldown_s")
    return SeverityScale(
        shares_e8=(low, medium, high, critical),
        clear_e8=clear,
        cooldown_us=cooldown_s * SECOND_US,
    )
