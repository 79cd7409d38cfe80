"""Doubles: what was seen is known for a while, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.intake.doubles import Doubles


@given(keys=st.lists(st.integers(0, 50), max_size=200), kept=st.integers(1, 40))
def test_what_is_called_seen_was_there_and_the_last_new_ones_are(
    keys: list[int], kept: int
) -> None:
    doubles, there, new = Doubles(kept), set[int](), list[int]()
    for key in keys:
        seen = doubles.seen(key.to_bytes(16, "big"))
        assert seen <= (key in there)
        assert seen >= (key in new[-kept:])
        there.add(key)
        if not seen:
            new.append(key)


@given(count=st.integers(0, 500), kept=st.integers(1, 40))
def test_memory_is_bounded(count: int, kept: int) -> None:
    doubles = Doubles(kept)
    for number in range(count):
        doubles.seen(number.to_bytes(16, "big"))
    assert len(doubles) <= 2 * kept


def test_an_id_is_known_until_as_many_others_have_come() -> None:
    doubles = Doubles(100)
    assert not doubles.seen(b"first")
    for number in range(99):
        doubles.seen(number.to_bytes(16, "big"))
    assert doubles.seen(b"first")
