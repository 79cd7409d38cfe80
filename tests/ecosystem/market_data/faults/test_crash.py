import math

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.injections import read_parameters
from ecosystem.market_data.arithmetic import E12
from ecosystem.market_data.faults.contract import Grid
from ecosystem.market_data.faults.crash import Crash, CrashParameters, instruments_altered
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.market_data.source import SourcePrice
from ecosystem.units import HOUR_US, SECOND_US
from tests.ecosystem.market_data.feeds import STARTS_AT_US, crash

GRID = Grid(STARTS_AT_US, SECOND_US)
STRESS = (2 * FACTOR_UNIT, 5 * FACTOR_UNIT)


class Nowhere:
    """A market a crash has no need to look at."""

    def at(self, step: int) -> list[SourcePrice | None]:
        raise AssertionError(f"step {step} was asked for")


NOWHERE = Nowhere()


def underway(**more: object) -> Crash:
    scheduled = crash(starts_s=60, lasts_s=1800, **more)  # type: ignore[arg-type]  # parameters
    return Crash(scheduled, seed=5, grid=GRID)


def fall(one: Crash, step: int) -> int:
    return one.moves_e12(step, NOWHERE)["BTC"]


def test_all_means_bitcoin_and_ether_and_whatever_is_made_of_them() -> None:
    assert instruments_altered(["all"]) == (
        "BTC-USD",
        "ETH-USD",
        "BTC-USDT",
        "ETH-USDT",
        "ETH-BTC",
        "BTC-USD-PERP",
    )
    assert instruments_altered(["USDT-USD"]) == ("USDT-USD", "BTC-USDT", "ETH-USDT")


def test_a_crash_alters_nothing_before_it_begins() -> None:
    assert [underway().alters(step) for step in (0, 59, 60, 61)] == [False, False, True, True]


def test_a_crash_between_two_steps_begins_at_the_later_one() -> None:
    scheduled = msgspec.structs.replace(crash(), starts_at_us=STARTS_AT_US + 60_300_000)
    begun = Crash(scheduled, seed=5, grid=GRID)
    assert [begun.alters(step) for step in (60, 61)] == [False, True]
    assert fall(begun, 61) < 0


def test_a_crash_of_nothing_alters_nothing() -> None:
    assert not underway(change_e8=0).alters(1000)


def test_the_logarithm_falls_linearly_but_for_the_shock_on_it() -> None:
    falling = underway()
    for step in range(60, 1861, 60):
        expected = math.log(0.85) * (step - 60) / 1800
        assert fall(falling, step) / E12 == pytest.approx(expected, abs=0.004)


def test_the_bounce_recovers_its_part_and_the_rest_is_lost() -> None:
    bounced = underway(bounce_e8=50_000_000, bounce_us=600 * SECOND_US)
    bottom, half, end, later = (fall(bounced, step) for step in (1860, 2160, 2460, 9000))
    assert bottom < half < end
    assert end / E12 == pytest.approx(-0.0779615, abs=1e-5), "log(1 - 0.075)"
    assert later == pytest.approx(end, abs=E12 // 10**6)


def test_spread_and_volume_calm_down_with_the_bounce() -> None:
    calming = underway(bounce_us=1000 * SECOND_US)
    assert calming.factors(60) == calming.factors(1860) == STRESS
    assert calming.factors(2360) == (1500, 3000)
    assert calming.factors(2860) == calming.factors(9999) == (FACTOR_UNIT, FACTOR_UNIT)


def test_the_shock_depends_on_the_step_alone() -> None:
    patient, hasty = underway(), underway()
    path = [fall(patient, step) for step in range(60, 2500)]
    assert [fall(hasty, step) for step in range(60, 2500, 97)] == path[::97]


def test_a_small_crash_shakes_less() -> None:
    small = underway(change_e8=-100_000)
    assert max(abs(fall(small, step)) for step in range(60, 600)) < E12 // 1000


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"change_e8": -25_000_001}, "change_e8 -25000001 found; -25000000 to 0 is allowed"),
        ({"change_e8": 1}, "change_e8 1 found; -25000000 to 0 is allowed"),
        ({"instruments": ()}, "all, BTC-USD, ETH-USD, USDT-USD are allowed"),
        ({"instruments": ("BTC-USDT",)}, "all, BTC-USD, ETH-USD, USDT-USD are allowed"),
        ({"bounce_e8": 100_000_001}, "bounce_e8 100000001 found; 0 to 100000000 is allowed"),
        ({"bounce_us": 0}, "bounce_us 0 found; 1000000 to"),
        ({"lasts_s": 72 * 3600 + 1}, "duration_us 259201000000 found; 1000000 to"),
        ({"depth": 3}, "depth"),
        ({"change_e8": "much"}, "change_e8"),
    ],
)
def test_parameters_outside_their_bounds_are_refused_by_name(
    parameters: dict[str, object], found: str
) -> None:
    with pytest.raises(InvalidInputError, match="injection 'crash': ") as refusal:
        Crash(crash(**parameters), seed=5, grid=GRID)  # type: ignore[arg-type]  # wrong on purpose
    assert found in str(refusal.value)


def test_defaults_are_a_fifth_of_the_fall_in_two_hours() -> None:
    found = read_parameters(crash(), CrashParameters)
    assert (found.bounce_e8, found.bounce_us) == (20_000_000, 2 * HOUR_US)
