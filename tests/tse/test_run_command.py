"""`tse run` and its kin, as they are typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecosystem.errors import EcosystemError, InvalidInputError
from tests.end_to_end.runs import short_crash
from tse.__main__ import app

CLI = CliRunner()


def test_every_command_of_the_readme_exists() -> None:
    for words in (
        *(["demo"], ["run"], ["replay"], ["report"], ["doctor"]),
        *(
            ["recording", "check"],
            ["scenario", "list"],
            ["scenario", "validate"],
            ["access", "check"],
        ),
        *(["topics", "check"], ["topics", "plan"], ["topics", "apply"], ["topics", "export"]),
        *(["stack", "up"], ["stack", "down"], ["stack", "status"], ["stack", "logs"]),
        ["suite", "quiet"],
        *(["schemas", "check"], ["schemas", "release"], ["monitor", "conform"], ["monitor", "kit"]),
    ):
        result = CLI.invoke(app, [*words, "--help"])
        assert result.exit_code == 0, (words, result.output)


def test_a_wrong_scenario_never_touches_the_broker(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text("title: Wrong\nduratoin: 1h\n")
    home = tmp_path / "home"
    result = CLI.invoke(app, ["run", str(scenario), "--home", str(home)])
    assert isinstance(result.exception, EcosystemError)
    assert "wrong.yaml:2" in str(result.exception)
    assert not home.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--monitor-command", "x", "--no-monitor"], "no monitor is started then"),
        (["--monitor-command", "x", "--attach"], "--attach"),
        (["--monitor-command", "'x"], "No closing quotation"),
        (["--monitor-command", " "], "a command is allowed"),
        (["--monitor-command", "no-such-monitor -v"], "'no-such-monitor': no such program"),
    ],
)
def test_a_monitor_command_that_makes_no_sense_never_touches_the_broker(
    tmp_path: Path, options: list[str], says: str
) -> None:
    home = tmp_path / "home"
    result = CLI.invoke(app, ["run", "quiet", *options, "--home", str(home)])
    assert isinstance(result.exception, EcosystemError)
    assert says in str(result.exception)
    assert not home.exists()


@pytest.mark.parametrize("other", ["--no-monitor", "--attach"])
def test_a_dashboard_needs_a_monitor_of_the_runs_own(tmp_path: Path, other: str) -> None:
    home = tmp_path / "home"
    result = CLI.invoke(
        app, ["run", "market-crash", other, "--monitor-port", "8084", "--home", str(home)]
    )
    assert isinstance(result.exception, InvalidInputError)
    assert "--monitor-port" in str(result.exception)
    assert not home.exists()


@pytest.mark.infra
@pytest.mark.timeout(300)
def test_a_run_is_reported_and_replayed_and_its_exit_codes_speak(tmp_path: Path) -> None:
    home, reports = ["--home", str(tmp_path / "home")], ["--reports", str(tmp_path / "reports")]
    scenario = short_crash(tmp_path)
    try:
        passed = CLI.invoke(app, ["run", scenario, *home, *reports])
        assert (passed.exit_code, "PASS" in passed.output) == (0, True), passed.output
        missed = CLI.invoke(app, ["run", scenario, "--no-monitor", *home, *reports])
        assert (missed.exit_code, "MISSED" in missed.output) == (3, True), missed.output
        pages = sorted((tmp_path / "reports").glob("*/report.html"))
        assert len(pages) == 2
        run_id = next(page.parent.name for page in pages if page.parent.name in passed.output)
        pages[0].unlink()
        pages[1].unlink()
        again = CLI.invoke(app, ["report", run_id, *home, *reports])
        assert again.exit_code == 0, again.output
        assert (tmp_path / "reports" / run_id / "report.html").stat().st_size > 10_000
        replayed = CLI.invoke(app, ["replay", run_id, *home])
        assert replayed.exit_code == 0, replayed.output
    finally:
        assert CLI.invoke(app, ["stack", "down", *home]).exit_code == 0
