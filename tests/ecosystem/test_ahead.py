"""What is made ahead is what would be made when it is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.ahead import AT_ONCE, Ahead


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 9), st.integers(0, 60))
def test_every_item_is_of_its_number_however_they_are_asked_for(
    numbers: list[int], step: int, first: int
) -> None:
    ahead = Ahead(lambda some: [one * one + 1 for one in some])
    for number in (*numbers, *range(first, first + 30 * step, step), *reversed(numbers)):
        assert ahead.of(number) == number * number + 1


def test_who_asks_in_even_steps_has_several_made_in_one_go() -> None:
    made: list[range] = []

    def make(some: range) -> range:
        made.append(some)
        return some

    ahead = Ahead(make)
    for number in range(100, 100 + 5 * (2 + AT_ONCE), 5):
        ahead.of(number)
    assert made == [range(100, 101), range(105, 106), range(110, 110 + 5 * AT_ONCE, 5)]
