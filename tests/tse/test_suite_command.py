"""`tse suite` as it is typed: what is counted, what is written, and how it ends."""

from pathlib import Path

import msgspec
from typer.testing import CliRunner

from tests.end_to_end.runs import plan_of
from tse.__main__ import app
from tse.running.plans import LIMITS
from tse.running.quiet import QuietAlert, QuietRun, QuietTask, run_quiet
from tse.suite_command import high_line, rule_table

NERVOUS = Path(__file__).parents[1] / "end_to_end" / "nervous-limits.toml"


def invoked(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["suite", "quiet", *words], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def test_quiet_minutes_of_two_seeds_are_quiet_and_written_down(tmp_path: Path) -> None:
    out = tmp_path / "quiet.json"
    code, shown = invoked("--seeds", "2", "--hours", "0.1", "--out", str(out))
    assert code == 0, shown
    runs = msgspec.json.decode(out.read_bytes(), type=list[QuietRun])
    assert [run.seed for run in runs] == [1, 2]
    assert all(run.events_count > 1_000 and run.alerts == () for run in runs)
    assert runs[0].events_count != runs[1].events_count
    assert 0 < runs[0].utilisations_e8["price_shock"] < 50_000_000
    assert "0 alerts of severity high or above, 1 allowed" in shown


def test_more_high_alerts_than_allowed_are_listed_and_end_with_code_5() -> None:
    code, shown = invoked(
        *("--seeds", "1", "--hours", "0.1", "--limits", str(NERVOUS), "--high-max", "0")
    )
    assert code == 5, shown
    assert "seed 1 at 00:0" in shown
    assert "price_shock" in shown


def test_a_limits_file_that_is_wrong_is_told_before_anything_runs(tmp_path: Path) -> None:
    wrong = tmp_path / "limits.toml"
    wrong.write_text(LIMITS.read_text().replace("move = 0.02", "move = -1"))
    result = CliRunner().invoke(app, ["suite", "quiet", "--limits", str(wrong)])
    assert result.exit_code != 0
    assert "price_shock" in str(result.exception)


def test_an_alert_counts_once_and_as_severe_as_it_became() -> None:
    task = QuietTask(seed=1, hours=0.1, limits_text=NERVOUS.read_text())
    reached: list[float] = []
    run = run_quiet(task, reached.append)
    assert reached == sorted(reached)
    assert run.alerts
    subjects = [(alert.rule, alert.subject, alert.at_us) for alert in run.alerts]
    assert len(subjects) == len(set(subjects))
    duration_us = plan_of("quiet").slice_us * 36
    assert all(0 <= alert.at_us <= duration_us for alert in run.alerts)
    assert any(alert.is_high for alert in run.alerts)


def test_the_table_counts_by_rule_and_severity_and_names_the_seeds() -> None:
    alert = QuietAlert(
        rule="drawdown", subject="portfolio", severity="HIGH", at_us=3_725_000_000, message="fell"
    )
    used_e8 = {"price_shock": 1, "drawdown": 91_000_000}
    loud = QuietRun(seed=7, hours=1, events_count=9, alerts=(alert,), utilisations_e8=used_e8)
    calm = QuietRun(seed=8, hours=1, events_count=9, alerts=(), utilisations_e8=used_e8)
    columns = [list(column.cells) for column in rule_table([loud, calm]).columns]
    assert columns == [
        ["price_shock", "drawdown"],
        ["-", "-"],
        ["-", "-"],
        ["-", "1"],
        ["-", "-"],
        ["-", "7"],
        ["0.0 %", "91.0 %"],
    ]
    assert high_line(loud, alert) == "seed 7 at 01:02:05: HIGH fell"
