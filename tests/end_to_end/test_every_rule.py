"""Every rule of the monitor fires on the real log where it must, and stays quiet where it must."""

from pathlib import Path
from typing import Any

import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.envelope import Event
from ecosystem.risk.rules.registry import RULES
from tests.end_to_end.runs import records, unwatched
from tests.end_to_end.stories import FILE, Story, load_stories, write_scenario
from tse.running.environment import Environment
from tse.running.plans import world_plan
from tse.running.world_run import WorldOptions, run_world

infra = [pytest.mark.infra, pytest.mark.timeout(300)]
STORIES = load_stories()


def alerts_of(
    environment: Environment, folder: Path, name: str, seed: int, scenario: dict[str, Any]
) -> list[Event]:
    """Return what the monitor said on the real log, its heartbeats among it."""
    limits = folder / "limits.toml"
    limits.write_text(STORIES.limits_text())
    plan = world_plan(write_scenario(folder, name, scenario), seed, limits=limits)
    options = WorldOptions(audit=False)
    completed, _ = run_world(environment, plan, options, unwatched)
    assert (completed.status, completed.monitor_status) == ("COMPLETED", "ANSWERED")
    return [record.event for record in records(environment.clients(plan.run_id), ["risk-alerts"])]


def test_every_rule_of_the_registry_has_a_story_in_which_it_fires() -> None:
    claimed = {rule for story in STORIES.stories for rule in story.fires}
    assert claimed == set(RULES), f"{FILE.name} must name every rule under `fires`, and no other"


@pytest.mark.parametrize(
    "story", [pytest.param(one, id=one.name, marks=infra) for one in STORIES.stories]
)
def test_the_rules_of_a_story_fire(environment: Environment, tmp_path: Path, story: Story) -> None:
    said = alerts_of(environment, tmp_path, story.name, story.seed, story.scenario)
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
