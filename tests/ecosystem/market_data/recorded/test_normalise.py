"""The normaliser: every row goes out or is named, in the order of time."""

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.anomalies import FIRST_MAX, REJECTING, Anomaly
from ecosystem.market_data.recorded.normalise import Terms, usual_terms
from ecosystem.market_data.recorded.records import Bar, Record, Trade, values_of
from ecosystem.units import MINUTE_US, SECOND_US
from tests.ecosystem.market_data.recorded.rows import (
    BEGAN_US,
    MINUTES,
    SECONDS,
    bar,
    cleaned,
    quote,
    trade,
)


def kinds(anomalies: list[Anomaly]) -> list[tuple[str, int]]:
    return [(anomaly.kind, anomaly.row) for anomaly in anomalies]


def test_a_clean_recording_goes_through_without_a_remark() -> None:
    rows = [bar(row, row, 1.0, 1.002, 0.999, 1.001) for row in range(50)]
    published, anomalies, report = cleaned(rows, MINUTES)
    assert published == rows
    assert not anomalies
    assert (report.rows_read, report.rows_published, report.rows_rejected) == (50, 50, 0)
    assert (report.first_time_us, report.last_time_us) == (BEGAN_US, BEGAN_US + 49 * MINUTE_US)


def test_a_gap_names_the_row_after_it_and_its_length() -> None:
    published, anomalies, report = cleaned([bar(1, 0, 1), bar(2, 1, 1), bar(3, 5, 1)], MINUTES)
    assert len(published) == 3
    assert kinds(anomalies) == [("GAP", 3)]
    assert (anomalies[0].found, anomalies[0].allowed) == ("4 min after row 2", "up to 1 min")
    assert report.longest_gap_us == 4 * MINUTE_US


def test_rows_out_of_order_are_put_back_and_those_too_late_are_named() -> None:
    rows = [trade(1, 0, 1), trade(2, 8, 1), trade(3, 4, 1), trade(4, 10, 1), trade(5, 4.5, 1)]
    published, anomalies, _ = cleaned(rows, SECONDS)
    assert [one.row for one in published] == [1, 3, 2, 4]
    assert kinds(anomalies) == [("DISORDER", 3), ("LATE", 5)]
    assert anomalies[1].found == "5.5 s older than a row before it"
    assert anomalies[1].allowed == "up to 5 s"


def test_a_row_exactly_at_the_bound_of_disorder_is_not_late() -> None:
    published, anomalies, _ = cleaned([trade(1, 5, 1), trade(2, 0, 2)], SECONDS)
    assert [one.row for one in published] == [2, 1]
    assert kinds(anomalies) == [("DISORDER", 2)]


def test_of_bars_of_one_time_the_last_counts_and_of_equal_ones_the_first() -> None:
    rows = [bar(1, 0, 1.0), bar(2, 1, 1.1), bar(3, 1, 1.1), bar(4, 1, 1.2), bar(5, 2, 1.0)]
    published, anomalies, _ = cleaned(rows, MINUTES)
    assert [one.row for one in published] == [1, 4, 5]
    assert kinds(anomalies) == [("DUPLICATE", 3), ("CONFLICT", 2)]


def test_a_bar_that_begins_inside_the_one_before_it_conflicts() -> None:
    published, anomalies, _ = cleaned([bar(1, 0, 1), bar(2, 0.5, 1), bar(3, 1, 1)], MINUTES)
    assert [one.row for one in published] == [1, 3]
    assert kinds(anomalies) == [("CONFLICT", 2)]


def test_trades_of_one_time_all_count_unless_they_are_the_same() -> None:
    rows = [
        trade(1, 0, 1.0),
        trade(2, 0, 1.1),
        trade(3, 0, 1.0),
        trade(4, 1, 1.0, trade_id="a"),
        trade(5, 1, 1.0, trade_id="b"),
    ]
    published, anomalies, _ = cleaned(rows, SECONDS)
    assert [one.row for one in published] == [1, 2, 4, 5]
    assert kinds(anomalies) == [("DUPLICATE", 3)]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (trade(1, 0, 0), "price 0"),
        (trade(1, 0, -1), "price -1"),
        (trade(1, 0, 1, -2), "quantity -2"),
        (quote(1, 0, 0, 1), "bid 0"),
        (quote(1, 0, 1.2, 1.1), "bid 1.2 above ask 1.1"),
        (bar(1, 0, 1, 0.9, 1.1, 1), "high 0.9 below low 1.1"),
        (bar(1, 0, 1, 1.1, 0.9, 1.2), "close 1.2"),
        (bar(1, 0, 1, volume=-1), "volume -1"),
    ],
)
def test_impossible_values_are_named_and_not_published(row: Record, found: str) -> None:
    published, anomalies, report = cleaned([row], SECONDS)
    assert not published
    assert kinds(anomalies) == [("IMPOSSIBLE", 1)]
    assert anomalies[0].found == found
    assert report.rows_rejected == 1


def test_a_bar_that_opens_outside_its_range_is_widened_and_published() -> None:
    published, anomalies, report = cleaned([bar(7, 0, 0.8, 1.1, 0.9, 1)], MINUTES)
    assert published == [bar(7, 0, 0.8, 1.1, 0.8, 1)]
    assert kinds(anomalies) == [("WIDENED", 7)]
    assert (anomalies[0].found, anomalies[0].allowed) == (
        "open 0.8",
        "0.9 to 1.1, its low and high",
    )
    assert (report.rows_published, report.rows_rejected) == (1, 0)


def test_a_spike_is_told_and_published_as_it_is() -> None:
    prices = [1 + 0.0001 * (row % 3) for row in range(40)]
    prices[30] = 0.9
    published, anomalies, _ = cleaned(
        [trade(row, row, price) for row, price in enumerate(prices)], SECONDS
    )
    assert len(published) == 40
    assert kinds(anomalies) == [("SPIKE", 30), ("SPIKE", 31)]
    assert anomalies[0].found == "a move of -10.02%"


def test_a_report_keeps_the_first_of_each_kind_and_counts_all() -> None:
    _, anomalies, report = cleaned([bar(row, 2 * row, 1) for row in range(40)], MINUTES)
    assert report.counts == {"GAP": 39}
    assert report.firsts["GAP"] == anomalies[:FIRST_MAX]


def test_the_spacing_of_bars_is_the_commonest_and_that_of_trades_the_median() -> None:
    minutes = [minute * MINUTE_US for minute in (0, 1, 2, 3, 7, 8, 20)]
    assert usual_terms("ohlcv", minutes) == MINUTES
    seconds = [second * SECOND_US for second in (0, 1, 5, 9, 12)]
    assert usual_terms("trades", seconds) == Terms(
        spacing_us=3 * SECOND_US, gap_us=30 * SECOND_US, reorder_us=5 * SECOND_US
    )
    with pytest.raises(InvalidInputError, match="1 different times found; two are needed"):
        usual_terms("quotes", [5, 5])


ROWS = st.lists(
    st.one_of(
        st.builds(
            bar,
            st.just(0),
            st.integers(0, 40) | st.floats(0, 40),
            st.sampled_from([1.0, 1.1, 0.0]),
            st.sampled_from([1.1, 0.5]),
        ),
        st.just(Anomaly(kind="UNREADABLE", row=0, found="x", allowed="a number")),
    ),
    max_size=60,
)
TRADES = st.lists(
    st.builds(trade, st.just(0), st.floats(0, 60), st.sampled_from([1.0, 1.1, -1.0])), max_size=60
)


def numbered(rows: list[Record | Anomaly]) -> list[Record | Anomaly]:
    return [
        type(row)(**{**{name: getattr(row, name) for name in row.__struct_fields__}, "row": number})
        for number, row in enumerate(rows, 1)
    ]


@given(rows=ROWS | TRADES, reorder_s=st.integers(0, 600))
def test_every_row_is_published_or_named_once_and_times_rise(
    rows: list[Record | Anomaly], reorder_s: int
) -> None:
    terms = Terms(spacing_us=MINUTE_US, gap_us=MINUTE_US, reorder_us=reorder_s * SECOND_US)
    given_rows = numbered(rows)
    published, anomalies, report = cleaned(given_rows, terms)
    rejected = [anomaly.row for anomaly in anomalies if anomaly.kind in REJECTING]
    accounted = Counter([*(record.row for record in published), *rejected])
    assert accounted == Counter(range(1, len(rows) + 1))
    assert report.rows_read == len(rows) == report.rows_published + report.rows_rejected
    assert report.counts == Counter(anomaly.kind for anomaly in anomalies)
    times = [record.time_us for record in published]
    assert times == sorted(times)
    if all(not isinstance(row, Trade) for row in rows):
        assert len(set(times)) == len(times)


@given(
    chance=st.randoms(use_true_random=False),
    doubled=st.sets(st.integers(0, 59)),
    dropped=st.sets(st.integers(1, 58)),
)
def test_a_recording_shuffled_doubled_and_torn_is_mended_but_for_what_was_dropped(
    chance: random.Random, doubled: set[int], dropped: set[int]
) -> None:
    whole = [bar(0, minute, 1.0, 1.01, 0.99, 1.0 + minute / 10_000) for minute in range(60)]
    kept = [one for minute, one in enumerate(whole) if minute not in dropped]
    rows: list[Record] = [*kept, *(one for minute, one in enumerate(whole) if minute in doubled)]
    doubles = len(doubled - dropped)
    # Disorder of less than the bound: each row moves by at most two bars.
    rows.sort(key=lambda one: one.time_us + chance.randint(0, 2) * MINUTE_US)
    published, anomalies, report = cleaned(numbered([*rows]), MINUTES)
    expected = sorted({one.time_us: one for one in rows}.values(), key=lambda one: one.time_us)
    assert [values_of(one) for one in published] == [values_of(one) for one in expected]
    assert report.counts.get("DUPLICATE", 0) == doubles
    missing = sum(
        (after.time_us - before.time_us) // MINUTE_US > 1 for before, after in pairwise(expected)
    )
    assert report.counts.get("GAP", 0) == missing
    assert {anomaly.kind for anomaly in anomalies} <= {"DUPLICATE", "GAP", "DISORDER"}
    assert all(isinstance(one, Bar) for one in published)
