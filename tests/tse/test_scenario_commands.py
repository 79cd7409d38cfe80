"""`tse scenario` as it is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from producers.test_coordinator.schema import schema_text
from tse.scenario_commands import SCENARIOS, app

QUIET = "title: Quiet\ndescription: Nothing happens.\nduration: 90s\n"


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good scenario and one with two mistakes."""
    (tmp_path / "calm.yaml").write_text(QUIET)
    (tmp_path / "wrong.yaml").write_text("title: Wrong\nduration: 90\n")
    return tmp_path


def test_list_shows_the_bundled_scenarios() -> None:
    code, output, errors = run("list")
    assert (code, errors) == (0, "")
    (crash,) = [line for line in output.splitlines() if "market-crash" in line]
    for part in ("Market crash", "1h", "crash", "price_shock, drawdown", "market-data, price"):
        assert part in crash
    assert "Quiet market" in output


def test_list_shows_what_is_right_and_stops_with_what_is_wrong(folder: Path) -> None:
    code, output, errors = run("list", "--folder", str(folder))
    assert code == 1
    assert "Quiet" in output
    assert errors.splitlines() == [
        f"{folder}/wrong.yaml:1: scenario: description is missing; a word is allowed",
        f"{folder}/wrong.yaml:2: scenario.duration: '90' found; "
        "a duration such as 90s, 15m or 36h is allowed",
    ]


def test_validate_prints_every_mistake_of_every_file_and_exits_1(folder: Path) -> None:
    code, output, errors = run("validate", "--folder", str(folder))
    assert code == 1
    assert output == f"{folder}/calm.yaml: valid\n"
    assert len(errors.splitlines()) == 2


def test_validate_reads_the_files_it_is_given(folder: Path) -> None:
    calm, wrong = str(folder / "calm.yaml"), str(folder / "wrong.yaml")
    assert run("validate", calm) == (0, f"{calm}: valid\n", "")
    assert run("validate", wrong)[0] == 1
    code, _, errors = run("validate", str(folder / "nope.yaml"))
    assert (code, errors) == (1, f"{folder}/nope.yaml: No such file or directory\n")


def test_validate_finds_the_bundled_scenarios_in_order() -> None:
    code, output, errors = run("validate")
    assert (code, errors) == (0, "")
    assert output.count(": valid\n") == len(list(SCENARIOS.glob("*.yaml")))


def test_show_tells_what_happens_and_what_is_expected() -> None:
    code, output, _ = run("show", "market-crash")
    assert code == 0
    assert output.splitlines()[2:] == [
        "lasts 1h",
        "injects crash (crash into market-data) at 10m for 30m:"
        " instruments all, change -15%, bounce 20%, bounce-for 2h",
        "counts only if crash alters price BTC-USD by 14.5%",
        "counts only if crash alters price ETH-USD by 14.5%",
        "expects price_shock on BTC-USD, at least high,"
        " within 3m after crash alters price BTC-USD by 1.2%",
        "expects drawdown on portfolio, at least medium,"
        " within 6m after crash alters price BTC-USD by 12%",
        "false alarms are unexplained alerts of at least high severity",
    ]


def test_show_takes_a_path_too(folder: Path) -> None:
    code, output, _ = run("show", str(folder / "calm.yaml"))
    assert code == 0
    assert output.startswith("calm: Quiet\nNothing happens.\nlasts 90s\n")


def test_show_of_a_wrong_file_prints_its_mistakes(folder: Path) -> None:
    code, output, errors = run("show", "wrong", "--folder", str(folder))
    assert (code, output) == (1, "")
    assert len(errors.splitlines()) == 2


def test_an_unknown_name_is_answered_with_the_known_ones(folder: Path) -> None:
    code, _, errors = run("show", "clam", "--folder", str(folder))
    assert code == 1
    assert errors == (
        f"{folder}: unknown scenario 'clam'; allowed: calm, wrong; did you mean 'calm'?\n"
    )


def test_a_folder_without_scenarios_is_a_mistake(tmp_path: Path) -> None:
    for command in ("list", "validate"):
        code, _, errors = run(command, "--folder", str(tmp_path))
        assert code == 1
        assert errors == f"{tmp_path}: no scenario file found; files named *.yaml are read\n"


def test_schema_prints_what_the_repository_ships() -> None:
    assert run("schema") == (0, schema_text(), "")
    assert (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8") == schema_text()
