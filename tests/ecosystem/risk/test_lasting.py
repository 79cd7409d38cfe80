"""What has lasted: every value of the last while was at least as far, or it has not."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.lasting import LastingDeviation
from tests.ecosystem.risk.facts import event_id

WIDTH_US = 60
PATHS = st.lists(st.tuples(st.integers(0, 70), st.integers(-5, 5)), min_size=1, max_size=60)


def follow(path: list[tuple[int, int]]) -> list[int]:
    lasting, now_us, followed = LastingDeviation(), 0, []
    for gap_us, deviation_e8 in path:
        now_us += gap_us
        followed.append(lasting.take(now_us, deviation_e8, event_id("d", now_us), WIDTH_US))
    return followed


def naive(path: list[tuple[int, int]]) -> list[int]:
    """Return the same, from all values that held at any time within the last while."""
    told: list[tuple[int, int]] = []
    now_us = lasted_e8 = 0
    followed = []
    for gap_us, deviation_e8 in path:
        now_us += gap_us
        told.append((now_us, deviation_e8))
        ends_us = [at_us for at_us, _ in told[1:]] + [now_us + 1]
        held = [
            value
            for (_, value), end_us in zip(told, ends_us, strict=True)
            if end_us > now_us - WIDTH_US
        ]
        if told[0][0] <= now_us - WIDTH_US:
            lasted_e8 = min(max(lasted_e8, min(held)), max(held))
        followed.append(lasted_e8)
    return followed


@given(path=PATHS)
def test_it_follows_as_far_as_all_values_of_the_last_while(path: list[tuple[int, int]]) -> None:
    assert follow(path) == naive(path)


def test_a_single_print_moves_it_neither_away_nor_back() -> None:
    away = [(0, 0), *[(10, 0)] * 8, (10, 500), *[(10, 0)] * 8]
    assert set(follow(away)) == {0}
    back = [(0, 300), *[(10, 300)] * 8, (10, 0), *[(10, 300)] * 8]
    assert follow(back)[7:] == [300] * 11


def test_it_names_the_value_that_bounds_it() -> None:
    lasting = LastingDeviation()
    for now_us, deviation_e8 in ((0, 0), (10, 50), (40, 20), (50, 80), (70, 90)):
        assert lasting.take(now_us, deviation_e8, event_id("d", now_us), WIDTH_US) == (
            20 if now_us == 70 else 0
        )
    assert lasting.event_id == event_id("d", 40)


def test_a_print_before_a_silence_has_not_lasted_when_the_next_one_is_good() -> None:
    assert follow([(0, 0), (100, 500), (100, 0)]) == [0, 0, 0]


def test_two_far_prints_on_both_sides_of_a_silence_have() -> None:
    assert follow([(0, 0), (100, 500), (100, 400)]) == [0, 0, 400]
