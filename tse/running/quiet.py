"""Quiet control runs: hours in which nothing is injected, so that every alert is a false one."""

from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.words import EventId, Severity
from ecosystem.ids import run_key
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import HOUR_US
from eventlog.catalogue.load import load_catalogue
from tse.running.environment import ROOT
from tse.running.in_process import InProcessRun
from tse.running.plans import world_plan

SCENARIO: Final = "quiet"
RUN_WORD: Final = "quiet control"
"""Stands where a broker's secret does; ids alone depend on it."""
HIGH: Final = SEVERITIES.index("HIGH")
Told = RiskAlertRaised | RiskAlertEscalated


class QuietAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of a quiet run, as severe as it became."""

    rule: str
    subject: str
    severity: Severity
    at_us: int
    """Event time since the start of the run at which it became so."""
    message: str

    @property
    def is_high(self) -> bool:
        """Whether it is of severity high or above."""
        return SEVERITIES.index(self.severity) >= HIGH


class QuietRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one seed gave."""

    seed: int
    hours: float
    events_count: int
    alerts: tuple[QuietAlert, ...]
    utilisations_e8: dict[str, int]
    """The most of its limit that each rule saw used, as it stood at the end of a slice."""


class QuietTask(msgspec.Struct, frozen=True, kw_only=True):
    """One seed to be run."""

    seed: int
    hours: float
    limits_text: str


def run_quiet(task: QuietTask, on_progress: Callable[[float], None]) -> QuietRun:
    """Run quiet hours in process and return what was told in them.

    Args:
        on_progress: called now and then with the hours of event time that are done.
    """
    plan = world_plan(SCENARIO, task.seed)
    scenario = msgspec.structs.replace(plan.scenario, duration_us=round(task.hours * HOUR_US))
    plan = msgspec.structs.replace(plan, scenario=scenario)
    run = InProcessRun(
        plan,
        run_key(task.seed, RUN_WORD),
        parse_limits(task.limits_text, "limits"),
        load_catalogue(ROOT / "topics.yaml"),
    )
    worst: dict[EventId, Told] = {}
    used_e8 = dict.fromkeys(run.engine.rules, 0)
    events_count = 0
    for judged in run.slices():
        events_count += len(judged.written)
        for alert in judged.answer.alerts:
            if isinstance(alert, Told):
                _keep(worst, alert)
                used_e8[alert.rule] = max(used_e8[alert.rule], alert.utilisation_e8)
        for watch in run.engine.book.watches():
            if watch.utilisation_e8 > used_e8[watch.rule]:
                used_e8[watch.rule] = watch.utilisation_e8
        if judged.sequence % 90 == 0:
            on_progress((judged.ends_at_us - plan.starts_at_us) / HOUR_US)
    return QuietRun(
        seed=task.seed,
        hours=task.hours,
        events_count=events_count,
        alerts=tuple(
            QuietAlert(
                rule=alert.rule,
                subject=alert.subject,
                severity=alert.severity,
                at_us=alert.event_time_us - plan.starts_at_us,
                message=alert.message,
            )
            for alert in worst.values()
        ),
        utilisations_e8=used_e8,
    )


def _keep(worst: dict[EventId, Told], alert: Told) -> None:
    known = worst.get(alert.alert_id)
    if known is None or SEVERITIES.index(alert.severity) > SEVERITIES.index(known.severity):
        worst[alert.alert_id] = alert
