"""Every clause of the contract that a finished run can show, and the comparison of two runs."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ecosystem.audit.conformance import causes, heartbeats, lives, records
from ecosystem.audit.conformance.history import Check, CheckResult, Finding, MonitorHistory
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event

CHECKS: Final[tuple[Check, ...]] = (
    *records.CHECKS,
    *causes.CHECKS,
    *lives.CHECKS,
    *heartbeats.CHECKS,
)
RESTART: Final = "restart"
RESTART_ASKS: Final = (
    "a monitor that is killed and started again takes in its past from the log and goes on: no"
    " alert is lost, and none is told twice"
)
_COMPARED: Final = ("rule", "subject", "severity", "measured_e8", "mandate", "compliant", "breaker")
_Said = tuple[str, int, tuple[str, ...]]
"""Type, event time, and what tells events of one type and time apart."""


def examine(history: MonitorHistory) -> tuple[CheckResult, ...]:
    """Return how each clause of the contract came out in a run."""
    return tuple(
        CheckResult(name=check.name, asks=check.asks, findings=tuple(check.find(history)))
        for check in CHECKS
    )


def compare_restarted(undisturbed: MonitorHistory, restarted: MonitorHistory) -> CheckResult:
    """Return whether a monitor that was killed said what it says in the same run undisturbed.

    Ids are not compared: a monitor may draw them by chance.

    Args:
        undisturbed: the same scenario and seed without the kill.
    """
    whole, again = (_said(history) for history in (undisturbed, restarted))
    findings = (*_parted("is lost", whole - again), *_parted("is told too often", again - whole))
    return CheckResult(name=RESTART, asks=RESTART_ASKS, findings=findings)


def _said(history: MonitorHistory) -> Counter[_Said]:
    return Counter(
        (type(event).__name__, event.event_time_us, _content(event))
        for _, event in history.events()
        if not isinstance(event, RiskHeartbeat | RecordDeadLettered)
    )


def _content(event: Event) -> tuple[str, ...]:
    return tuple(str(getattr(event, field)) for field in _COMPARED if hasattr(event, field))


def _parted(what: str, said: Counter[_Said]) -> Iterator[Finding]:
    for (kind, time_us, content), count in sorted(said.items()):
        times = f", {count} times" if count > 1 else ""
        yield Finding(found=f"{kind} {' '.join(content)} at {time_us} us {what}{times}")
