"""The order inside a slice depends on the records alone."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.slices import events_in_slice_order, in_slice_order
from tests.ecosystem.risk.facts import Placed, tick

RECORDS = st.lists(
    st.builds(
        lambda topic, partition, offset, seconds: Placed(
            topic, partition, offset, tick(seconds, 60_000)
        ),
        st.sampled_from(["prices", "orders", "fills"]),
        st.integers(0, 3),
        st.integers(0, 50),
        st.integers(0, 5),
    ),
    unique_by=lambda record: (record.topic, record.partition, record.offset),
)


@given(records=RECORDS, data=st.data())
def test_every_interleaving_gives_the_same_order(
    records: list[Placed], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(records))
    assert in_slice_order(shuffled) == in_slice_order(records)


@given(records=RECORDS)
def test_the_order_is_event_time_then_place(records: list[Placed]) -> None:
    def key(record: Placed) -> tuple[int, str, int, int]:
        return (record.event.event_time_us, record.topic, record.partition, record.offset)

    assert in_slice_order(records) == sorted(records, key=key)


@given(records=RECORDS, data=st.data())
def test_events_alone_are_in_the_same_order_however_their_records_came(
    records: list[Placed], data: st.DataObject
) -> None:
    expected = [record.event for record in in_slice_order(records)]
    by_place = sorted(records, key=lambda one: (one.topic, one.partition, one.offset))
    shuffled = data.draw(st.permutations(records))
    for given_so in (records, by_place, shuffled, tuple(by_place), iter(shuffled)):
        assert list(map(id, events_in_slice_order(given_so))) == list(map(id, expected))
