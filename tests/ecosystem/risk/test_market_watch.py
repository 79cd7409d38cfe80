"""The rules of the market together: the same alerts whatever the order of records, and restarts."""

import random
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8
from tests.ecosystem.risk.facts import LIMITS_FILE, Accounts, Placed, clock, deep_book, placed, tick

SLICE_S, SLICES = 10, 90
TROUBLE_S = range(400, 600)
RULES = (
    "stablecoin_depeg",
    "stablecoin_exposure",
    "price_divergence",
    "correlation_break",
    "volatility_spike",
    "liquidity",
)


def short_limits() -> Limits:
    """Return the shipped limits with windows of minutes, so that a story of a quarter fits."""
    text = LIMITS_FILE.read_text()
    for shipped, short in (
        ("every_s = 10\nwindow_s = 1_800\nusual_s = 86_400\nwarm_s = 1_800", (2, 100, 800, 150)),
        ("every_s = 10\nwindow_s = 600\nusual_s = 86_400\nwarm_s = 1_200", (2, 60, 800, 100)),
        ("every_s = 15\nnow_s = 120\nusual_s = 86_400\nwarm_s = 600", (10, 20, 800, 100)),
    ):
        assert shipped in text
        keys = [line.split(" = ")[0] for line in shipped.splitlines()]
        lines = (f"{key} = {value}" for key, value in zip(keys, short, strict=True))
        text = text.replace(shipped, "\n".join(lines))
    return parse_limits(text, "short limits")


def quotes(second: int, chance: random.Random, mids: list[float], *, troubled: bool) -> list[Event]:
    """Return a second of the market, in which bitcoin, ether and the basis have moved."""
    size = 1e-3 if troubled else 1e-4
    shared, alone = chance.gauss(0, size), chance.gauss(0, size / 4)
    mids[0] *= 1 + shared
    mids[1] *= 1 + (-shared if troubled else shared) + alone
    coin = 0.96 if troubled else 1.0
    prices = {
        "BTC-USD": mids[0],
        "ETH-USD": mids[1],
        "USDT-USD": coin,
        "BTC-USDT": mids[0] / coin,
        "ETH-USDT": mids[1] / coin,
        "ETH-BTC": mids[1] / mids[0],
        "BTC-USD-PERP": mids[0] * (1.03 if troubled else 1.0),
    }
    events: list[Event] = [
        tick(second, mid, symbol, bid_e8=round(mid * E8), ask_e8=round(mid * E8) + 2)
        for symbol, mid in prices.items()
    ]
    if second % 5 == 0:
        levels = (E8 // 10 if troubled else E8,) * 10
        events += [
            deep_book(second, round(mids[0] * E8), venue=venue, bids_e8=levels, asks_e8=levels)
            for venue in ("exchange-okx", "exchange-binance")
        ]
    return events


@cache
def story(*, trouble: bool = True) -> Sequence[Sequence[Placed]]:
    chance, mids, accounts = random.Random(3), [60_000.0, 3_000.0], Accounts()
    slices = []
    for number in range(SLICES):
        seconds = range(number * SLICE_S, (number + 1) * SLICE_S)
        events: list[Event] = []
        if number == 0:
            events += [
                accounts.change(0, "USD", 90_000 * E8),
                accounts.change(0, "USDT", 9_000 * E8),
            ]
        for second in seconds:
            events += quotes(second, chance, mids, troubled=trouble and second in TROUBLE_S)
        events.append(clock(seconds.stop, number))
        slices.append(placed(events, 10_000 * number))
    return slices


@cache
def told() -> Sequence[Sequence[Event]]:
    engine = RiskEngine(short_limits())
    return [engine.process_slice(records) for records in story()]


def test_each_rule_tells_of_the_trouble_and_of_its_end() -> None:
    alerts = [alert for answer in told() for alert in answer]
    raised = {one.rule for one in alerts if isinstance(one, RiskAlertRaised)}
    resolved = {one.rule for one in alerts if isinstance(one, RiskAlertResolved)}
    assert raised >= set(RULES)
    assert resolved >= set(RULES)


def test_nothing_is_told_without_trouble() -> None:
    engine = RiskEngine(short_limits())
    alerts = [alert for records in story(trouble=False) for alert in engine.process_slice(records)]
    assert [alert for alert in alerts if getattr(alert, "rule", "") in RULES] == []


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_the_order_in_which_the_records_of_a_slice_come_does_not_matter(seed: int) -> None:
    engine, chance = RiskEngine(short_limits()), random.Random(seed)
    for records, answer in zip(story(), told(), strict=True):
        assert engine.process_slice(chance.sample(records, len(records))) == answer


@pytest.mark.parametrize("cut", [1, 30, 41, 45, 47, 50, 55, 62, 66, 75, 89])
def test_a_restarted_engine_goes_on_as_if_nothing_had_happened(cut: int) -> None:
    engine = RiskEngine(short_limits())
    for records in story()[:cut]:
        engine.restore_slice(records)
    for answer in told()[:cut]:
        for alert in answer:
            engine.restore_alert(alert)
    for records, answer in zip(story()[cut:], told()[cut:], strict=True):
        assert engine.process_slice(records) == answer
