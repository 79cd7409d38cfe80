"""Which rules are asked about what."""

from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rules.feed_gap import FeedGap
from ecosystem.risk.rules.feed_stale import FeedStale
from ecosystem.risk.rules.stablecoin_depeg import StablecoinDepeg
from ecosystem.risk.rules.trailing_stop import TrailingStop
from ecosystem.risk.state import RiskState
from ecosystem.risk.wiring import wire
from tests.ecosystem.risk.facts import limits


def test_a_rule_is_asked_about_the_ticks_of_its_instruments_and_about_no_others() -> None:
    wired = wire(limits(), {}, RiskState(), AlertBook(1))
    asked = {
        name: {
            symbol
            for symbol in INSTRUMENTS
            if rule.judges_ticks_of(symbol) in wired.at_ticks[symbol]
        }
        for name, rule in wired.rules.items()
        if PriceTicked in rule.judges()
    }
    assert asked == {name: wired.rules[name].instruments for name in asked}
    assert asked[StablecoinDepeg.name] == {"USDT-USD"}
    assert asked[TrailingStop.name] == {"BTC-USD", "ETH-USD", "USDT-USD"}


def test_rules_are_asked_about_a_tick_in_the_order_of_the_registry() -> None:
    wired = wire(limits(), {}, RiskState(), AlertBook(1))
    for symbol, judges in wired.at_ticks.items():
        every = [rule.judges_ticks_of(symbol) for rule in wired.rules.values()]
        assert [judge for judge in every if judge is not None] == list(judges)


def test_rules_that_heed_something_are_asked_at_ticks_only_while_it_holds_something() -> None:
    wired = wire(limits(), {}, RiskState(), AlertBook(1))
    heeding = [rule for rule in wired.rules.values() if rule.heeds is not None]
    assert [rule.name for rule in heeding] == [FeedStale.name, FeedGap.name]
    assert wired.heeded == tuple(rule.heeds for rule in heeding)
    left_out = [rule.judges()[PriceTicked] for rule in heeding]
    for symbol, judges in wired.at_ticks.items():
        quiet = [judge for judge in judges if judge not in left_out]
        assert list(wired.at_quiet_ticks[symbol]) == quiet
