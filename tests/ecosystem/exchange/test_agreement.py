"""The matching engine agrees with others on every trade of long flows of orders."""

import pytest

from ecosystem.venues import SelfMatch
from tests.ecosystem.exchange.engines import Light, Message, Mix, Naive, Venue, WholeExchange, flow

MESSAGES = 200_000
THIN = Mix(cancel_share=0.45, spread=6, aggression=0.5)
MIXES: dict[str, tuple[Mix, SelfMatch]] = {
    "thin book": (THIN, "CANCEL_NEWEST"),
    "deep book": (Mix(spread=40, aggression=0.15, pending_max=500), "CANCEL_OLDEST"),
    "sweeps": (Mix(sweep_share=0.05, market_share=0.1, quantity_max=30), "NONE"),
    "few accounts": (THIN._replace(accounts=3, immediate_share=0.2), "CANCEL_BOTH"),
    "one price": (THIN._replace(spread=0, market_share=0.05), "CANCEL_OLDEST"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXES)
def test_it_agrees_with_a_naive_engine_on_every_trade(name: str) -> None:
    mix, self_match = MIXES[name]
    ours, naive = Venue(self_match), Naive(self_match)
    trades = 0
    for message in flow(mix, MESSAGES, seed=11):
        executed = ours.take(message)
        assert executed == naive.take(message), message
        trades += len(executed)
    assert ours.resting() == naive.resting() != {}
    assert trades > MESSAGES // 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_it_agrees_with_an_engine_of_others_on_limit_orders_and_cancels(seed: int) -> None:
    # The other engine knows no accounts, no market orders that stop, and no orders that do not
    # rest: the mix both support is limit orders and cancels.
    mix = Mix(cancel_share=0.4, market_share=0, immediate_share=0, sweep_share=0.01)
    ours, light = Venue("NONE"), Light()
    trades = 0
    for message in flow(mix, MESSAGES, seed):
        executed = ours.take(message)
        assert executed == light.take(message), message
        trades += len(executed)
    assert trades > MESSAGES // 10


@pytest.mark.slow
def test_the_whole_exchange_agrees_with_a_naive_engine_on_every_trade() -> None:
    ours, naive = WholeExchange("CANCEL_OLDEST"), Naive("CANCEL_OLDEST")
    trades = 0
    for message in flow(THIN, MESSAGES, seed=5):
        executed = ours.take(message)
        assert executed == naive.take(message), message
        trades += len(executed)
    assert ours.resting() == naive.resting() != {}
    assert trades > MESSAGES // 10


def test_a_flow_holds_what_its_mix_promises() -> None:
    messages = list(flow(MIXES["sweeps"][0], 20_000, seed=3))
    assert messages == list(flow(MIXES["sweeps"][0], 20_000, seed=3))
    cancels = sum(message.cancels >= 0 for message in messages)
    markets = sum(message.price is None and message.cancels < 0 for message in messages)
    assert 0.29 < cancels / len(messages) < 0.6
    assert 0.09 < markets / (len(messages) - cancels) < 0.11
    assert max(message.quantity for message in messages) == 600


def test_engines_that_differ_are_told_apart() -> None:
    orders = [Message(0, "a", False, 100, 5), Message(1, "a", True, 100, 5)]
    executed = [[engine.take(order) for order in orders] for engine in (Naive("NONE"), Naive())]
    assert executed == [[[], [(0, 100, 5)]], [[], []]]
