"""A run without a log is the run on the broker: the same records, the same alerts, every byte."""

from collections import defaultdict
from pathlib import Path

import pytest

from ecosystem.events.alerts import CircuitBreakerOpened, RiskAlertRaised
from ecosystem.ids import run_key
from ecosystem.risk.limits import parse_limits
from ecosystem.run import RunPlan
from eventlog.clients import Clients
from eventlog.records import Partition
from tests.end_to_end.runs import PRODUCTION, content, plan_of, run, short_crash
from tse.running.environment import Environment
from tse.running.in_process import InProcessRun
from tse.running.plans import LIMITS, world_plan

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
NERVOUS = Path(__file__).with_name("nervous-limits.toml")
SHORT_QUIET = """
title: Short quiet
description: Nothing is injected.
duration: 6m
method: []
"""
Content = dict[Partition, list[bytes]]


def on_the_log(clients: Clients) -> Content:
    """Return the values of every partition of the production topics, in order."""
    found: Content = defaultdict(list)
    for topic, partition, _, value in content(clients):
        found[topic, partition].append(value)
    return found


def in_process(environment: Environment, plan: RunPlan, limits: Path) -> tuple[Content, set[str]]:
    """Return the same of a run without a log, and the types of the alerts."""
    key = run_key(plan.seed, environment.secret)
    clients = environment.clients("")
    found: Content = defaultdict(list)
    kinds: set[str] = set()
    parsed = parse_limits(limits.read_text(), limits.name)
    for judged in InProcessRun(plan, key, parsed, environment.catalogue).slices():
        events = [*judged.written, judged.records[-1].event]
        for event in (*events, *judged.answer.events):
            topic, _, partition = clients.routes.place(event)
            if topic in PRODUCTION:
                found[topic, partition].append(clients.codec.encode(event))
        kinds |= {type(event).__name__ for event in judged.answer.alerts}
    return found, kinds


def test_quiet_minutes_under_nervous_limits_are_judged_alike(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = tmp_path / "short-quiet.yaml"
    scenario.write_text(SHORT_QUIET)
    plan = world_plan(str(scenario), 5, limits=NERVOUS)
    run(environment, plan)
    derived, kinds = in_process(environment, plan, NERVOUS)
    assert RiskAlertRaised.__name__ in kinds
    assert derived == on_the_log(environment.clients(plan.run_id))


def test_a_crash_whose_alerts_stop_the_trading_engine_is_judged_alike(
    environment: Environment, tmp_path: Path
) -> None:
    plan = plan_of(short_crash(tmp_path), seed=5)
    run(environment, plan)
    derived, kinds = in_process(environment, plan, LIMITS)
    assert CircuitBreakerOpened.__name__ in kinds
    assert derived == on_the_log(environment.clients(plan.run_id))
