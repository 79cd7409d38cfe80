"""The same seed gives the same bytes, whoever is slow; the twin parts only where it must."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Event as Flag
from threading import Thread

import psutil
import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.control.scenario import InjectionApplied
from producers.world.host import Progress
from tests.end_to_end.runs import content, plan_of, raw_records, records, run, short_crash
from tse.running.environment import Environment

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]


@contextmanager
def stumbling(command: str, seed: int) -> Iterator[None]:
    """Stop and continue our child processes of this command at random while the block runs."""
    over, chance = Flag(), Random(seed)
    stumbles: list[int] = []

    def stumble() -> None:
        while not over.wait(chance.uniform(0.05, 0.4)):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # it ended while we looked
                    if command in " ".join(child.cmdline()):
                        child.suspend()
                        over.wait(chance.uniform(0.05, 0.5))
                        child.resume()
                        stumbles.append(child.pid)

    thread = Thread(target=stumble)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert stumbles, f"no child of ours runs {command}"


class Hesitation:
    """A world that pauses between slices, at random."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)

    def __call__(self, progress: Progress) -> None:
        if self.chance.random() < 0.1:
            time.sleep(self.chance.uniform(0, 0.2))  # bound: what is tested is being slow


def test_the_same_seed_gives_the_same_bytes_also_when_one_is_slow(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = short_crash(tmp_path)
    first, slow_monitor, slow_world = (plan_of(scenario, seed=7) for _ in range(3))
    run(environment, first)
    with stumbling("risk-monitor", seed=1):
        run(environment, slow_monitor)
    run(environment, slow_world, on_progress=Hesitation(2))
    expected = content(environment.clients(first.run_id))
    assert len(expected) > 5_000
    assert any(topic == "risk-alerts" for topic, *_ in expected)
    assert content(environment.clients(slow_monitor.run_id)) == expected
    assert content(environment.clients(slow_world.run_id)) == expected


def test_another_seed_gives_other_bytes_and_the_same_verdict(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = short_crash(tmp_path)
    plans = [plan_of(scenario, seed) for seed in (11, 12)]
    verdicts = [run(environment, plan)[1].report.verdict for plan in plans]
    assert verdicts == ["PASS", "PASS"]
    first, second = (content(environment.clients(plan.run_id)) for plan in plans)
    assert not {value for *_, value in first} & {value for *_, value in second}


def test_a_twin_agrees_up_to_the_first_altered_event_and_is_quiet(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = short_crash(tmp_path)
    plan, twin = plan_of(scenario, seed=3), plan_of(scenario, seed=3, twin=True)
    run(environment, plan)
    run(environment, twin)
    altered_from_us = min(
        record.event.event_time_us
        for record in records(environment.clients(plan.run_id), ["scenario-injections"])
        if isinstance(record.event, InjectionApplied)
    )
    alike = [before(environment, p.run_id, altered_from_us) for p in (plan, twin)]
    assert alike[0] == alike[1]
    assert len(alike[0]) > 1_000
    assert content(environment.clients(plan.run_id)) != content(environment.clients(twin.run_id))
    alerts = [
        record.event
        for record in records(environment.clients(twin.run_id), ["risk-alerts"])
        if isinstance(record.event, RiskAlertRaised | RiskAlertEscalated)
    ]
    assert [alert for alert in alerts if alert.severity in ("HIGH", "CRITICAL")] == []


def before(environment: Environment, run_id: str, time_us: int) -> list[tuple[str, int, bytes]]:
    """Return the production records of a run whose event time lies before `time_us`."""
    clients = environment.clients(run_id)
    decode = clients.codec.decode
    return [
        (raw.topic, raw.partition, raw.value)
        for raw in raw_records(clients)
        if decode(raw.value).event_time_us < time_us
    ]
