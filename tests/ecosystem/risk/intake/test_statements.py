"""Statements: a balance is what two of its three numbers say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.balances import BalanceChanged
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.intake.statements import LEAP, Statements
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts


def sound(*events: BalanceChanged) -> tuple[list[BalanceChanged], DataQuality]:
    quality = DataQuality()
    statements = Statements(quality)
    return [one for event in events for one in statements.sound(event)], quality


def three() -> list[BalanceChanged]:
    accounts = Accounts()
    return [
        accounts.change(0, "USD", 100 * E8),
        accounts.change(1, "USD", -30 * E8, "TRADE"),
        accounts.change(2, "USD", 5 * E8, "TRADE"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_e8": 7},
        {"available_e8": -7},
        {"locked_e8": 3 * E8},
        {"locked_e8": -E8, "available_e8": 71 * E8},
        {"change_e8": 12},
        {"change_e8": 30 * E8},
        {"total_e8": 7_000 * E8, "available_e8": 7_000 * E8},
    ],
)
def test_what_one_number_has_wrong_is_put_right(wrong: dict[str, int]) -> None:
    first, second, third = three()
    found, quality = sound(first, msgspec.structs.replace(second, **wrong), third)
    stated = [(one.change_e8, one.total_e8, one.available_e8 + one.locked_e8) for one in found]
    assert stated == [(one.change_e8, one.total_e8, one.total_e8) for one in three()]
    assert quality.counts() == {"BALANCE_INCONSISTENT": 1}


def test_a_record_that_nothing_confirms_is_left_out() -> None:
    first, second, third = three()
    nonsense = msgspec.structs.replace(second, total_e8=1, available_e8=2, change_e8=3)
    found, _ = sound(first, nonsense, third)
    assert found == [first, third]


def test_a_sequence_far_ahead_is_left_out_unless_the_next_goes_on_from_there() -> None:
    first, second, third = three()
    far = msgspec.structs.replace(second, balance_sequence=2**62)
    found, quality = sound(first, far, second, third)
    assert found == three()
    assert quality.counts() == {"SEQUENCE_IMPLAUSIBLE": 1}
    on = [
        msgspec.structs.replace(one, balance_sequence=one.balance_sequence + LEAP + 5)
        for one in (second, third)
    ]
    found, _ = sound(first, *on)
    assert found == [first, on[1]]


def test_a_record_told_again_under_another_id_is_stale() -> None:
    first, second, _ = three()
    found, quality = sound(first, second, second, first)
    assert found == [first, second]
    assert quality.counts() == {"BALANCE_STALE": 2}


def test_an_unknown_asset_is_left_out() -> None:
    found, quality = sound(Accounts().change(0, "DOGE", E8))
    assert (found, quality.counts()) == ([], {"ASSET_UNKNOWN": 1})


@given(
    changes=st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=20),
    data=st.data(),
)
def test_any_one_wrong_number_in_any_record_leaves_the_ledger_as_it_was(
    changes: list[int], data: st.DataObject
) -> None:
    accounts = Accounts()
    clean = [accounts.change(n, "USD", e8, "TRADE") for n, e8 in enumerate(changes)]
    at = data.draw(st.integers(1, len(clean) - 1)) if len(clean) > 2 else 1
    field = data.draw(st.sampled_from(["total_e8", "available_e8", "locked_e8", "change_e8"]))
    value = data.draw(st.integers(-(2**63), 2**63 - 1))
    events = [*clean, accounts.change(99, "USD", 0, "LOCK")]
    events[at] = msgspec.structs.replace(events[at], **{field: value})
    found, _ = sound(*events)
    assert [(one.change_e8, one.total_e8) for one in found[:-1]] == [
        (one.change_e8, one.total_e8) for one in clean
    ]
