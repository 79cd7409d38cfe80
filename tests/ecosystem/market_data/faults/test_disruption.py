"""What each mode of a disruption does to the ticks, and what is noted of it."""

from collections import Counter
from itertools import pairwise

import pytest

from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.machine import MarketData
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, feed, injection, run, ticks

BEGIN, END = 100, 400


def disrupted(mode: str, **more: object) -> list[Event]:
    fault = injection(
        "feed-disruption",
        name="trouble",
        starts_s=BEGIN,
        lasts_s=END - BEGIN,
        mode=mode,
        **more,
    )
    return run(feed(1, fault), 500)


def quotes_of(events: list[Event], symbol: str = "BTC-USD") -> list[PriceTicked]:
    return ticks(events, symbol)


def second(event: Event) -> int:
    return (event.event_time_us - STARTS_AT_US) // SECOND_US


def notes(events: list[Event], measure: str) -> list[InjectionApplied]:
    return [e for e in events if isinstance(e, InjectionApplied) and e.measure == measure]


QUIET = run(feed(1), 500)


def test_a_fifth_of_the_ticks_is_lost_and_sequences_show_it() -> None:
    events = disrupted("loss")
    lost = 0
    for symbol in INSTRUMENTS:
        came = {tick.feed_sequence for tick in quotes_of(events, symbol)}
        missing = set(range(500)) - came
        assert all(BEGIN <= sequence < END for sequence in missing)
        lost += len(missing)
    assert lost / (7 * (END - BEGIN)) == pytest.approx(0.2, abs=0.03)
    gaps = {note.altered_event_id: note for note in notes(events, "gap BTC-USD")}
    silences = {note.altered_event_id: note for note in notes(events, "silence BTC-USD")}
    for before, after in pairwise(quotes_of(events)):
        distance = after.feed_sequence - before.feed_sequence
        assert (after.event_id in gaps) == (before.event_id in silences) == (distance > 1)
        if distance > 1:
            assert gaps[after.event_id].unaltered_e8 == E8
            assert gaps[after.event_id].altered_e8 == distance * E8
            assert silences[before.event_id].altered_e8 == distance * E8
            assert second(silences[before.event_id]) == before.feed_sequence + 1


def test_gaps_are_stretches_and_signs_of_life_go_on_and_show_them() -> None:
    events = disrupted("gaps", rate_e8=E8 // 2, gap_us=20 * SECOND_US, instruments=["BTC-USD"])
    assert len(quotes_of(events, "ETH-USD")) == 500
    distances = Counter(
        after.feed_sequence - before.feed_sequence for before, after in pairwise(quotes_of(events))
    )
    assert {(distance - 1) % 20 for distance in distances} == {0}
    assert max(distances) > 20
    beats = [e for e in events if isinstance(e, FeedHeartbeat) and e.instrument == "BTC-USD"]
    assert [second(beat) for beat in beats] == list(range(0, 500, 10))
    came = {tick.feed_sequence for tick in quotes_of(events)}
    noted = {note.altered_event_id for note in notes(events, "gap BTC-USD")}
    for beat in beats:
        assert (beat.event_id in noted) == (second(beat) not in came)


def test_a_delay_brings_every_tick_late_and_in_order_and_the_last_at_once() -> None:
    events = disrupted("delay", delay_us=3 * SECOND_US)
    came = quotes_of(events)
    assert [tick.feed_sequence for tick in came] == list(range(500)), "none lost, none overtaken"
    for tick in came:
        late = second(tick) - tick.feed_sequence
        during = BEGIN <= tick.feed_sequence < END
        assert late == (min(3, END - tick.feed_sequence) if during else 0)
    ages = notes(events, "age BTC-USD")
    assert len(ages) == END - BEGIN
    assert Counter((n.unaltered_e8, n.altered_e8) for n in ages)[E8, 4 * E8] == END - BEGIN - 2
    unlike = [
        (tick, twin)
        for tick, twin in zip(came, quotes_of(QUIET), strict=True)
        if tick.bid_price_e8 != twin.bid_price_e8 or tick.event_id != twin.event_id
    ]
    assert unlike == [], "they say what they would have said"


def test_reordering_brings_some_ticks_right_after_their_successor() -> None:
    events = disrupted("reordering", rate_e8=3 * 10**7)
    came = [tick.feed_sequence for tick in quotes_of(events)]
    assert sorted(came) == list(range(500))
    late = [b for a, b in pairwise(came) if b < a]
    assert len(late) / (END - BEGIN) == pytest.approx(0.21, abs=0.06), "0.3, but for runs of them"
    assert all(BEGIN <= sequence < END for sequence in late)
    assert {tick.feed_sequence: second(tick) for tick in quotes_of(events)}[late[0]] == late[0] + 1


def test_duplicates_are_noted_as_second_copies() -> None:
    events = disrupted("duplicates")
    counts = Counter(tick.feed_sequence for tick in quotes_of(events))
    twice = [sequence for sequence, count in counts.items() if count == 2]
    assert set(counts) == set(range(500))
    assert len(twice) / (END - BEGIN) == pytest.approx(0.2, abs=0.07)
    copies = notes(events, "copies BTC-USD")
    assert [(note.unaltered_e8, note.altered_e8) for note in copies] == [(E8, 2 * E8)] * len(twice)


def test_a_stale_feed_repeats_the_quote_with_which_it_froze_under_new_sequences() -> None:
    events = disrupted("stale", instruments=["BTC-USD"])
    frozen = quotes_of(events)[BEGIN:END]
    said = {(t.bid_price_e8, t.ask_price_e8, t.last_price_e8, t.volume_e8) for t in frozen}
    assert len(said) == 1
    assert [tick.feed_sequence for tick in frozen] == list(range(BEGIN, END))
    assert quotes_of(events)[END:] == quotes_of(QUIET)[END:]
    assert quotes_of(events, "ETH-USD") == quotes_of(QUIET, "ETH-USD")


def test_crossed_quotes_have_bid_and_ask_changed_over() -> None:
    events = disrupted("crossed", rate_e8=E8)
    for tick, twin in zip(quotes_of(events)[BEGIN:END], quotes_of(QUIET)[BEGIN:END], strict=True):
        assert (tick.bid_price_e8, tick.ask_price_e8) == (twin.ask_price_e8, twin.bid_price_e8)
    for note in notes(events, "spread BTC-USD"):
        assert note.altered_e8 == -note.unaltered_e8


def test_wrong_decimals_move_the_point_either_way() -> None:
    events = disrupted("decimals", places=3, rate_e8=E8 // 10)
    factors: Counter[float] = Counter()
    for tick, twin in zip(quotes_of(events), quotes_of(QUIET), strict=True):
        factors[round(tick.bid_price_e8 / twin.bid_price_e8, 6)] += 1
    assert set(factors) == {0.001, 1.0, 1000.0}
    assert factors[0.001] + factors[1000.0] == len(notes(events, "price BTC-USD"))
    assert (factors[0.001] + factors[1000.0]) / (END - BEGIN) == pytest.approx(0.1, abs=0.05)


def test_a_feed_of_tenths_of_seconds_is_delayed_by_as_much_time() -> None:
    fault = injection("feed-disruption", starts_s=1, lasts_s=10, mode="delay")
    machine = MarketData(KEY, 1, STARTS_AT_US, interval_us=SECOND_US // 10)
    machine.handle(fault, STARTS_AT_US)
    came = quotes_of(run(machine, 60))
    assert [tick.feed_sequence for tick in came] == list(range(40)), "two seconds behind"
    assert came[-1].event_time_us - STARTS_AT_US == 5_900_000
