"""What three scenarios say of a monitor: two answers, and the exit code that gives both.

It conforms when it kept every clause of the contract. It detects when it saw what it claims to
watch, in time, and cried no wolf.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from ecosystem.audit.conformance.history import CheckResult
from ecosystem.audit.verdict import severe_enough
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.words import Verdict
from ecosystem.events.words import Severity
from tse.running.verdicts import EXIT_CODES

EXIT_BREACH: Final = 8
"""The contract was broken; the verdicts' own codes lie below."""
_WORST_FIRST: Final[Sequence[Verdict]] = (
    "ERROR",
    "ABORTED",
    "INVALID",
    "MISSED",
    "LATE",
    "FALSE_ALARM",
)


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the monitor saw one thing it should have seen."""

    rule: str
    subject: str
    severity: Severity
    outcome: Verdict
    claimed: bool
    """Whether the monitor says that it watches this."""
    event_latency_us: int | None
    """Event time from the condition to the alert."""


class ScenarioResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a monitor did in one scenario."""

    scenario: str
    run_id: str
    checks: tuple[CheckResult, ...]
    verdict: Verdict
    """The auditor's, on the scenario as it stands."""
    reason: str
    detections: tuple[Detection, ...] = ()
    false_alarms: tuple[str, ...] = ()
    alerts_count: int = 0
    topics_read: tuple[str, ...] = ()
    """Those of which the monitor's heartbeats say that it read records."""
    slices_count: int = 0
    heartbeat_latency_ms_median: int | None = None
    """Wall time from a clock to the heartbeat that answers it."""
    heartbeat_latency_ms_max: int | None = None

    @property
    def breaches_count(self) -> int:
        """How often the contract was broken."""
        return sum(len(check.findings) for check in self.checks)

    @property
    def claims_verdict(self) -> Verdict:
        """The verdict on what the monitor claims alone."""
        if self.verdict in ("ERROR", "ABORTED", "INVALID"):
            return self.verdict
        outcomes = {found.outcome for found in self.detections if found.claimed}
        if self.false_alarms:
            outcomes.add("FALSE_ALARM")
        return next((verdict for verdict in _WORST_FIRST if verdict in outcomes), "PASS")


class Conformance(msgspec.Struct, frozen=True, kw_only=True):
    """Both answers, over all scenarios."""

    command: tuple[str, ...]
    """Of the monitor; empty for the one that is shipped."""
    watches: tuple[str, ...]
    """The rules the monitor claims."""
    scenarios: tuple[ScenarioResult, ...]

    @property
    def conforms(self) -> bool:
        """Whether every clause of the contract was kept."""
        return not any(result.breaches_count for result in self.scenarios)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on what the monitor claims."""
        found = {result.claims_verdict for result in self.scenarios}
        return next((verdict for verdict in _WORST_FIRST if verdict in found), "PASS")

    def exit_code(self, *, contract_only: bool = False) -> int:
        """Return 0, `EXIT_BREACH`, or the code of the verdict on what the monitor claims."""
        if not self.conforms:
            return EXIT_BREACH
        return 0 if contract_only else EXIT_CODES[self.verdict]


def detections_of(report: AuditReported, watches: Collection[str]) -> tuple[Detection, ...]:
    """Return what came of each expectation of a run.

    Args:
        watches: the rules that the monitor claims.
    """
    return tuple(
        Detection(
            rule=result.rule,
            subject=result.subject,
            severity=result.severity,
            outcome=result.outcome,
            claimed=result.rule in watches,
            event_latency_us=result.event_latency_us,
        )
        for result in report.expectations
    )


def false_alarms_of(report: AuditReported, least: Severity) -> tuple[str, ...]:
    """Return the alerts of at least a severity that no injection explains."""
    return tuple(
        f"{alert.severity} {alert.rule} on {alert.subject} at {alert.alert_time_us} us:"
        f" {alert.reason}"
        for alert in report.unlinked_alerts
        if alert.severity == "UNKNOWN" or severe_enough(alert.severity, least)
    )
