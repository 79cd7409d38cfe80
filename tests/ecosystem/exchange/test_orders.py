from itertools import product
from typing import get_args

import pytest

from ecosystem.errors import IllegalTransitionError
from ecosystem.exchange.orders import NEXT, OrderFact, Status, next_status

FACTS: tuple[OrderFact, ...] = get_args(OrderFact)
STATUSES: tuple[Status, ...] = get_args(Status)
ENDS = ("FILLED", "CANCELLED", "REJECTED", "EXPIRED")
ILLEGAL = sorted(set(product(STATUSES, FACTS)) - set(NEXT))


@pytest.mark.parametrize(
    ("facts", "after"),
    [
        (["ACCEPTED"], "OPEN"),
        (["REJECTED"], "REJECTED"),
        (["ACCEPTED", "FILLED_IN_WHOLE"], "FILLED"),
        (["ACCEPTED", "FILLED_IN_PART", "REPLACED", "FILLED_IN_PART"], "PARTIALLY_FILLED"),
        (["ACCEPTED", "FILLED_IN_PART", "FILLED_IN_WHOLE"], "FILLED"),
        (["ACCEPTED", "REPLACED", "CANCELLED"], "CANCELLED"),
        (["ACCEPTED", "FILLED_IN_PART", "CANCELLED"], "CANCELLED"),
        (["ACCEPTED", "EXPIRED"], "EXPIRED"),
        (["ACCEPTED_TO_WAIT", "REPLACED", "TRIGGERED", "FILLED_IN_WHOLE"], "FILLED"),
        (["ACCEPTED_TO_WAIT", "TRIGGERED", "CANCELLED"], "CANCELLED"),
        (["ACCEPTED_TO_WAIT", "EXPIRED"], "EXPIRED"),
        (["ACCEPTED", "FILLED_IN_PART", "EXPIRED"], "EXPIRED"),
    ],
)
def test_an_order_lives_as_its_facts_say(facts: list[OrderFact], after: Status) -> None:
    status: Status = "SUBMITTED"
    for fact in facts:
        status = next_status(status, fact)
    assert status == after


@pytest.mark.parametrize(("status", "fact"), ILLEGAL)
def test_every_other_transition_is_illegal(status: Status, fact: OrderFact) -> None:
    with pytest.raises(IllegalTransitionError, match=rf"that is {status} was {fact}; allowed: "):
        next_status(status, fact)


def test_every_status_can_be_reached_and_ends_are_ends() -> None:
    assert set(NEXT.values()) | {"SUBMITTED"} == set(STATUSES)
    assert {status for status, _ in NEXT} == set(STATUSES) - set(ENDS)
