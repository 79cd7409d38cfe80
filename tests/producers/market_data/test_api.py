"""The feed's door before a real machine on the log in memory."""

from collections.abc import Iterator

import pytest

from ecosystem.instruments import INSTRUMENTS
from tests.producers.stands import Stand, until


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """A feed that ticks, whose time began an hour ago."""
    with Stand("market-data", began_s=3_700) as stand:
        until(lambda: len(stand.client.get("/api/v1/prices").json()) == len(INSTRUMENTS))
        yield stand


def test_every_instrument_has_a_price_that_does_not_cross(stand: Stand) -> None:
    prices = stand.client.get("/api/v1/prices").json()
    assert {price["instrument"] for price in prices} == set(INSTRUMENTS)
    for price in prices:
        assert float(price["bid_price"]) < float(price["ask_price"])
        alone = stand.client.get(f"/api/v1/prices/{price['instrument']}").json()
        assert alone["feed_sequence"] >= price["feed_sequence"]


def test_history_comes_latest_first_in_pages(stand: Stand) -> None:
    path = "/api/v1/prices/BTC-USD/history"
    first = stand.client.get(path, params={"interval": "1m", "limit": 10})
    times = [bar["open_time"] for bar in first.json()["items"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == min(10, first.json()["total"])
    for bar in first.json()["items"]:
        assert float(bar["low_price"]) <= float(bar["open_price"]) <= float(bar["high_price"])
    assert stand.client.get(path, params={"interval": "2m"}).status_code == 422


def test_the_book_and_the_day_are_told(stand: Stand) -> None:
    until(lambda: stand.client.get("/api/v1/orderbook/BTC-USD").status_code == 200)
    book = stand.client.get("/api/v1/orderbook/BTC-USD").json()
    assert len(book["bid_prices"]) == len(book["ask_quantities"]) == 10
    assert float(book["bid_prices"][0]) < float(book["ask_prices"][0])
    until(lambda: stand.client.get("/api/v1/prices/BTC-USD/statistics").status_code == 200)
    day = stand.client.get("/api/v1/prices/BTC-USD/statistics").json()
    assert float(day["low_price"]) <= float(day["last_price"]) <= float(day["high_price"])


def test_correlations_are_told_for_every_pair(stand: Stand) -> None:
    told = stand.client.get("/api/v1/correlations", params={"minutes": 30}).json()
    assert told["instruments"] == list(INSTRUMENTS)
    assert told["returns_count"] in (0, 30)
    size = len(INSTRUMENTS) if told["returns_count"] else 0
    assert [len(row) for row in told["matrix"]] == [size] * size
    assert all(told["matrix"][at][at] == "1" for at in range(size))


def test_an_unknown_instrument_is_not_found(stand: Stand) -> None:
    for path in (
        "prices/X1-USD",
        "prices/X1-USD/history",
        "orderbook/X1-USD",
        "stream/prices/X1-USD",
    ):
        answer = stand.client.get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert "'X1-USD'" in answer.json()["detail"]


def test_metrics_tell_updates_staleness_and_latency(stand: Stand) -> None:
    text = stand.client.get("/metrics").text
    samples = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if not line.startswith("#")
    }
    assert samples['market_data_price_updates_total{instrument="BTC-USD"}'] >= 1
    assert 0 <= samples['market_data_staleness_seconds{instrument="BTC-USD"}'] < 10
    assert samples["market_data_publication_latency_ms_count"] >= len(INSTRUMENTS)
