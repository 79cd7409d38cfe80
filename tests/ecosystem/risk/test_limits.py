"""Limits are read strictly, and every mistake is told at once."""

import re

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.rules.registry import RULES
from ecosystem.units import E8, MINUTE_US, SECOND_US
from tests.ecosystem.risk.facts import LIMITS_FILE, limits, with_version

SHIPPED = LIMITS_FILE.read_text()


def test_the_limits_shipped_say_what_the_design_says() -> None:
    rules = limits().rules
    shock = rules["price_shock"].limit
    assert (shock.move_e8, shock.window_us) == (2_000_000, 5 * MINUTE_US)
    assert rules["drawdown"].limit.fall_e8 == 15_000_000
    assert rules["daily_loss"].limit.loss_e8 == 500_000 * E8
    assert rules["settlement_timeout"].limit.overdue_us == 5 * MINUTE_US
    assert rules["feed_stale"].limit.silence_us == 30 * SECOND_US
    bounds = {
        asset: (bound.long_e8 // E8, bound.short_e8 // E8)
        for asset, bound in rules["position_limit"].limit.bounds.items()
    }
    assert bounds == {"BTC": (10, 5), "ETH": (200, 100)}
    scale = rules["drawdown"].scale
    assert scale.shares_e8 == (50_000_000, 75_000_000, 90_000_000, 100_000_000)
    assert (scale.clear_e8, scale.cooldown_us) == (45_000_000, 5 * MINUTE_US)


def test_all_mistakes_are_told_at_once_with_what_is_allowed() -> None:
    text = (
        with_version(SHIPPED, 0)
        .replace("version = 0", "version = 0\ncolour = 1")
        .replace("move = 0.02", "mvoe = 0.02")
        .replace("fall = 0.15", "fall = -0.15")
        .replace("loss_usd = 500_000", 'loss_usd = "much"')
        .replace("short = 100", "short = 0.000000001")
        .replace("[daily_loss]", "[daily_loss]\nenabled = 1")
    )
    with pytest.raises(InvalidInputError) as caught:
        parse_limits(text, "limits.toml")
    lines = str(caught.value).splitlines()
    expected = [
        r"limits.toml: colour: unknown; version, .* are allowed",
        r"limits.toml: version: 0 found, a whole number from 1 is allowed",
        r"limits.toml: price_shock.mvoe: unknown; .* did you mean move\?",
        r"limits.toml: price_shock.move: nothing found, a number above 0.* is allowed",
        r"limits.toml: drawdown.fall: -0.15 found, .*",
        r"limits.toml: daily_loss.loss_usd: 'much' found, .*",
        r"limits.toml: daily_loss.enabled: 1 found, true or false is allowed",
        r"limits.toml: position_limit.ETH.short: 1e-09 found, .* eight decimals is allowed",
    ]
    for pattern in expected:
        assert any(re.fullmatch(pattern, line) for line in lines), pattern
    assert len(lines) == len(expected)


def test_a_missing_table_is_one_mistake() -> None:
    text = SHIPPED.replace("[drawdown]", "[rolldown]")
    with pytest.raises(InvalidInputError) as caught:
        parse_limits(text, "limits.toml")
    assert str(caught.value).splitlines() == [
        "limits.toml: rolldown: unknown; version, severity, alerts, circuit_breaker,"
        f" {', '.join(RULES)} are allowed; did you mean drawdown?",
        "limits.toml: drawdown: nothing found, a table is allowed",
    ]


@pytest.mark.parametrize("text", ["version = \n", "[severity]\n[severity]"])
def test_what_is_no_toml_is_told_with_its_line(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"limits.toml: .*line \d"):
        parse_limits(text, "limits.toml")


def test_shares_must_rise() -> None:
    with pytest.raises(InvalidInputError, match="clear < low < medium < high < critical"):
        parse_limits(SHIPPED.replace("medium = 0.75", "medium = 0.95"), "limits.toml")
    with pytest.raises(InvalidInputError, match="clear < low"):
        parse_limits(SHIPPED.replace("clear = 0.45", "clear = 0.50"), "limits.toml")


def test_a_rule_has_its_own_shares_where_it_says_so() -> None:
    text = SHIPPED.replace("fall = 0.15", "fall = 0.15\nseverity = { clear = 0.3, cooldown_s = 9 }")
    read = parse_limits(text, "limits.toml")
    assert read.rules["drawdown"].scale.clear_e8 == 30_000_000
    assert read.rules["drawdown"].scale.cooldown_us == 9_000_000
    assert read.rules["daily_loss"].scale.clear_e8 == 45_000_000


def test_a_rule_can_be_switched_off() -> None:
    read = parse_limits(SHIPPED.replace("fall = 0.15", "fall = 0.15\nenabled = false"), "x")
    assert "drawdown" not in read.rules
    assert "daily_loss" in read.rules
