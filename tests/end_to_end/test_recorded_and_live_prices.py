"""Recorded and live prices on the real log: it holds what the file says, or the exchanges."""

import csv
import time
from pathlib import Path

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.prices import PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.instruments import INSTRUMENTS
from examples.recordings.make import HERE
from producers.live.clock import wall_us
from tests.end_to_end.runs import records, unwatched
from tests.producers.market_data.live_sources.exchanges import LocalExchange, LocalExchanges
from tse.recording_options import RecordingOptions, examined, lasting, with_recordings
from tse.running.environment import RUN_KEY, Environment
from tse.running.plans import new_run_id, world_plan
from tse.running.processes import Processes
from tse.running.services import start_simulator
from tse.running.world_run import WorldOptions, prepare, run_world

pytestmark = [pytest.mark.infra, pytest.mark.timeout(180)]
BARS = HERE / "usdt-usd-1m.csv"
BOUND_S = 90.0


def ticks_of(environment: Environment, namespace: str, instrument: str) -> list[PriceTicked]:
    found = records(environment.clients(namespace), ["prices"])
    events = [record.event for record in found if isinstance(record.event, PriceTicked)]
    return [tick for tick in events if tick.instrument == instrument]


def test_a_world_on_a_recording_has_its_closes_and_its_gaps_and_refuses_another_file(
    environment: Environment, tmp_path: Path
) -> None:
    copy = tmp_path / "bars.csv"
    copy.write_bytes(BARS.read_bytes())
    found = examined(RecordingOptions(files=[copy], instruments=["USDT-USD"], speed=60.0))
    assert found is not None
    plan = with_recordings(lasting(world_plan("quiet", 3), "3m"), found)
    unjudged = WorldOptions(monitor=False, audit=False)
    run_world(environment, plan, unjudged, unwatched)
    tether = ticks_of(environment, plan.run_id, "USDT-USD")
    # At this speed each bar is one tick, which has its close.
    tick_e8 = INSTRUMENTS["USDT-USD"].tick_size_e8
    rows = list(csv.DictReader(BARS.read_text().splitlines()))
    close_e8 = round(float(rows[0]["close"]) * 1e8)
    assert abs(tether[0].last_price_e8 - close_e8) <= tick_e8 // 2
    sequences = [tick.feed_sequence for tick in tether]
    assert sequences == [step for step in range(180) if step not in (30, 31, 32, 33, 72, 122)]
    assert len(ticks_of(environment, plan.run_id, "BTC-USDT")) == 180
    copy.write_text(BARS.read_text().replace("1.000", "1.001"))
    with pytest.raises(InvalidInputError, match=r"SHA-256 .* found; the run was planned with"):
        run_world(environment, plan, unjudged, unwatched)


def test_the_live_feed_publishes_what_exchanges_agree_on(
    environment: Environment, tmp_path: Path
) -> None:
    namespace = new_run_id()
    prepare(environment, namespace)
    environment.broker.secrets.get_or_create(RUN_KEY)
    with (
        LocalExchanges(
            alpha=LocalExchange("kraken"), gamma=LocalExchange("bitstamp", bid="60002", ask="60012")
        ) as server,
        Processes(tmp_path / "logs") as processes,
    ):
        file = tmp_path / "sources.yaml"
        lines = [
            f"  - {{name: {name}, exchange: {one.protocol}, url: '{server.url(name)}',"
            " instruments: {BTC-USD: BTC/USD}}"
            for name, one in server.exchanges.items()
        ]
        file.write_text("\n".join(["sources:", *lines, "every: 200ms"]))
        settings = {
            "TSE_NAMESPACE": namespace,
            "TSE_SEED": "1",
            "TSE_CLOCK_EPOCH_US": str(wall_us()),
            "TSE_MARKET_DATA_SOURCE": "ccxt",
            "TSE_MARKET_DATA_FILE": str(file),
        }
        start_simulator(processes, environment, "market-data", settings)
        deadline = time.monotonic() + BOUND_S
        while not (bitcoin := ticks_of(environment, namespace, "BTC-USD")):
            processes.check()
            assert time.monotonic() < deadline, "no tick of a live price"
    assert bitcoin[0].bid_price_e8 == 6_000_100_000_000
    assert bitcoin[0].ask_price_e8 == 6_001_100_000_000
    found = records(environment.clients(namespace), ["venue-status"])
    states = [one.event.state for one in found if isinstance(one.event, VenueStatusChanged)]
    assert states[-1] == "UP"
