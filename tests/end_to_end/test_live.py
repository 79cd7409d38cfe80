"""The live host: one process for each service, killed and restarted while a scenario runs."""

from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from ecosystem.events.alerts import RiskAlertAcknowledged, RiskHeartbeat
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.prices import PriceTicked
from eventlog.records import Record
from replay.rederive import rederive
from tests.end_to_end.runs import PRODUCTION, plan_of, records, short_crash
from tests.end_to_end.test_doors import free_port
from tse.running.environment import Environment
from tse.running.live_run import run_live
from tse.running.processes import Processes
from tse.running.services import MONITOR_TOKEN
from tse.running.world_run import WorldOptions

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
SCALE = 40.0
KILLING_SCALE = 20.0
"""Slower, since a service that starts again takes its time on the wall."""
EVERY_TOPIC = (*PRODUCTION, "scenario-injections", "strategy-signals")
KILLED = ("exchange-okx", "market-data", "custodian", "trading-engine", "risk-monitor")


def numbers(found: list[Record]) -> dict[tuple[object, ...], list[int]]:
    """Return every sequence that events number themselves by, in order of the log."""
    sequences: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for record in found:
        match record.event:
            case PriceTicked() as tick:
                sequences["tick", tick.instrument].append(tick.feed_sequence)
            case BalanceChanged() as change:
                place = ("balance", change.venue, change.account, change.asset)
                sequences[place].append(change.balance_sequence)
            case RiskHeartbeat() as beat:
                sequences["heartbeat",].append(beat.slice_sequence)
            case _:
                pass
    return sequences


def test_services_killed_while_a_scenario_runs_lose_and_double_nothing(
    environment: Environment, tmp_path: Path
) -> None:
    plan = plan_of(short_crash(tmp_path))
    services: list[Processes] = []
    to_kill = list(KILLED)

    def kill_one_after_the_other(share: float) -> None:
        if to_kill and share > 0.15 * (1 + len(KILLED) - len(to_kill)):
            name = to_kill.pop(0)
            services[0].kill(name)
            services[0].restart(name)

    _, findings = run_live(
        environment,
        plan,
        WorldOptions(),
        KILLING_SCALE,
        kill_one_after_the_other,
        on_ready=services.append,
    )
    assert to_kill == []
    report = findings.report
    assert [one.outcome for one in report.expectations] == ["PASS"], report.reason
    # A feed that is killed is silent, and tells late what it has missed; a monitor that says so is
    # right: no injection did it.
    by_the_kills = {"feed_stale", "feed_gap", "data_quality"}
    assert {one.rule for one in report.unlinked_alerts} <= by_the_kills, report.reason
    assert report.duplicate_events_count == 0
    found = records(environment.clients(plan.run_id), EVERY_TOPIC)
    ids = {record.event.event_id for record in found}
    assert len(ids) == len(found)
    # The report counts causes within the run; some lie before it, in the environment's past.
    assert all(record.event.causation_id in ids for record in found)
    sequences = numbers(found)
    assert {place[0] for place in sequences} == {"tick", "balance", "heartbeat"}
    for place, sequence in sequences.items():
        if place[0] == "tick":  # numbered by their moment: those of the feed's death are missing
            assert sequence == sorted(set(sequence)), place
        else:
            assert sequence == list(range(len(sequence))), place


def test_a_live_run_is_derived_again_from_the_log(environment: Environment, tmp_path: Path) -> None:
    plan = plan_of(short_crash(tmp_path))
    shares: list[float] = []
    _, findings = run_live(environment, plan, WorldOptions(), SCALE, shares.append)
    assert findings.report.verdict == "PASS", findings.report.reason
    outcome = rederive(environment.clients(plan.run_id), plan.run_id, lambda progress: None)
    assert outcome.identical, outcome.difference and outcome.difference.text
    assert outcome.compared["risk-alerts"] > 0
    assert 0.9 < shares[-1] <= 1.0


def test_a_live_run_is_watched_and_acted_upon_at_the_monitors_door(
    environment: Environment, tmp_path: Path
) -> None:
    plan, port = plan_of(short_crash(tmp_path)), free_port()
    token = environment.broker.secrets.get_or_create(MONITOR_TOKEN)
    seen: list[str] = []
    acknowledged: list[str] = []

    def look(share: float) -> None:
        if acknowledged or door.get("/ready").status_code != 200:
            return
        seen.append(door.get("/api/v1/status").json()["event_time"])
        for alert in door.get("/api/v1/alerts", params={"state": "ACTIVE"}).json()["items"][:1]:
            path = f"/api/v1/alerts/{alert['alert_id']}/acknowledgement"
            answer = door.post(path, json={"author": "r.officer", "note": "seen"})
            assert answer.status_code in (200, 409), answer.text  # 409: it was over by then
            if answer.status_code == 200:
                acknowledged.append(alert["alert_id"])

    authorized = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=authorized) as door:
        run_live(environment, plan, WorldOptions(monitor_port=port), SCALE, look)
    assert seen == sorted(seen)
    (fact,) = [
        record.event
        for record in records(environment.clients(plan.run_id), ["risk-alerts"])
        if isinstance(record.event, RiskAlertAcknowledged)
    ]
    assert [fact.alert_id.hex()] == acknowledged
    outcome = rederive(environment.clients(plan.run_id), plan.run_id, lambda progress: None)
    assert outcome.identical, outcome.difference and outcome.difference.text
