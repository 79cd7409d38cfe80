"""`tse recording` and the recordings of `tse run`, as they are typed."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecosystem.errors import EcosystemError
from examples.recordings.make import HERE
from tse.__main__ import app
from tse.recording_options import RecordingOptions, examined, lasting, remarks, with_recordings
from tse.running.plans import world_plan

CLI = CliRunner()
BARS = HERE / "usdt-usd-1m.csv"
TRADES = HERE / "btc-usdt-trades.csv"
TRADES_MAPPING = HERE / "btc-usdt-trades.mapping.yaml"


def test_a_check_accounts_for_every_row_and_names_the_first_anomalies() -> None:
    result = CLI.invoke(app, ["recording", "check", str(BARS)])
    assert result.exit_code == 0, result.output
    assert "179 rows read = 174 published + 5 left out" in result.output
    assert "the longest gap lasts 300 s" in result.output
    assert "row 33: 5 min after row 32" in result.output


def test_a_check_writes_json_every_anomaly_and_a_picture(tmp_path: Path) -> None:
    found, drawn = tmp_path / "anomalies.csv", tmp_path / "bars.svg"
    words = ["--json", "--anomalies", str(found), "--picture", str(drawn)]
    result = CLI.invoke(app, ["recording", "check", str(BARS), *words])
    summary = json.loads(result.stdout)
    assert summary["report"]["counts"]["GAP"] == 3
    assert (summary["kind"], summary["spacing_us"]) == ("ohlcv", 60_000_000)
    rows = list(csv.DictReader(found.read_text().splitlines()))
    assert len(rows) == sum(summary["report"]["counts"].values())
    assert rows[0] == {
        "kind": "DUPLICATE",
        "row": "23",
        "time": "2026-01-05T09:20:00.000Z",
        "found": "the values of row 22",
        "allowed": "each row once",
    }
    assert drawn.read_text().startswith("<svg ")


def test_rows_of_several_instruments_must_be_chosen_from() -> None:
    words = ["recording", "check", str(TRADES), "--mapping", str(TRADES_MAPPING)]
    result = CLI.invoke(app, words)
    assert "rows of BTC-USDT, ETH-USDT; choose one with --as" in str(result.exception)
    assert "FOREIGN" in CLI.invoke(app, [*words, "--as", "BTC-USDT"]).output


def test_a_strict_check_fails_at_the_first_row_left_out() -> None:
    result = CLI.invoke(app, ["recording", "check", str(BARS), "--strict"])
    assert isinstance(result.exception, EcosystemError)
    assert "usdt-usd-1m.csv:59: conflict" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["quiet", "--recording", str(BARS)], "1 --recording and 0 --as found"),
        (["quiet", "--recording", "none.csv", "--as", "USDT-USD"], "none.csv: no such file"),
        (["quiet", "--for", "soon"], "'soon' found; a duration"),
        (["market-crash", "--for", "2h"], "only a scenario without injections"),
        (
            ["quiet", "--attach", "--recording", str(BARS), "--as", "USDT-USD"],
            "TSE_MARKET_DATA_SOURCE",
        ),
        (
            ["quiet", "--recording", str(BARS), "--as", "USDT-USD", "--since", "then"],
            "--since 'then'",
        ),
    ],
)
def test_recordings_that_cannot_be_followed_never_touch_the_broker(
    tmp_path: Path, words: list[str], message: str
) -> None:
    home = tmp_path / "home"
    result = CLI.invoke(app, ["run", *words, "--home", str(home)])
    assert isinstance(result.exception, EcosystemError)
    assert message in str(result.exception)
    assert not home.exists()


def test_a_plan_names_its_recordings_and_the_user_hears_how_much_is_seen() -> None:
    options = RecordingOptions(files=[BARS], instruments=["USDT-USD"], speed=2.0)
    found = examined(options)
    assert found is not None
    plan = with_recordings(lasting(world_plan("quiet", 1), "2h"), found)
    settings = json.loads(plan.settings_json)
    assert settings["recordings"][0]["sha256"] == found.uses[0].sha256
    assert "limits_toml" in settings
    assert plan.ends_at_us - plan.starts_at_us == 7_200_000_000
    first, second = remarks(plan, found)
    assert "174 of 179 rows; 1 duplicate, 3 gap" in first
    assert "falls" in second
    assert "is silent" in second
    short = lasting(plan, "1m")
    assert remarks(short, found)[1] == "the run sees 1% of the recorded time"
