"""Every rule of the monitor fires on the real log where it must, and stays quiet where it must."""

from pathlib import Path
from typing import Any

import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId
from ecosystem.firm import VENUE
from ecosystem.ids import derive_id
from ecosystem.risk.rules.registry import RULES
from ecosystem.units import E8, SECOND_US
from producers.world.host import Progress
from tests.consumers.risk_monitor import test_process
from tests.end_to_end.runs import records
from tests.end_to_end.stories import FILE, Story, load_stories, write_scenario
from tse.running.environment import Environment
from tse.running.plans import world_plan
from tse.running.world_run import WorldOptions, run_world

infra = [pytest.mark.infra, pytest.mark.timeout(300)]
STORIES = load_stories()


def forged_fill(at_us: int) -> OrderFilled:
    """Return an execution of half a bitcoin that nobody wished, booked or paid."""
    forged_id = derive_id(EventId(bytes(16)), "forged")
    return OrderFilled(
        event_id=forged_id,
        correlation_id=forged_id,
        causation_id=forged_id,
        event_time_us=at_us,
        trade_id=derive_id(forged_id, "trade"),
        order_id=derive_id(forged_id, "order"),
        venue=VENUE,
        account="firm-momentum",
        instrument="BTC-USD",
        side="BUY",
        liquidity="TAKER",
        price_e8=60_000 * E8,
        quantity_e8=E8 // 2,
        notional_e8=30_000 * E8,
        fee_e8=0,
        fee_asset="USD",
        remaining_quantity_e8=0,
    )


def alerts_of(
    environment: Environment,
    folder: Path,
    name: str,
    seed: int,
    scenario: dict[str, Any],
    forged_fill_at_s: int = 0,
) -> list[Event]:
    """Return what the monitor said on the real log, its heartbeats among it."""
    limits = folder / "limits.toml"
    limits.write_text(STORIES.limits_text())
    plan = world_plan(write_scenario(folder, name, scenario), seed, limits=limits)
    options = WorldOptions(audit=False)
    forges_at_us = plan.starts_at_us + forged_fill_at_s * SECOND_US

    def forge(progress: Progress) -> None:
        if forged_fill_at_s and progress.event_time_us == forges_at_us:
            appender = environment.clients(plan.run_id).appender(VENUE)
            appender.append(forged_fill(forges_at_us))
            appender.flush()

    completed, _ = run_world(environment, plan, options, forge)
    assert (completed.status, completed.monitor_status) == ("COMPLETED", "ANSWERED")
    return [record.event for record in records(environment.clients(plan.run_id), ["risk-alerts"])]


ELSEWHERE = {
    "inputs_silent": test_process.test_all_inputs_silent_is_an_alert_that_ends_when_they_speak
}
"""Rules that no world can fire, and what fires them on the real log."""


def test_every_rule_of_the_registry_has_a_story_in_which_it_fires() -> None:
    claimed = {rule for story in STORIES.stories for rule in story.fires} | set(ELSEWHERE)
    assert claimed == set(RULES), f"{FILE.name} must name every rule under `fires`, and no other"


@pytest.mark.parametrize(
    "story", [pytest.param(one, id=one.name, marks=infra) for one in STORIES.stories]
)
def test_the_rules_of_a_story_fire(environment: Environment, tmp_path: Path, story: Story) -> None:
    said = alerts_of(
        environment, tmp_path, story.name, story.seed, story.scenario, story.forged_fill_at_s
    )
    silent = [
        rule
        for rule, alert in story.fires.items()
        if not any(alert.holds(rule, event) for event in said)
    ]
    told = sorted(
        {
            (event.rule, event.subject, event.severity)
            for event in said
            if isinstance(event, RiskAlertRaised | RiskAlertEscalated)
        }
    )
    assert silent == [], f"told were {told}"


@pytest.mark.infra
@pytest.mark.timeout(300)
def test_no_rule_fires_in_a_quiet_market_under_the_same_limits(
    environment: Environment, tmp_path: Path
) -> None:
    quiet = STORIES.quiet
    said = alerts_of(environment, tmp_path, "quiet", quiet.seed, {"duration": quiet.duration})
    assert {type(event).__name__ for event in said} == {"RiskHeartbeat"}
    assert len(said) > 100
