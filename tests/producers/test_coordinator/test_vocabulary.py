from typing import get_args

import msgspec

from ecosystem.events.words import Severity
from ecosystem.market_data.crash import CrashParameters
from ecosystem.risk.rules.registry import RULES as MONITOR_RULES
from producers.test_coordinator.vocabulary.tables import INJECTIONS, RULES, SEVERITIES


def test_what_can_be_expected_is_what_the_risk_monitor_has_rules_for() -> None:
    assert set(RULES) == set(MONITOR_RULES)
    assert all(RULES.values())


def test_every_severity_can_be_written() -> None:
    assert set(SEVERITIES.values()) == set(get_args(Severity)) - {"UNKNOWN"}


def test_the_parameters_of_a_crash_are_those_its_machine_takes() -> None:
    words = INJECTIONS["crash"].parameters
    fields = {field.name: field for field in msgspec.structs.fields(CrashParameters)}
    assert [word.name for word in words] == list(fields)
    for word in words:
        assert fields[word.name].required == (word.default is None)
        assert word.default is None or fields[word.name].default == word.default
