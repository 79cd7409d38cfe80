"""`tse monitor` as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecosystem.errors import EcosystemError
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.view import load_exported, view_of
from eventlog.codec import Codec
from eventlog.schema.store import released_schemas
from producers.test_coordinator.scenario_file import load_scenario
from tests.ecosystem.risk.facts import tick
from tse.__main__ import app
from tse.conforming.results import EXIT_BREACH
from tse.monitor_command import KILL_AFTER_SLICES, TOPICS_FILE, TRIED

CLI = CliRunner()


def test_a_claim_that_no_scenario_tries_never_touches_the_broker(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = ["monitor", "conform", "--watches", "clairvoyance", "--home", str(home), "true"]
    result = CLI.invoke(app, words)
    assert isinstance(result.exception, EcosystemError)
    assert "clairvoyance: no scenario expects that; drawdown, price_shock, venue_down are" in str(
        result.exception
    )
    assert not home.exists()


def test_a_monitor_that_is_not_there_never_touches_the_broker(tmp_path: Path) -> None:
    home = tmp_path / "home"
    result = CLI.invoke(app, ["monitor", "conform", "--home", str(home), "./no-such-monitor"])
    assert isinstance(result.exception, EcosystemError)
    assert "'./no-such-monitor': no such program" in str(result.exception)
    assert not home.exists()


@pytest.mark.infra
@pytest.mark.timeout(300)
def test_a_monitor_that_ends_at_once_is_told_so_by_exit_code_screen_and_file(
    tmp_path: Path,
) -> None:
    home, file = ["--home", str(tmp_path / "home")], tmp_path / "found.json"
    try:
        words = ["monitor", "conform", "--json", str(file), *home, "sh", "-c", "echo no; exit 5"]
        result = CLI.invoke(app, words)
        assert result.exit_code == EXIT_BREACH, result.output
        assert "risk-monitor ended with exit code 5" in " ".join(result.output.split())
        assert "BREAKS the contract" in result.output
        found = json.loads(file.read_text())
        assert found["command"] == ["sh", "-c", "echo no; exit 5"]
        assert [one["scenario"] for one in found["scenarios"]] == ["crash", "outage", "quiet"]
        assert {one["verdict"] for one in found["scenarios"]} == {"ABORTED"}
        # It is told of at once, and not after the world's patience.
        assert all(one["slices_count"] < 30 for one in found["scenarios"])
    finally:
        assert CLI.invoke(app, ["stack", "down", *home]).exit_code == 0


def test_a_kit_is_all_that_a_monitor_is_built_against(tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    for _ in range(2):  # writing it again changes nothing
        assert CLI.invoke(app, ["monitor", "kit", str(folder)]).exit_code == 0
    view = load_exported(folder / "topics.json")
    assert view == view_of(load_catalogue(TOPICS_FILE), "risk-monitor")
    schemas = released_schemas(folder / "schemas")
    event = tick(0, 60_000)
    assert Codec([type(event)], schemas).decode(Codec([type(event)]).encode(event)) == event
    lock = json.loads((folder / "schemas" / "ids.lock.json").read_text())
    assert {locked["plane"] for locked in lock.values()} == {"production"}
    assert {name for topic in view.topics for name in topic.events} == set(lock)


@pytest.mark.parametrize("path", TRIED, ids=lambda path: path.stem)
def test_what_a_monitor_is_tried_in_is_in_order(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.false_alarm_severity == "HIGH"
    assert bool(scenario.injections) == bool(scenario.expectations)


def test_the_kill_falls_into_the_crash() -> None:
    (crash,) = load_scenario(TRIED[0]).injections
    at_us = KILL_AFTER_SLICES * 10_000_000
    assert crash.starts_after_us < at_us < crash.starts_after_us + crash.duration_us
