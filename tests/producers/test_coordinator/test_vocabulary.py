from typing import get_args

import msgspec
import pytest

from ecosystem.events.words import Severity
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.faults.latency import Latency
from ecosystem.exchange.faults.partial import PartialFills
from ecosystem.exchange.faults.rejection import OrderRejection
from ecosystem.exchange.faults.spread import SpreadMultiplication
from ecosystem.exchange.faults.thinning import LiquidityReduction
from ecosystem.market_data.faults.crash import CrashParameters
from ecosystem.market_data.faults.depeg import DepegParameters
from ecosystem.market_data.faults.disruption import DisruptionParameters
from ecosystem.market_data.faults.divergence import DivergenceParameters
from ecosystem.market_data.faults.price_shock import PriceShockParameters
from ecosystem.market_data.faults.reshaping import CorrelationParameters, VolatilityParameters
from ecosystem.risk.rules.registry import RULES as MONITOR_RULES
from producers.test_coordinator.vocabulary.tables import INJECTIONS, RULES, SEVERITIES


def test_what_can_be_expected_is_what_the_risk_monitor_has_rules_for() -> None:
    assert set(RULES) == set(MONITOR_RULES)


def test_every_severity_can_be_written() -> None:
    assert set(SEVERITIES.values()) == set(get_args(Severity)) - {"UNKNOWN"}


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("crash", CrashParameters),
        ("price-shock", PriceShockParameters),
        ("depeg", DepegParameters),
        ("price-divergence", DivergenceParameters),
        ("volatility-spike", VolatilityParameters),
        ("correlation-break", CorrelationParameters),
        ("feed-disruption", DisruptionParameters),
        ("venue-latency", Latency),
        ("order-rejection", OrderRejection),
        ("venue-downtime", Downtime),
        ("spread-multiplication", SpreadMultiplication),
        ("liquidity-reduction", LiquidityReduction),
        ("partial-fills", PartialFills),
    ],
)
def test_the_parameters_of_a_fault_are_those_its_machine_takes(
    kind: str, parameters: type[msgspec.Struct]
) -> None:
    words = INJECTIONS[kind].parameters
    fields = {field.name: field for field in msgspec.structs.fields(parameters)}
    assert [word.name for word in words] == list(fields)
    for word in words:
        assert fields[word.name].required == (word.default is None)
        assert word.default is None or fields[word.name].default == word.default
