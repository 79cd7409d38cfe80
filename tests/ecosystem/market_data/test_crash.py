import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.crash import Crash, instruments_altered, read_parameters
from ecosystem.market_data.paths import E12
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.units import HOUR_US, SECOND_US
from tests.ecosystem.market_data.feeds import STARTS_AT_US, crash

STRESS = (2 * FACTOR_UNIT, 5 * FACTOR_UNIT)


def underway(**more: object) -> Crash:
    scheduled = crash(starts_s=60, lasts_s=1800, **more)  # type: ignore[arg-type]  # parameters
    return Crash(scheduled, 5, STARTS_AT_US, SECOND_US)


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
    begun = Crash(scheduled, 5, STARTS_AT_US, SECOND_US)
    assert [begun.alters(step) for step in (60, 61)] == [False, True]
    assert begun.log_e12(61) < 0


def test_a_crash_of_nothing_alters_nothing() -> None:
    assert not underway(change_e8=0).alters(1000)


def test_the_fall_is_linear_but_for_the_shock_on_it() -> None:
    falling = underway()
    for step in range(60, 1861, 60):
        expected = -0.15 * (step - 60) / 1800
        assert falling.log_e12(step) / E12 == pytest.approx(expected * 1.04, abs=0.01)


def test_the_bounce_recovers_its_part_and_the_rest_is_lost() -> None:
    bounced = underway(bounce_e8=50_000_000, bounce_us=600 * SECOND_US)
    bottom, half, end, later = (bounced.log_e12(step) for step in (1860, 2160, 2460, 9000))
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
    path = [patient.log_e12(step) for step in range(60, 2500)]
    assert [hasty.log_e12(step) for step in range(60, 2500, 97)] == path[::97]


def test_a_small_crash_shakes_less() -> None:
    small = underway(change_e8=-100_000)
    assert max(abs(small.log_e12(step)) for step in range(60, 600)) < E12 // 1000


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"change_e8": -25_000_001}, "change_e8 -25000001; allowed is -25000000 to 0"),
        ({"change_e8": 1}, "change_e8 1; allowed is -25000000 to 0"),
        ({"instruments": ()}, "allowed are all, BTC-USD, ETH-USD, USDT-USD"),
        ({"instruments": ("BTC-USDT",)}, "allowed are all, BTC-USD, ETH-USD, USDT-USD"),
        ({"bounce_e8": 100_000_001}, "bounce_e8 100000001; allowed is 0 to 100000000"),
        ({"bounce_us": 0}, "bounce_us 0; allowed is 1000000 to"),
        ({"lasts_s": 72 * 3600 + 1}, "duration_us 259201000000; allowed is 1000000 to"),
        ({"depth": 3}, "depth"),
        ({"change_e8": "much"}, "change_e8"),
    ],
)
def test_parameters_outside_their_bounds_are_refused_by_name(
    parameters: dict[str, object], found: str
) -> None:
    with pytest.raises(InvalidInputError, match="injection 'crash': ") as refusal:
        read_parameters(crash(**parameters))  # type: ignore[arg-type]  # wrong on purpose
    assert found in str(refusal.value)


def test_defaults_are_a_fifth_of_the_fall_in_two_hours() -> None:
    found = read_parameters(crash())
    assert (found.bounce_e8, found.bounce_us) == (20_000_000, 2 * HOUR_US)
