"""What a report is made of, and how its values read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import InjectionApplied, RunStarted
from ecosystem.events.control.words import Hop
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.units import HOUR_US, MINUTE_US, SECOND_US, format_e8

SERVICES: Final[Mapping[str, str]] = {
    "RunStarted": "test-coordinator",
    "InjectionScheduled": "test-coordinator",
    "InjectionCancelRequested": "test-coordinator",
    "InjectionApplied": "scenario control",
    "InjectionEnded": "scenario control",
    "RunCompleted": "test-coordinator",
    "PriceTicked": "market-data",
    "FeedHeartbeat": "market-data",
    "BarClosed": "market-data",
    "OrderSubmitted": "trading-engine",
    "OrderCancelRequested": "trading-engine",
    "OrderReplaceRequested": "trading-engine",
    "StrategySignalled": "trading-engine",
    "StrategyStartRequested": "trading-engine",
    "StrategyStopRequested": "trading-engine",
    "StrategyReplaceRequested": "trading-engine",
    "StrategyStateChanged": "trading-engine",
    "StrategyRequestRefused": "trading-engine",
    "OrderWithheld": "trading-engine",
    "OrderAccepted": "exchange",
    "OrderRejected": "exchange",
    "OrderCancelled": "exchange",
    "OrderReplaced": "exchange",
    "OrderExpired": "exchange",
    "OrderFilled": "exchange",
    "OrderTriggered": "exchange",
    "BookQuoted": "exchange",
    "FundingRateSet": "exchange",
    "AccountOpenRequested": "exchange",
    "AccountStateChangeRequested": "exchange",
    "AccountTransferRequested": "exchange",
    "AccountRequestRejected": "exchange",
    "AccountOpened": "exchange",
    "AccountStateChanged": "exchange",
    "PositionChanged": "exchange",
    "PositionLiquidated": "exchange",
    "BalanceChanged": "exchange",
    "SettlementInstructed": "custodian",
    "SettlementCompleted": "custodian",
    "SettlementFailed": "custodian",
    "SettlementDelayed": "custodian",
    "SettlementApproved": "custodian",
    "SettlementStarted": "custodian",
    "SettlementCancelled": "custodian",
    "ReconciliationCompleted": "custodian",
    "TransferRequested": "custodian",
    "TransferRejected": "custodian",
    "TransferCancelRequested": "custodian",
    "CustodyAllocated": "custodian",
    "ClockAdvanced": "clock",
    "VenueStatusChanged": "exchange",
    "RiskAlertRaised": "risk-monitor",
    "RiskAlertEscalated": "risk-monitor",
    "RiskAlertAcknowledged": "risk-monitor",
    "RiskAlertResolved": "risk-monitor",
    "RiskAlertExpired": "risk-monitor",
    "RiskAlertsGrouped": "risk-monitor",
    "LimitsChanged": "risk-monitor",
    "InputsSilenceObserved": "risk-monitor",
    "ComplianceStatusChanged": "risk-monitor",
    "CircuitBreakerOpened": "risk-monitor",
    "CircuitBreakerClosed": "risk-monitor",
    "RiskHeartbeat": "risk-monitor",
}
"""Who says what, for the lanes of the picture."""
LANES: Final = (
    "test-coordinator",
    "scenario control",
    "market-data",
    "trading-engine",
    "exchange",
    "custodian",
    "clock",
    "risk-monitor",
)
MINUS: Final = "\u2212"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ReportContent(msgspec.Struct, frozen=True, kw_only=True):
    """One run as its report shows it."""

    report: AuditReported
    timelines: tuple[TimelineCompleted, ...]
    started: RunStarted | None = None
    applied: tuple[InjectionApplied, ...] = ()
    """What was altered, for the picture of the effect; in any order."""
    records: Mapping[EventId, Event] = {}
    """Decoded events of the chains, by id; those that are missing are shown by envelope alone."""

    @property
    def command(self) -> str:
        """The command that runs the same scenario with the same seed again."""
        command = f"tse run scenarios/{self.report.scenario}.yaml --seed {self.report.seed}"
        twin = " --twin" if self.started is not None and self.started.twin else ""
        return command + twin + (" --no-monitor" if self.report.monitor_status == "ABSENT" else "")


def service_of(hop: Hop) -> str:
    """Return who wrote the event of a hop, its topic where that is unknown."""
    return SERVICES.get(hop.event_type, hop.topic)


def time_text(time_us: int | None) -> str:
    """Return event time for people, UTC, to the millisecond where it has any."""
    if time_us is None:
        return "never"
    moment = _EPOCH + timedelta(microseconds=time_us)
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{moment.microsecond // 1000:03d}" if moment.microsecond else text


def duration_text(duration_us: int | None) -> str:
    """Return a duration for people, in at most two units."""
    if duration_us is None:
        return "none"
    sign, left = (MINUS if duration_us < 0 else ""), abs(duration_us)
    if not left:
        return "0 s"
    if left < SECOND_US:
        text = f"{left // 1000} ms" if left % 1000 == 0 else f"{left / 1000:.3f} ms"
    elif left < MINUTE_US:
        text = f"{left / SECOND_US:.3f}".rstrip("0").rstrip(".") + " s"
    elif left < HOUR_US:
        text = f"{left // MINUTE_US} min {left % MINUTE_US // SECOND_US:02d} s"
    else:
        text = f"{left // HOUR_US} h {left % HOUR_US // MINUTE_US:02d} min"
    return sign + text


def wall_text(duration_ms: int | None) -> str:
    """Return a wall time for people."""
    return duration_text(None if duration_ms is None else duration_ms * 1_000)


def words(name: str) -> str:
    """Return `RiskAlertRaised` as `Risk alert raised`."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.strip().capitalize()


def amount_text(value_e8: int) -> str:
    """Return a scaled number with thousands apart and no idle zeros."""
    whole, _, fraction = format_e8(abs(value_e8)).partition(".")
    text = f"{int(whole):,}".replace(",", "\u2009")
    fraction = fraction.rstrip("0")
    return (MINUS if value_e8 < 0 else "") + text + (f".{fraction}" if fraction else "")


def percent_text(part_e8: int, whole_e8: int) -> str:
    """Return the change from `whole_e8` to `part_e8` as a percentage."""
    if not whole_e8:
        return "from nothing"
    change_e8 = part_e8 - whole_e8
    hundredths = abs(change_e8) * 10_000 // abs(whole_e8)
    return f"{MINUS if change_e8 < 0 else '+'}{hundredths // 100}.{hundredths % 100:02d} %"


def fields_of(event: Event) -> list[tuple[str, str]]:
    """Return the fields of an event as people read them; times and amounts made legible."""
    return [(name, _field_text(name, getattr(event, name))) for name in event.__struct_fields__]


def _field_text(name: str, value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and name.endswith("_e8"):
        return amount_text(value)
    if isinstance(value, int) and name.endswith(("_time_us", "_at_us")):
        return time_text(value)
    if isinstance(value, tuple):
        return ", ".join(_field_text("", item) for item in value) or "none"
    return "none" if value is None else str(value)


def brief(event: Event | None) -> str:
    """Return the gist of an event in a few words; empty when there is none."""
    found: dict[str, Any] = {} if event is None else msgspec.structs.asdict(event)
    if "last_price_e8" in found:
        return f"{found['instrument']} {amount_text(found['last_price_e8'])}"
    if "altered_e8" in found:
        return percent_text(found["altered_e8"], found["unaltered_e8"])
    if "severity" in found:
        return f"{found['rule']} {found['severity']}"
    if "side" in found:
        price = f" @ {amount_text(found['price_e8'])}" if "price_e8" in found else ""
        return f"{found['side']} {amount_text(found['quantity_e8'])}{price}"
    if "change_e8" in found:
        return f"{found['asset']} {amount_text(found['change_e8'])}"
    return str(found.get("name", ""))


def render_json(content: ReportContent) -> str:
    """Return the report as JSON: ids in hex, times in microseconds or milliseconds."""
    parts = {
        "report": content.report,
        "timelines": content.timelines,
        "started": content.started,
        "command": content.command,
    }
    plain = msgspec.to_builtins(parts, builtin_types=(bytes,))
    return json.dumps(plain, indent=2, default=bytes.hex, ensure_ascii=False) + "\n"
