"""Price shock: the move inside a window, at each severity and over random paths."""

from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.price_shock import KIND, PriceShock, PriceShockLimit
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

# One unit of the scaled price is one unit of the scaled move; a limit of 1 is the price itself.
START_E8 = E8
PATHS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(E8 // 2, 2 * E8)), min_size=1, max_size=40
)


def rule(move_e8: int = E8, window_s: int = 300) -> Rig:
    return Rig(KIND, PriceShockLimit(move_e8=move_e8, window_us=window_s * SECOND_US))


def judge(shock: Rig, seconds: float, mid_e8: int) -> Finding | None:
    return shock.one(tick(seconds, 0, mid_e8=mid_e8, bid_e8=mid_e8, ask_e8=mid_e8))


@LEVELS
def test_severity_of_a_rise(share_e8: int, severity: str | None) -> None:
    shock = rule()
    assert judge(shock, 0, START_E8) is None
    finding = judge(shock, 1, START_E8 + share_e8)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = shock.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("price_shock", "BTC-USD")
        assert (alert.severity, alert.measured_e8) == (severity, share_e8)
        assert (alert.limit_e8, alert.unit) == (E8, "ratio")


@LEVELS
def test_severity_of_a_fall(share_e8: int, severity: str | None) -> None:
    shock = rule(move_e8=E8 // 4)
    fall_e8 = share_e8 // 4
    judge(shock, 0, START_E8)
    finding = judge(shock, 1, START_E8 - fall_e8)
    expected = severity_of(fall_e8 * 4)
    assert (finding is None) == (expected is None)
    if finding is not None:
        alert = shock.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.severity, alert.measured_e8) == (expected, fall_e8)


@pytest.mark.parametrize(("seconds", "seen"), [(299, True), (300, True), (300.000001, False)])
def test_an_extreme_counts_until_it_leaves_the_window(seconds: float, seen: bool) -> None:
    shock = rule(move_e8=2_000_000)
    judge(shock, 0, START_E8)
    judge(shock, 1, START_E8 - 1_000_000)
    assert (judge(shock, seconds, START_E8 - 1_900_000) is not None) is seen


def test_inputs_name_the_tick_of_the_extreme_and_the_message_says_it() -> None:
    shock = rule(move_e8=2_000_000)
    mid_e8 = START_E8 + 500_000
    top = tick(1, 0, mid_e8=mid_e8, bid_e8=mid_e8, ask_e8=mid_e8)
    judge(shock, 0, START_E8)
    shock.take(top)
    finding = judge(shock, 2, START_E8 - 1_500_000)
    assert finding is not None
    assert finding.inputs == (top.event_id,)
    assert finding.message == "BTC-USD fell 1.99 % within 300 s; the limit is 2.00 %"


def test_instruments_have_windows_of_their_own() -> None:
    shock = rule(move_e8=2_000_000)
    judge(shock, 0, START_E8)
    assert shock.one(tick(1, 0, "ETH-USD", mid_e8=2 * START_E8)) is None


@given(path=PATHS)
def test_the_move_is_the_largest_against_any_quote_of_the_window(
    path: list[tuple[int, int]],
) -> None:
    shock = rule(move_e8=E8 // 2)
    watch = next(w for w in shock.book.watches() if w.subject == "BTC-USD")
    seconds, seen = 0, []
    for gap, mid_e8 in path:
        seconds += gap
        seen.append((seconds, mid_e8))
        finding = judge(shock, seconds, mid_e8)
        window = [mid for at_s, mid in seen if at_s >= seconds - 300]
        move_e8 = max(abs(mid_e8 - other) * E8 // other for other in window)
        assert watch.utilisation_e8 == move_e8 * 2
        assert (finding is None) == (severity_of(move_e8 * 2) is None)
        if finding is not None:
            assert finding.measured_e8 == move_e8


def told(path: Sequence[tuple[float, int]], *, each: bool) -> list[object]:
    """Return what is told and shown along a path of gaps and prices, each tick looked at or not."""
    shock = rule(move_e8=E8 // 5)
    windows = cast("PriceShock", shock.rule)._windows
    seconds, found = 0.0, list[object]()
    for gap_s, mid_e8 in path:
        seconds += gap_s
        if each:
            windows["BTC-USD"].unsettle()
        spoken = tick(seconds, 0, mid_e8=mid_e8, bid_e8=mid_e8, ask_e8=mid_e8)
        found += [shock.book.decide(one, spoken) for one in shock.take(spoken)]
        found.append(windows["BTC-USD"].watch.utilisation_e8)
    return found


CRASH = (0, 1_000), (10, 790)
RALLY = (0, 1_000), (10, 1_210)


@given(
    start=st.sampled_from((CRASH, RALLY, ((0, 1_000),))),
    path=st.lists(
        st.tuples(
            st.sampled_from((1, 40, 105, 190, 290, 290.000001, 300)),
            st.sampled_from((790, 868, 900, 950, 1_000, 1_110, 1_210)) | st.integers(700, 1_300),
        ),
        max_size=20,
    ),
)
@example(start=CRASH, path=[(190, 868), (105, 868), (6, 789), (1, 790)])
@example(start=CRASH, path=[(10, 800), (280, 800), (0.000001, 800)])
@example(start=CRASH, path=[(10, 800), (280.000001, 800)])
@example(start=RALLY, path=[(190, 1_100), (105, 1_100), (6, 1_199), (1, 1_198)])
@example(start=RALLY, path=[(10, 1_200), (280.000001, 1_200)])
@example(start=((0, 1_000),), path=[(1, 900), (1, 950)])
def test_what_is_told_is_the_same_as_if_each_tick_was_looked_at(
    start: Sequence[tuple[float, int]], path: list[tuple[float, int]]
) -> None:
    assert told([*start, *path], each=False) == told([*start, *path], each=True)
