"""What a rule keeps of one subject: the alert it has, and between which bounds it is quiet.

Hysteresis keeps an alert from flapping: it is raised at the lowest severity's share of the limit,
resolved only below the lower `clear` share, and never lowered in between. After it is resolved, a
cooldown holds back what is no worse than what was resolved; what is worse is raised at once.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.words import EscalationReason, EventId, Severity
from ecosystem.risk.severity import SeverityScale
from ecosystem.units import E8

SEVERITIES: Final[tuple[Severity, ...]] = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
QUIET: Final = -1
"""The level of a watch without an alert; otherwise an index into `SEVERITIES`."""
CRITICAL: Final = SEVERITIES.index("CRITICAL")
_NEVER_E8: Final = 2**200


class Watch:
    """One rule's watch over one subject: the alert it has, and between which bounds it is quiet."""

    __slots__ = (
        "_below_e8",
        "_from_e8",
        "_limit_e8",
        "_measure",
        "_measured_e8",
        "acknowledged",
        "alert_id",
        "escalated",
        "held_until_us",
        "level",
        "level_since_us",
        "message",
        "raised_us",
        "resolved_at_us",
        "resolved_level",
        "rule",
        "scale",
        "subject",
        "told",
    )

    def __init__(self, rule: str, subject: str, scale: SeverityScale) -> None:
        self.rule = rule
        self.subject = subject
        self.scale = scale
        self.alert_id: EventId | None = None
        self.told: RiskAlertRaised | RiskAlertEscalated | None = None
        """The last word of the active alert."""
        self.message = ""
        """What was measured when the active alert last became more severe, in words."""
        self.raised_us = 0
        self.level_since_us = 0
        self.acknowledged = False
        self.escalated: set[EscalationReason] = set()
        """Why the active alert was escalated though it grew no worse."""
        self.held_until_us = 0
        """Until when a raise is held back because its rule has raised too many."""
        self.resolved_at_us = 0
        self.resolved_level = QUIET
        self._measure: Callable[[], int] | None = None
        self._measured_e8 = 0
        self._limit_e8 = E8
        self._settle(QUIET)

    @property
    def utilisation_e8(self) -> int:
        """The last utilisation measured."""
        return self.last_utilisation_e8 if self._measure is None else self._measure()

    @property
    def last_utilisation_e8(self) -> int:
        """The last utilisation noted, though a later one could be measured."""
        return self._measured_e8 * E8 // self._limit_e8

    def measured_by(self, measure: Callable[[], int]) -> None:
        """Let the utilisation be measured when somebody asks for it, not at each event.

        For a rule that sees by something cheaper that nothing can follow.
        """
        self._measure = measure

    def holds(self, measured_e8: int, limit_e8: int) -> bool:
        """Note what was measured against a limit; return whether nothing can follow from it.

        Args:
            limit_e8: above zero.
        """
        if limit_e8 != self._limit_e8:
            self._limit_e8 = limit_e8
            self._bound()
        self._measured_e8 = measured_e8
        return self._from_e8 <= measured_e8 < self._below_e8

    def stays(self, utilisation_e8: int) -> bool:
        """Note a utilisation; return whether nothing can follow from it."""
        return self.holds(utilisation_e8, E8)

    def bounds_e8(self) -> tuple[int, int]:
        """Return the least measure from which, and the one below which, nothing can follow."""
        return self._from_e8, self._below_e8

    def room_e8(self, measured_e8: int) -> int:
        """Return how far a measure may move, and nothing follow; below 0 when it may now."""
        return min(measured_e8 - self._from_e8, self._below_e8 - 1 - measured_e8)

    def _settle(self, level: int) -> None:
        self.level = level
        self._bound()

    def _bound(self) -> None:
        # In terms of the measure, so that a quiet one costs no division.
        shares_e8, level = self.scale.shares_e8, self.level
        lower_e8 = -_NEVER_E8 if level == QUIET else self.scale.clear_e8
        upper_e8 = shares_e8[level + 1] if level + 1 < len(shares_e8) else _NEVER_E8
        self._from_e8 = -(-lower_e8 * self._limit_e8 // E8)
        self._below_e8 = -(-upper_e8 * self._limit_e8 // E8)

    def rescale(self, scale: SeverityScale) -> None:
        """Take in another scale; an active alert keeps its level until it is measured again."""
        self.scale = scale
        self._settle(self.level)

    def raised(self, event: RiskAlertRaised | RiskAlertEscalated) -> None:
        """Take in that the alert is there, is more severe, or was escalated for its age."""
        level, at_us = SEVERITIES.index(event.severity), event.event_time_us
        if self.alert_id is None:
            self.alert_id = event.alert_id
            self.raised_us = at_us
            self.acknowledged = False
            self.escalated = set()
        if level != self.level:
            self.level_since_us = at_us
            self._settle(level)
        if isinstance(event, RiskAlertEscalated) and event.reason != "SEVERITY":
            self.escalated.add(event.reason)
        else:
            self.message = event.message
        self.told = event

    def resolved(self, at_us: int) -> None:
        """Take in that the condition is over."""
        self.resolved_at_us = at_us
        self.resolved_level = self.level
        self._end()

    def expired(self) -> None:
        """Take in that the alert is no longer followed; what still holds is raised anew."""
        self.resolved_level = QUIET
        self._end()

    def _end(self) -> None:
        self.alert_id = None
        self.told = None
        self._settle(QUIET)

    def cools(self, level: int, now_us: int) -> bool:
        """Return whether the cooldown holds back an alert of `level`."""
        over_us = self.resolved_at_us + self.scale.cooldown_us
        return level <= self.resolved_level and now_us < over_us

    def holds_back(self, utilisation_e8: int, now_us: int) -> bool:
        """Return whether an alert that a measure calls for is held back, now or earlier."""
        if self.alert_id is not None:
            return False
        level = self.scale.level(utilisation_e8)
        return now_us < self.held_until_us or self.cools(level, now_us)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule measured where its watch does not stay quiet."""

    watch: Watch
    measured_e8: int
    limit_e8: int
    utilisation_e8: int
    unit: str
    rule_version: int
    inputs: tuple[EventId, ...]
    """The events that determined the measured value, besides the trigger."""
    message: str
