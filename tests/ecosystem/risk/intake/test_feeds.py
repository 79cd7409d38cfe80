"""Feed lines: numbers that are late, repeated, far off or begin anew; and quotes that froze."""

import msgspec
import pytest

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.intake.feeds import LEAP, LINES_MAX, LOST_MAX, RESTARTED_BY, FeedLines
from tests.ecosystem.risk.facts import tick


def numbered(number: int, seconds: float = 0, **fields: object) -> PriceTicked:
    made = tick(seconds or number, 60_000)
    return msgspec.structs.replace(made, feed_sequence=number, **fields)


def lines_at(number: int) -> tuple[FeedLines, DataQuality]:
    quality = DataQuality()
    lines = FeedLines(quality)
    assert lines.in_order(numbered(number))
    return lines, quality


@pytest.mark.parametrize(
    ("number", "defect"),
    [
        (100, "PRICE_REPEATED"),
        (99, "PRICE_OUT_OF_ORDER"),
        (-5, "PRICE_OUT_OF_ORDER"),
        (100 + LEAP + 1, "SEQUENCE_IMPLAUSIBLE"),
        (2**63 - 1, "SEQUENCE_IMPLAUSIBLE"),
    ],
)
def test_a_number_that_is_not_the_next_is_left_out_and_noted(number: int, defect: str) -> None:
    lines, quality = lines_at(100)
    assert not lines.in_order(numbered(number, 101))
    assert quality.counts() == {defect: 1}
    assert lines.in_order(numbered(101))


@pytest.mark.parametrize("ahead", [1, 2, LEAP])
def test_a_later_number_is_believed_whatever_was_lost(ahead: int) -> None:
    lines, quality = lines_at(100)
    assert lines.in_order(numbered(100 + ahead, 101))
    assert quality.counts() == {}
    lost = lines.gapped["market-data", "BTC-USD"].lost if lines.gapped else {}
    assert len(lost) == min(ahead - 1, LOST_MAX)


def test_a_feed_that_begins_anew_is_believed_after_ten_ticks() -> None:
    lines, _ = lines_at(50_000)
    told = [lines.in_order(numbered(number, 100 + number)) for number in range(RESTARTED_BY + 2)]
    assert told == [False] * (RESTARTED_BY - 1) + [True] * 3


def test_late_ticks_among_good_ones_never_look_like_a_restart() -> None:
    lines, _ = lines_at(1_000)
    for number in range(50):
        assert not lines.in_order(numbered(number, 2_000 + number))
        assert lines.in_order(numbered(1_001 + number, 2_000 + number))


def test_a_quote_that_stays_the_same_for_half_a_minute_is_frozen() -> None:
    lines, quality = lines_at(0)
    for second in range(1, 60):
        assert lines.in_order(numbered(second, volume_e8=7))
        # The quote of second 1 is the first of its kind.
        assert quality.counts().get("PRICE_FROZEN", 0) == max(0, second - 30)
    lines.in_order(numbered(60, volume_e8=8))
    lines.in_order(numbered(61, volume_e8=8))
    assert quality.counts()["PRICE_FROZEN"] == 29


def test_lines_are_bounded_in_number() -> None:
    lines, quality = lines_at(0)
    for number in range(LINES_MAX + 5):
        lines.in_order(msgspec.structs.replace(numbered(1), feed=f"feed-{number}"))
    assert quality.counts() == {"SOURCE_UNKNOWN": 6}
    assert lines.in_order(numbered(1))
