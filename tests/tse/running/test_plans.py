"""Plans of runs: from files and names, with everything a replay will need."""

import json
from pathlib import Path

import pytest

from consumers.risk_monitor.settings import LIMITS_FILE
from ecosystem.errors import EcosystemError
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.rules.registry import RULES
from tests.ecosystem.risk.facts import with_version
from tse.running.plans import LIMITS, new_run_id, scenario_path, world_plan


def test_a_bundled_scenario_is_found_by_name_and_any_by_path(tmp_path: Path) -> None:
    assert scenario_path("market-crash").name == "market-crash.yaml"
    own = tmp_path / "own.yaml"
    own.write_text("")
    assert scenario_path(str(own)) == own


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(EcosystemError, match=r"'market-crush'.*market-crash.*quiet"):
        world_plan("market-crush", 1)


def test_a_plan_carries_the_whole_scenario_and_the_limits() -> None:
    plan = world_plan("market-crash", 7)
    assert plan.scenario.name == "market-crash"
    assert plan.scenario_text == scenario_path("market-crash").read_text()
    assert json.loads(plan.settings_json) == {"limits_toml": LIMITS.read_text()}
    assert (plan.seed, plan.ends_at_us - plan.starts_at_us) == (7, plan.scenario.duration_us)
    assert plan.software_version


def test_the_laboratorys_limits_are_the_shipped_ones_but_for_what_its_firm_cannot_keep() -> None:
    shipped = parse_limits(LIMITS_FILE.read_text(), "shipped")
    lab = parse_limits(LIMITS.read_text(), "laboratory")
    differing = {name for name in RULES if lab.rules[name] != shipped.rules[name]}
    assert differing == {"concentration", "unsettled_exposure"}
    assert (lab.version, lab.alerts, lab.breaker) == (
        shipped.version,
        shipped.alerts,
        shipped.breaker,
    )


def test_run_ids_are_fresh_and_fit_to_be_namespaces() -> None:
    names = {new_run_id() for _ in range(100)}
    assert len(names) == 100
    assert all(name.isalnum() and name[0] == "r" and len(name) == 11 for name in names)


def test_limits_that_the_monitor_would_refuse_are_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(with_version(LIMITS.read_text(), 0))
    with pytest.raises(EcosystemError, match=r"limits\.toml: version: 0 found"):
        world_plan("market-crash", 1, limits=limits)
    limits.write_bytes(b"\xff\xfe")
    with pytest.raises(EcosystemError, match=r"limits\.toml: 'utf-8' codec"):
        world_plan("market-crash", 1, limits=limits)
