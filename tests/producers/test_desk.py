"""Strategies of the user's own: found by name, run in a world, and the same every time."""

import ast
from pathlib import Path

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.signals import StrategySignalled
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderRejected, OrderSubmitted
from ecosystem.trading.contract import Strategy
from ecosystem.trading.gate.limits import DEFAULT_TEXT
from ecosystem.trading.machine import TradingEngine
from ecosystem.trading.registry import FIRM, SeatPlan, with_seat
from ecosystem.units import HOUR_US
from producers.desk import DeskSettings, build_engine, registry_of, settings_of
from tests.ecosystem.market_data.feeds import crash, feed
from tests.ecosystem.trading.session import Session
from tests.ecosystem.trading.worlds import Running, bundled, trading

BREAKOUT = "examples.strategies.breakout:Breakout@firm-momentum"
ROOT = Path(__file__).parents[2]


class NeedsMore(Strategy):
    """A strategy that cannot be made without being told something."""

    instruments = ("BTC-USD",)

    def __init__(self, told: str) -> None:
        self.told = told


class Idle(Strategy):
    """A strategy that wants nothing."""


class Lost(Strategy):
    """A strategy for what nobody trades."""

    instruments = ("DOGE-USD",)


def test_the_example_trades_in_a_world_in_the_place_of_the_accounts_own_strategy() -> None:
    scenario = msgspec.structs.replace(bundled("quiet"), duration_us=HOUR_US)
    runs = [
        Running(scenario, 5, engine=build_engine(5, DeskSettings(strategies=(BREAKOUT,)))).run()
        for _ in range(2)
    ]
    first, second = runs
    assert first.written == second.written
    mine = [
        one
        for one in first.of(OrderSubmitted)
        if isinstance(one, OrderSubmitted) and one.account == "firm-momentum"
    ]
    assert mine
    told = [one for one in first.of(StrategySignalled) if isinstance(one, StrategySignalled)]
    assert {one.strategy for one in told if one.account == "firm-momentum"} == {"breakout"}
    assert first.of(OrderRejected) == []
    seats = trading(first).state.seats
    assert "momentum" not in seats
    assert "mean-reversion" in seats


def test_an_engine_with_the_example_restored_in_the_middle_goes_on_identically() -> None:
    settings = DeskSettings(strategies=(BREAKOUT,))
    session = Session(6, engine=build_engine(6, settings))
    session.run(3000)
    restored = build_engine(6, settings)
    for event in session.story:
        restored.restore(event)
    heard, said = len(session.delivered), len(session.decided)
    session.run(1800)
    again: list[Event] = []
    for event in session.delivered[heard:]:
        again.extend(restored.handle(event, event.event_time_us))
    assert again == session.decided[said:]


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "strategies").glob("*.py")))
def test_examples_import_the_public_contract_and_nothing_else_of_ours(path: Path) -> None:
    ours = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").is_file()}
    tree = ast.parse(path.read_text("utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert "ecosystem" in ours
    assert {name for name in modules if name.partition(".")[0] in ours} <= {
        "ecosystem.trading.contract"
    }


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("breakout", "package.module:Class@account is allowed"),
        ("examples.strategies.breakout:Breakout", "package.module:Class@account is allowed"),
        ("no.such.module:Breakout@firm-momentum", "must be importable"),
        ("examples.strategies.breakout:Nothing@firm-momentum", "a subclass of"),
        ("examples.strategies.breakout:WINDOW_US@firm-momentum", "is int"),
        ("examples.strategies.breakout:Breakout@firm-other", "account 'firm-other'"),
        ("tests.producers.test_desk:NeedsMore@firm-momentum", "needs no arguments"),
        ("tests.producers.test_desk:Idle@firm-momentum", "instruments none"),
        ("tests.producers.test_desk:Lost@firm-momentum", "instruments DOGE-USD"),
    ],
)
def test_a_strategy_that_cannot_run_is_refused_with_the_reason(spec: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        registry_of([spec])


def test_a_name_cannot_be_taken_twice() -> None:
    with pytest.raises(InvalidInputError, match="the name is taken"):
        registry_of([BREAKOUT, BREAKOUT.replace("momentum", "reversion")])


def test_settings_are_recorded_with_a_run_and_read_back() -> None:
    settings = DeskSettings(strategies=(BREAKOUT,), limits_toml=DEFAULT_TEXT)
    recorded = msgspec.json.encode({"limits_toml": "", **settings.recorded()}).decode()
    assert settings_of(recorded) == settings
    assert settings_of("{}") == DeskSettings()
    assert DeskSettings().recorded() == {}


def test_other_limits_hold() -> None:
    text = DEFAULT_TEXT.replace("usd = 25_000", "usd = 100")
    session = Session(1, engine=build_engine(1, DeskSettings(limits_toml=text)))
    session.run(1800)
    assert session.orders() == []
    assert session.engine.state.tallies.withheld_count.keys() == {"notional"}


def test_the_strategy_of_the_manual_does_what_it_says() -> None:
    manual = (ROOT / "docs" / "how-to" / "add-a-strategy.md").read_text("utf-8")
    code = manual.split("```python\n", 1)[1].split("```", 1)[0]
    scope: dict[str, object] = {}
    exec(compile(code, "add-a-strategy.md", "exec"), scope)  # noqa: S102 - our own manual
    buyer = scope["DipBuyer"]
    assert isinstance(buyer, type)
    assert issubclass(buyer, Strategy)
    plan = SeatPlan(name="dip-buyer", account="firm-momentum", implementation="dip-buyer")
    engine = TradingEngine(seed=2, registry=with_seat(FIRM, plan, buyer))
    session = Session(2, feed(2, crash(starts_s=60, lasts_s=600)), engine)
    session.run(600)
    mine = [order for order in session.orders() if order.account == "firm-momentum"]
    assert [(order.side, order.quantity_e8) for order in mine] == [("BUY", 1_000_000)]
