"""Slices come out of a parcel as they went in."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.world import Written
from producers.world.appending import WRITERS
from producers.world.parcels import Parcels
from tests.eventlog.test_codec import EVERY, structs

PARCELS = Parcels(WRITERS, EVERY)
WRITTEN = st.builds(
    Written,
    st.sampled_from(WRITERS),
    st.lists(st.sampled_from(EVERY).flatmap(lambda kind: structs(kind)), max_size=4),
)


@given(st.lists(WRITTEN, max_size=20))
def test_a_slice_comes_out_as_it_went_in(entries: list[Written]) -> None:
    assert PARCELS.unpack(PARCELS.pack(entries)) == entries
