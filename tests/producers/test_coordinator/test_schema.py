from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from producers.test_coordinator.scenario_file import (
    EFFECT_KEYS,
    EXPECTATION_KEYS,
    INJECTION_KEYS,
    SCENARIO_KEYS,
)
from producers.test_coordinator.schema import scenario_schema, schema_text
from tests.producers.test_coordinator.test_scenario_file import SCENARIOS
from tests.producers.test_coordinator.texts import GOOD, WRONG

BUNDLED = sorted(SCENARIOS.glob("*.yaml"))


def validator() -> Draft202012Validator:
    return Draft202012Validator(scenario_schema())


def test_the_schema_in_the_repository_is_the_one_of_the_reader() -> None:
    committed = (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "tse scenario schema > scenarios/scenario.schema.json"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(scenario_schema())


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_scenarios_satisfy_the_schema_and_point_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(validator().iter_errors(YAML(typ="safe", pure=True).load(text))) == []
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")


def test_a_scenario_with_every_key_satisfies_the_schema() -> None:
    parsed = YAML(typ="safe", pure=True).load(GOOD)
    assert set(parsed) == set(SCENARIO_KEYS)
    assert set(parsed["method"][0]) == set(INJECTION_KEYS)
    assert set(parsed["effect"][0]) == set(EFFECT_KEYS)
    assert set(parsed["expect"][0]) | set(parsed["expect"][1]) == set(EXPECTATION_KEYS)
    assert list(validator().iter_errors(parsed)) == []


def test_the_schema_refuses_what_it_can_see() -> None:
    wrong = YAML(typ="safe", pure=True).load(WRONG.replace("    with: 3\n", ""))
    paths = {tuple(error.absolute_path)[:2] for error in validator().iter_errors(wrong)}
    assert {(), ("title",), ("method", 0), ("method", 1), ("expect", 0), ("expect", 2)} <= paths
    assert ("method", 3) not in paths


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("at: 90s", "at: 90"),
        ("at: 90s", "at: soon"),
        ("instruments: [ETH-USD]", "instruments: [ETH-BTC]"),
        ("subject: ETH-USD", "subject: portfolio"),
        ("severity: medium", "severity: none"),
        ("duration: 1h", "lasts: 1h"),
    ],
)
def test_the_schema_refuses_one_wrong_word(right: str, wrong: str) -> None:
    parsed = YAML(typ="safe", pure=True).load(GOOD.replace(right, wrong, 1))
    assert list(validator().iter_errors(parsed))
