"""Identity and chance: repeatable, opaque, independent of what was drawn before."""

import itertools
from statistics import fmean, pstdev

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.words import EventId
from ecosystem.ids import ID_BYTES, RootIds, derive_id, run_key
from ecosystem.rng import Stream

SEEDS = st.integers(0, 2**63)


@given(SEEDS, st.text(max_size=10), st.integers(0, 10**9))
def test_the_same_name_gives_the_same_id_and_another_key_another(
    seed: int, stream: str, number: int
) -> None:
    key = run_key(seed, "secret")
    first = RootIds(key, "machine").root(stream, number)
    assert first == RootIds(key, "machine").root(stream, number)
    assert len(first) == ID_BYTES
    others = {
        RootIds(run_key(seed, "other secret"), "machine").root(stream, number),
        RootIds(run_key(seed + 1, "secret"), "machine").root(stream, number),
        RootIds(key, "other machine").root(stream, number),
        RootIds(key, "machine").root(stream + "x", number),
        RootIds(key, "machine").root(stream, number + 1),
        first,
    }
    assert len(others) == 6


def test_ids_of_a_stream_and_of_followers_never_meet() -> None:
    ids = RootIds(run_key(1, "s"), "m")
    assert ids.stream("a").roots(range(3, 90)) == [ids.root("a", number) for number in range(3, 90)]
    assert ids.stream("a").root(7) == ids.root("a", 7)
    roots = {ids.root("a", number) for number in range(2_000)}
    derived = {derive_id(root, "m/accepted", n) for root in roots for n in (0, 1)}
    assert len(roots | derived) == 6_000


def test_followers_are_told_apart_by_label_and_number() -> None:
    cause = EventId(bytes(16))
    assert (
        len({derive_id(cause, "a/x", 1), derive_id(cause, "a/x", 11), derive_id(cause, "a/y", 1)})
        == 3
    )
    assert derive_id(cause, "a", 1) != derive_id(cause, "a1", 1)


@given(SEEDS, st.lists(st.integers(0, 10**12), min_size=1, max_size=20))
def test_a_draw_depends_on_its_number_alone(seed: int, numbers: list[int]) -> None:
    alone = {number: Stream(seed, "s").bits(number) for number in numbers}
    together = Stream(seed, "s")
    assert {number: together.bits(number) for number in reversed(numbers)} == alone


@given(SEEDS, st.integers(0, 10**12), st.integers(-50, 50), st.integers(0, 50))
def test_integers_stay_in_their_range(seed: int, number: int, low: int, width: int) -> None:
    assert low <= Stream(seed, "s").integer(number, low, low + width) <= low + width


@given(SEEDS, st.integers(0, 10**12), st.integers(0, 150), st.integers(1, 2_000))
def test_a_run_of_draws_is_the_draws_one_by_one(
    seed: int, first: int, count: int, step: int
) -> None:
    stream, numbers = Stream(seed, "s"), range(first, first + count * step, step)
    assert stream.run(first, numbers.stop, step) == tuple(map(stream.bits, numbers))
    assert stream.run(first, first + count) == tuple(map(stream.bits, range(first, first + count)))


@given(SEEDS, st.integers(0, 10**12))
def test_uniforms_lie_strictly_between_zero_and_one(seed: int, number: int) -> None:
    assert 0.0 < Stream(seed, "s").uniform(number) < 1.0


def test_normals_have_the_moments_of_a_standard_normal() -> None:
    for seed in range(3):
        draws = [Stream(seed, "n").normal(number) for number in range(20_000)]
        assert abs(fmean(draws)) < 0.03  # four standard errors
        assert abs(pstdev(draws) - 1) < 0.03
        lagged = fmean(a * b for a, b in itertools.pairwise(draws))
        assert abs(lagged) < 0.03


def test_names_part_streams() -> None:
    assert Stream(1, "a", "b").bits(0) != Stream(1, "a\0b", "c").bits(0)
    assert Stream(1, "a").bits(0) != Stream(2, "a").bits(0)
