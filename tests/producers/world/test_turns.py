"""Partitions that several principals write get their records in the order of the calls."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryLog
from eventlog.records import Partition
from producers.world.turns import Turns
from tests.producers.world.slow import Slow

EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CATALOGUE = load_catalogue(Path(__file__).parents[3] / "topics.yaml")
NAMES = ("desk", "venue", "custodian")
PLACES: tuple[Partition, ...] = (("orders", 0), ("orders", 1), ("fills", 0))
ARRIVES = st.tuples(st.just("arrives"), st.sampled_from(NAMES), st.booleans())
APPENDED = st.tuples(
    st.just("appended"), st.sampled_from(NAMES), st.lists(st.sampled_from(PLACES), max_size=4)
)
CALLS = st.lists(APPENDED | ARRIVES | st.just(("step",)) | st.just(("release",)), max_size=60)


class Rig:
    """Turns over slow appenders, two of each writer."""

    def __init__(self, *, prompt: bool = True) -> None:
        self.log = MemoryLog(routes_of(CATALOGUE, EVENTS), Codec(EVENTS), lambda: 0)
        self.usual = {name: Slow(self.log) for name in NAMES}
        self.prompt = {name: Slow(self.log) for name in NAMES}
        self.opened: list[str] = []
        self.turns = Turns(self.usual, self._open if prompt else None)
        self.expected: dict[Partition, list[bytes]] = {}
        self._count = 0

    def _open(self, name: str) -> Slow:
        self.opened.append(name)
        return self.prompt[name]

    def append(self, name: str, *places: Partition) -> None:
        """Append a record to each of the places."""
        records = []
        for place in places:
            self._count += 1
            value = b"%d" % self._count
            self.expected.setdefault(place, []).append(value)
            records.append((place, b"", value))
        self.turns.append(name, iter(records))

    def found(self) -> dict[Partition, list[bytes]]:
        """Return what has arrived."""
        return {
            place: [record.value for record in records]
            for place, records in self.log.partitions.items()
            if records
        }


@given(CALLS, st.booleans())
def test_each_partition_keeps_the_order_of_the_calls_whenever_records_arrive(
    calls: list[tuple[object, ...]], prompt: bool
) -> None:
    rig = Rig(prompt=prompt)
    for call in calls:
        match call:
            case ("appended", str(name), list(places)):
                rig.append(name, *places)
            case ("arrives", str(name), bool(usual)):
                (rig.usual if usual else rig.prompt)[name].arrive()
            case ("step",):
                rig.turns.step()
            case _:
                rig.turns.release()
        for place, values in rig.found().items():
            assert values == rig.expected[place][: len(values)]
    rig.turns.flush()
    assert rig.found() == rig.expected


def test_a_record_is_held_while_another_writer_is_under_way_and_goes_without_waiting() -> None:
    rig = Rig()
    rig.append("desk", PLACES[0])
    rig.append("venue", PLACES[0], PLACES[1])
    assert rig.prompt["venue"].under_way == []
    assert [record[0:2] for record in rig.usual["venue"].under_way] == [PLACES[1]]
    rig.turns.step()
    assert rig.prompt["venue"].under_way == []
    rig.usual["desk"].arrive()
    rig.turns.step()
    assert [record[0:2] for record in rig.prompt["venue"].under_way] == [PLACES[0]]
    assert sum(one.flushes_count for one in (*rig.usual.values(), *rig.prompt.values())) == 0


def test_a_partition_that_has_changed_hands_waits_for_nothing_that_gathers() -> None:
    rig = Rig()
    rig.append("desk", PLACES[0])
    rig.usual["desk"].arrive()
    rig.append("venue", PLACES[0])
    rig.prompt["venue"].arrive()
    rig.append("desk", PLACES[1])  # stays under way, where records gather
    rig.append("desk", PLACES[0])
    assert [record[0:2] for record in rig.prompt["desk"].under_way] == [PLACES[0]]
    assert rig.opened == ["venue", "desk"]
    rig.turns.flush()
    assert rig.found() == rig.expected


def test_a_writer_alone_needs_no_second_appender() -> None:
    rig = Rig()
    rig.append("desk", *PLACES)
    rig.append("desk", *PLACES)
    rig.turns.flush()
    assert rig.opened == []
    assert rig.found() == rig.expected


def test_releasing_waits_once_for_several_partitions() -> None:
    rig = Rig()
    rig.append("desk", *PLACES)
    rig.append("venue", *PLACES)
    rig.turns.release()
    assert rig.usual["desk"].flushes_count == 1
    assert len(rig.prompt["venue"].under_way) == len(PLACES)
