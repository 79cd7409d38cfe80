"""Recordings in a run: planned once, built again the same, refused when the file has changed."""

import json
import shutil
from pathlib import Path

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.recorded.grid import SPEED_UNIT
from ecosystem.market_data.recorded.tracks import Gaps
from ecosystem.units import MINUTE_US
from examples.recordings.make import HERE
from producers.live.settings import LiveSettings
from producers.market_data.live_feed import feed_of
from producers.market_data.recordings.mapping_file import load_mapping
from producers.market_data.recordings.use import (
    Choice,
    Pace,
    RecordingUse,
    examine,
    read_uses,
    settings_with,
    source_of,
    uses_in,
    write_uses,
)

PLACES = {symbol: place for place, symbol in enumerate(INSTRUMENTS)}
BARS = HERE / "usdt-usd-1m.csv"
TRADES = HERE / "btc-usdt-trades.csv"
TETHER = Choice(path=BARS, instrument="USDT-USD")


def tether_e8(uses: tuple[RecordingUse, ...], step: int) -> int | None:
    price = source_of(uses, seed=1).prices(step)[PLACES["USDT-USD"]]
    return None if price is None else price.mid_price_e8


def test_the_settings_of_a_run_build_its_market_again() -> None:
    found = examine([TETHER], Pace(speed_e6=10 * SPEED_UNIT))
    settings = settings_with('{"limits_toml": ""}', found.uses)
    assert json.loads(settings)["recordings"][0]["instrument"] == "USDT-USD"
    assert uses_in(settings) == found.uses
    assert uses_in("{}") == ()
    first, again = source_of(found.uses, seed=1), source_of(uses_in(settings), seed=1)
    for step in range(400):
        assert list(first.prices(step)) == list(again.prices(step))


def test_the_recorded_closes_are_hit_at_any_speed() -> None:
    lines = BARS.read_text().splitlines()
    close_e8 = round(float(lines[91].split(",")[4]) * 1e8)
    minute = 92  # a bar was doubled and four are missing before it
    assert lines[91].startswith("2026-01-05T10:32:00Z"), lines[91]
    for speed in (1, 10, 60):
        uses = examine([TETHER], Pace(speed_e6=speed * SPEED_UNIT)).uses
        assert tether_e8(uses, (minute + 1) * 60 // speed - 1) == close_e8


@pytest.mark.parametrize(("gaps", "silent"), [("STALE", True), ("HOLD", False)])
def test_a_gap_and_the_end_are_silent_unless_they_are_to_be_held(gaps: Gaps, silent: bool) -> None:
    uses = examine([TETHER], Pace(gaps=gaps)).uses
    assert (tether_e8(uses, 32 * 60) is None) == silent
    assert (tether_e8(uses, 181 * 60) is None) == silent


def test_a_run_may_begin_in_the_middle_of_a_recording() -> None:
    whole = examine([TETHER], Pace())
    origin_us = whole.uses[0].origin_us + 60 * MINUTE_US
    later = examine([TETHER], Pace(origin_us=origin_us))
    assert tether_e8(later.uses, 59) == tether_e8(whole.uses, 3659)
    with pytest.raises(InvalidInputError, match="end before the time the run is to begin"):
        examine([TETHER], Pace(origin_us=whole.ends_at_us + 1))


def test_two_recordings_keep_their_distance_in_time() -> None:
    mapping = load_mapping(HERE / "btc-usdt-trades.mapping.yaml")
    both = [TETHER, Choice(path=TRADES, instrument="BTC-USDT", mapping=mapping)]
    uses = examine(both, Pace()).uses
    assert uses[0].origin_us == uses[1].origin_us
    prices = source_of(uses, seed=1).prices(0)
    assert prices[PLACES["USDT-USD"]] is not None
    assert prices[PLACES["BTC-USDT"]] is None, "its first trade comes half a second later"
    assert source_of(uses, seed=1).prices(1)[PLACES["BTC-USDT"]] is not None


def test_a_file_that_has_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "bars.csv"
    shutil.copy(BARS, copy)
    uses = examine([Choice(path=copy, instrument="USDT-USD")], Pace()).uses
    with copy.open("a") as file:
        file.write("2026-01-05T13:00:00Z,1,1,1,1,1\n")
    with pytest.raises(
        InvalidInputError, match=r"bars\.csv: SHA-256 .* found; the run was planned"
    ):
        source_of(uses, seed=1)
    copy.unlink()
    with pytest.raises(InvalidInputError, match=r"bars\.csv: no such file"):
        source_of(uses, seed=1)


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="one of each instrument is allowed"):
        examine([TETHER, TETHER], Pace())
    with pytest.raises(InvalidInputError, match=r"speed 0; 0\.001 to 100000 are allowed"):
        examine([TETHER], Pace(speed_e6=0))
    with pytest.raises(InvalidInputError, match="instrument 'DOGE-USD': BTC-USD, ETH-USD"):
        examine([Choice(path=BARS, instrument="DOGE-USD")], Pace())
    with pytest.raises(InvalidInputError, match="59: conflict"):
        examine([TETHER], Pace(strict=True))
    with pytest.raises(InvalidInputError, match="recordings in the settings of the run"):
        uses_in('{"recordings": [{"file": 1}]}')


def test_a_live_feed_follows_the_recordings_of_its_file(tmp_path: Path) -> None:
    uses = examine([TETHER], Pace()).uses
    file = tmp_path / "recordings.json"
    write_uses(file, uses)
    assert read_uses(file) == uses
    settings = LiveSettings(
        bootstrap_servers="x:1",
        secrets_dir=tmp_path,
        clock_epoch_us=0,
        market_data_source="recording",
        market_data_file=file,
    )
    feed = feed_of(settings)
    assert feed.source is not None
    assert list(feed.source.prices(70)) == list(source_of(uses, seed=1).prices(70))
    untold = settings.model_copy(update={"market_data_file": None})
    with pytest.raises(InvalidInputError, match="TSE_MARKET_DATA_FILE must say"):
        feed_of(untold)
    assert feed_of(settings.model_copy(update={"market_data_source": "model"})).source is None
