import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.market_data.quotes import FACTOR_UNIT, QuoteModel
from ecosystem.market_data.source import SourcePrice

BITS = st.integers(0, 2**64 - 1)
BANDS_BPS = {
    "BTC-USD": (1.0, 5.0),
    "ETH-USD": (2.0, 8.0),
    "ETH-BTC": (5.0, 15.0),
    "USDT-USD": (0.1, 2.0),
}


@given(
    symbol=st.sampled_from(sorted(INSTRUMENTS)),
    share=st.integers(10, 1000),
    bits=BITS,
    widening=st.integers(FACTOR_UNIT, 20 * FACTOR_UNIT),
    busyness=st.integers(FACTOR_UNIT, 20 * FACTOR_UNIT),
)
def test_any_quote_lies_on_the_grids_with_the_mid_price_inside(
    symbol: str, share: int, bits: int, widening: int, busyness: int
) -> None:
    instrument = INSTRUMENTS[symbol]
    mid_e8 = instrument.reference_price_e8 * share // 100
    bid, ask, last, *quantities = QuoteModel(instrument).quote(
        SourcePrice(mid_e8), bits, widening, busyness
    )
    assert 0 < bid < ask
    assert last in (bid, ask)
    assert bid % instrument.tick_size_e8 == ask % instrument.tick_size_e8 == 0
    assert bid <= mid_e8 <= ask
    assert all(quantity > 0 for quantity in quantities)
    assert all(quantity % instrument.lot_size_e8 == 0 for quantity in quantities)


@pytest.mark.parametrize(("symbol", "band"), BANDS_BPS.items())
@given(percent=st.integers(60, 160), bits=BITS)
def test_a_quiet_spread_lies_in_the_published_band(
    symbol: str, band: tuple[float, float], percent: int, bits: int
) -> None:
    instrument = INSTRUMENTS[symbol]
    # Tether stays near one; the others wander.
    near = 100 + (percent - 100) // 30 if symbol == "USDT-USD" else percent
    mid_e8 = instrument.reference_price_e8 * near // 100
    bid, ask, *_ = QuoteModel(instrument).quote(SourcePrice(mid_e8), bits, FACTOR_UNIT, FACTOR_UNIT)
    low, high = band
    assert low <= (ask - bid) / mid_e8 * 10_000 <= high


@given(bits=BITS)
def test_factors_shift_no_chance(bits: int) -> None:
    model = QuoteModel(INSTRUMENTS["BTC-USD"])
    mid_e8 = INSTRUMENTS["BTC-USD"].reference_price_e8
    quiet = model.quote(SourcePrice(mid_e8), bits, FACTOR_UNIT, FACTOR_UNIT)
    wild = model.quote(SourcePrice(mid_e8), bits, 2 * FACTOR_UNIT, 5 * FACTOR_UNIT)
    assert wild[3:5] == quiet[3:5]
    assert (wild[2] == wild[1]) == (quiet[2] == quiet[1])
    assert wild[1] - wild[0] == pytest.approx(2 * (quiet[1] - quiet[0]), abs=1_000_000)
    assert quiet[5] <= wild[5] <= 5 * quiet[5] + 5 * INSTRUMENTS["BTC-USD"].lot_size_e8


@given(tick=st.integers(1, 30_000), spread_ticks=st.integers(1, 500), bits=BITS)
def test_a_quote_and_a_trade_that_are_known_are_published_as_they_are(
    tick: int, spread_ticks: int, bits: int
) -> None:
    grid_e8 = INSTRUMENTS["USDT-USD"].tick_size_e8
    bid_e8, spread_e8, last_e8 = tick * grid_e8, spread_ticks * grid_e8, (tick + 7) * grid_e8
    price = SourcePrice(bid_e8 + spread_e8 // 2, spread_e8, 0, last_e8, 7_000_000, 12_345_678)
    quote = QuoteModel(INSTRUMENTS["USDT-USD"]).quote(price, bits, FACTOR_UNIT, FACTOR_UNIT)
    assert quote[:3] == (bid_e8, bid_e8 + spread_e8, last_e8)
    assert quote[3:] == (7_000_000, 12_000_000, 0), "whole lots"


@given(
    st.sampled_from(list(INSTRUMENTS.values())),
    st.lists(
        st.tuples(
            st.none() | st.builds(SourcePrice, st.integers(1, 10**13), st.none() | st.just(10**6)),
            st.integers(0, 2**64 - 1),
        )
    ),
)
def test_quotes_in_one_go_are_the_quotes_one_by_one(
    instrument: Instrument, drawn: list[tuple[SourcePrice | None, int]]
) -> None:
    model = QuoteModel(instrument)
    alone = [
        None if price is None else model.quote(price, bits, FACTOR_UNIT, FACTOR_UNIT)
        for price, bits in drawn
    ]
    assert model.quotes([price for price, _ in drawn], [bits for _, bits in drawn]) == alone
