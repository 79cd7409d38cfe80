"""The seam between where prices come from and what the feed makes of them."""

from collections.abc import Sequence

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.source import SourcePrice
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, crash, run, ticks


class Quoted:
    """Knows everything of bitcoin, on even steps, and nothing of the rest."""

    def prices(self, step: int) -> Sequence[SourcePrice | None]:
        known = SourcePrice((50_000 + step) * E8, 7 * E8, 3 * E8)
        return [known if symbol == "BTC-USD" and step % 2 == 0 else None for symbol in INSTRUMENTS]


def test_what_a_source_knows_is_published_as_it_is_and_what_it_lacks_leaves_a_gap() -> None:
    machine = MarketData(KEY, 1, STARTS_AT_US, source=Quoted())
    found = ticks(run(machine, 5))
    assert {tick.instrument for tick in found} == {"BTC-USD"}
    assert [tick.feed_sequence for tick in found] == [0, 2, 4]
    for tick in found:
        assert tick.bid_price_e8 + tick.ask_price_e8 == 2 * (50_000 + tick.feed_sequence) * E8
        assert tick.ask_price_e8 - tick.bid_price_e8 == 7 * E8
        assert tick.volume_e8 == 3 * E8


def test_injections_alter_what_any_source_gives() -> None:
    machine = MarketData(KEY, 1, STARTS_AT_US, source=Quoted())
    machine.handle(crash(starts_s=2, lasts_s=2), STARTS_AT_US)
    (fallen,) = ticks(run(machine, 5))[-1:]
    assert 0.83 < fallen.bid_price_e8 / (50_004 * E8) < 0.86
    assert fallen.ask_price_e8 - fallen.bid_price_e8 == 14 * E8
    assert fallen.volume_e8 == 15 * E8


def test_a_model_asked_for_an_earlier_step_gives_what_it_gave() -> None:
    paths = ModelSource(1, SECOND_US)
    early = paths.prices(7)
    assert paths.prices(20) != early
    assert paths.prices(7) == early
