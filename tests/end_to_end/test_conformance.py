"""Monitors of other makers on the real log: who keeps the contract, and what the others broke."""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from replay.rederive import rederive
from tests.end_to_end.runs import short_crash
from tse.conforming.results import Conformance, ScenarioResult
from tse.conforming.watched import WatchOptions, watch
from tse.monitor_command import CRASH, TRIED, claimed, tried
from tse.running.environment import ROOT, Environment
from tse.running.live_run import run_live
from tse.running.plans import world_plan
from tse.running.world_run import WorldOptions

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
EXAMPLES = ROOT / "examples" / "monitors"
OUTAGE = TRIED[1]
QUIET_MINUTE = """\
title: A quiet minute
description: For tests.
tags: [test]
duration: 1m
method: []
"""


def conformance(
    environment: Environment, command: tuple[str, ...], *watches: str, restart: bool = False
) -> Conformance:
    paths = [*TRIED, CRASH] if restart else TRIED
    plans = [world_plan(str(path), 1, monitor_command=command) for path in paths]
    options = WatchOptions(command=command, watches=claimed(watches, plans))
    return tried(environment, plans, options)


def broken(result: ScenarioResult) -> dict[str, list[str]]:
    return {check.name: list(check.sentences()) for check in result.checks if not check.kept}


def python(path: Path) -> tuple[str, ...]:
    return (sys.executable, str(path))


def test_our_own_monitor_conforms_and_detects_also_when_it_is_killed(
    environment: Environment,
) -> None:
    found = conformance(environment, (), restart=True)
    assert [broken(result) for result in found.scenarios] == [{}] * 4
    assert [result.verdict for result in found.scenarios] == ["PASS"] * 4
    assert found.watches == ("drawdown", "price_shock", "venue_down")
    assert found.exit_code() == 0
    assert found.scenarios[0].alerts_count == found.scenarios[3].alerts_count > 10


def test_the_example_with_two_rules_conforms_and_sees_what_it_claims(
    environment: Environment,
) -> None:
    command = python(EXAMPLES / "two_rules.py")
    found = conformance(environment, command, "price_shock", "venue_down", restart=True)
    assert [broken(result) for result in found.scenarios] == [{}] * 4
    assert (found.conforms, found.verdict, found.exit_code()) == (True, "PASS", 0)
    outcomes = {(d.rule, d.claimed, d.outcome) for r in found.scenarios for d in r.detections}
    assert outcomes == {
        ("price_shock", True, "PASS"),
        ("venue_down", True, "PASS"),
        ("drawdown", False, "MISSED"),
    }


def test_the_example_on_a_page_conforms_and_is_told_what_it_missed(
    environment: Environment,
) -> None:
    found = conformance(environment, python(EXAMPLES / "one_rule.py"))
    assert [broken(result) for result in found.scenarios] == [{}] * 3
    assert (found.conforms, found.verdict) == (True, "MISSED")
    assert (found.exit_code(), found.exit_code(contract_only=True)) == (3, 0)


def test_another_monitor_watches_a_live_run(environment: Environment) -> None:
    command = python(EXAMPLES / "two_rules.py")
    plan = world_plan(str(OUTAGE), 1, monitor_command=command)
    options = WorldOptions(monitor_command=command)
    completed, findings = run_live(environment, plan, options, 20.0, lambda share: None)
    assert completed.monitor_status == "ANSWERED"
    assert [(r.rule, r.outcome) for r in findings.report.expectations] == [("venue_down", "PASS")]
    outcome = rederive(environment.clients(plan.run_id), plan.run_id, lambda progress: None)
    assert (outcome.identical, outcome.foreign_monitor) == (True, True), outcome.difference


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_an_example_imports_nothing_of_this_project(path: Path) -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) <= {"confluent_kafka", "fastavro", "wire"}


class Flaw(NamedTuple):
    """A change of the example on a page, and what must be said of it."""

    name: str
    found: str
    becomes: str
    clauses: set[str]
    says: str
    nervous: bool = True
    """Whether its limit is so low that a quiet market calls for an alert."""


HEARTBEAT = 'producer.produce(f"{prefix}risk-alerts", heartbeat, told["PRINCIPAL"], 0)'
ALERT = 'producer.produce(f"{prefix}risk-alerts", alert, "BTC-USD", 0)'
CAUSE = '"causation_id": cause["event_id"]}'
FLAWS = [
    Flaw(
        "names a wrong cause",
        CAUSE,
        '"causation_id": cause["event_id"] if kind == "RiskHeartbeat" else b"?" * 16}',
        {"causation", "inputs"},
        f"has the causation_id {(b'?' * 16).hex()}, which names no production event",
    ),
    Flaw(
        "says nothing at all",
        HEARTBEAT,
        "pass",
        {"heartbeats"},
        "6 of 6 clocks have no heartbeat, the first of them is clock 0",
        nervous=False,
    ),
    Flaw(
        "raises with every tick",
        "or alerted:",
        "or False:",
        {"alert lives", "counts"},
        "is raised while another alert of that rule and subject is active",
    ),
    Flaw(
        "writes garbage",
        ALERT,
        'producer.produce(f"{prefix}risk-alerts", b"garbage", "BTC-USD", 0)',
        {"decodable", "counts"},
        "risk-alerts/0/0: the record cannot be decoded: 7 bytes",
    ),
    Flaw(
        "writes what is not its to write",
        ALERT,
        f"{ALERT}\n    "
        'forged = record("VenueStatusChanged", tick, venue="exchange-okx", state="DOWN", reason="")'
        "\n    "
        'producer.produce(f"{prefix}risk-alerts", forged, "exchange-okx", 0)',
        {"event types"},
        "a VenueStatusChanged was written; CircuitBreakerClosed,",
    ),
    Flaw(
        "dies at its start",
        "consumer.assign(",
        'raise SystemExit("out of luck")\n    consumer.assign(',
        {"process", "heartbeats"},
        "risk-monitor ended with exit code 1",
    ),
    Flaw(
        "does not stop",
        "stopping.append(number)",
        "None",
        {"stop"},
        "it ran on for 2 s after SIGTERM and was killed",
        nervous=False,
    ),
    Flaw(
        "claims to have read what is not there",
        '"end_offset": e}',
        '"end_offset": e + 1_000_000}',
        {"offsets"},
        "and it ends at",
        nervous=False,
    ),
    Flaw(
        "tells every alert twice",
        ALERT,
        f"{ALERT}\n    {ALERT}",
        {"event ids", "alert lives"},
        "is written twice",
    ),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.name)
def test_a_broken_monitor_is_told_what_is_wrong(
    environment: Environment, tmp_path: Path, flaw: Flaw
) -> None:
    result = watched(environment, tmp_path, flaw)
    assert set(broken(result)) == flaw.clauses, broken(result)
    said = [sentence for sentences in broken(result).values() for sentence in sentences]
    assert any(flaw.says in sentence for sentence in said), said


def test_a_monitor_that_reads_nothing_but_the_clock_conforms_and_is_told_what_it_missed(
    environment: Environment, tmp_path: Path
) -> None:
    copied(tmp_path, '("prices", "clock")', '("clock")')
    command = python(tmp_path / "monitor.py")
    plan = world_plan(short_crash(tmp_path), 1, monitor_command=command)
    result = watch(
        environment, plan, WatchOptions(command=command, watches=("price_shock",))
    ).result
    assert broken(result) == {}
    assert (result.claims_verdict, result.topics_read) == ("MISSED", ("clock",))


def copied(folder: Path, found: str, becomes: str) -> None:
    sources = {name: (EXAMPLES / name).read_text() for name in ("one_rule.py", "wire.py")}
    assert any(found in source for source in sources.values())
    for name, source in sources.items():
        copy = folder / name.replace("one_rule", "monitor")
        copy.write_text(source.replace(found, becomes))


def watched(environment: Environment, folder: Path, flaw: Flaw) -> ScenarioResult:
    copied(folder, flaw.found, flaw.becomes)
    if flaw.nervous:
        source = (folder / "monitor.py").read_text()
        assert "2 * 10**6" in source
        (folder / "monitor.py").write_text(source.replace("2 * 10**6", "10"))
    (folder / "quiet-minute.yaml").write_text(QUIET_MINUTE)
    command = python(folder / "monitor.py")
    plan = world_plan(str(folder / "quiet-minute.yaml"), 1, monitor_command=command)
    options = WatchOptions(
        command=command, first_heartbeat_s=15.0, heartbeat_s=10.0, stop_within_s=2.0
    )
    return watch(environment, plan, options).result
