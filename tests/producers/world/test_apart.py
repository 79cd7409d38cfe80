"""Writing in another process: the same records, and what goes wrong there is raised here."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from ecosystem.world import Written
from eventlog.errors import AppendError
from eventlog.memory_log import MemoryAppender
from producers.world.apart import MODULE, WriterApart
from producers.world.appending import WRITERS
from producers.world.writing import Writing
from producers.world.writing_process import YIELDING
from tests.events import tick
from tests.producers.world.far import (
    EVENTS,
    Dying,
    FileWriter,
    IntrudedWriter,
    Refusing,
    WaitingWriter,
)

pytestmark = pytest.mark.timeout(120)
SLICE = [Written("market-data", [tick(number)]) for number in range(50)]


def apart(path: Path, kind: type[MemoryAppender] = MemoryAppender) -> WriterApart:
    return WriterApart(partial(FileWriter, path, kind), WRITERS, EVENTS)


def write_on(writer: Writing) -> None:
    for _ in range(100_000):  # bound: far more than the pipe holds
        writer.write(SLICE)


def write_all(writer: Writing) -> None:
    for number in range(3):
        start = 10 * number
        writer.write(SLICE[start : start + 10])
        writer.write([Written("exchange-okx", [tick(100 + number)])])
        writer.release()
        writer.advance_clock(number)
    writer.reconcile()
    writer.advance_clock(3)
    writer.flush()


def test_the_other_process_writes_the_same_records(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    near, far = FileWriter(here), apart(there)
    write_all(near)
    write_all(far)
    assert len(here.read_text().splitlines()) == 30 + 3 + 4
    assert there.read_text() == here.read_text()
    assert far.events_count == near.events_count == 33
    far.close()


def test_records_of_strangers_are_counted_there_and_told_here(tmp_path: Path) -> None:
    writer = WriterApart(partial(IntrudedWriter, tmp_path / "log"), WRITERS, EVENTS)
    writer.write(SLICE)
    writer.reconcile()
    writer.flush()
    assert writer.strangers == {("prices", 1): 1}
    writer.close()


def test_the_world_goes_on_before_the_other_process_has_begun(tmp_path: Path) -> None:
    begins = tmp_path / "begins"
    os.mkfifo(begins)
    writer = WriterApart(partial(WaitingWriter, tmp_path / "log", begins), WRITERS, EVENTS)
    for number in range(200):  # far more than a pipe holds
        writer.write(SLICE)
        writer.advance_clock(number)
    begins.write_bytes(b"now")
    writer.flush()
    assert len((tmp_path / "log").read_text().splitlines()) == 200 * (len(SLICE) + 1)
    writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is only nicer")
def test_the_other_process_stands_back_for_the_world(tmp_path: Path) -> None:
    us = psutil.Process()
    known = {child.pid for child in us.children()}
    writer = apart(tmp_path / "log")
    writer.flush()
    (child,) = [one for one in us.children() if one.pid not in known]
    cores = us.cpu_affinity()
    assert child.nice() == min(us.nice() + YIELDING, 19)
    assert os.sched_getscheduler(child.pid) == os.SCHED_BATCH
    assert child.cpu_affinity() == (cores[:-1] or cores)
    writer.close()


def test_closing_ends_the_other_process(tmp_path: Path) -> None:
    known = {child.pid for child in psutil.Process().children()}
    writer = apart(tmp_path / "log")
    writer.flush()
    writer.close()
    left = [
        child
        for child in psutil.Process().children()
        if child.pid not in known and MODULE in " ".join(child.cmdline())
    ]
    assert left == []


def test_what_the_broker_refuses_there_is_raised_here_from_then_on(tmp_path: Path) -> None:
    writer = apart(tmp_path / "log", Refusing)
    writer.write(SLICE)
    with pytest.raises(AppendError, match="prices: refused"):
        writer.flush()
    with pytest.raises(AppendError, match="prices: refused"):
        writer.write(SLICE)
    writer.close()


def test_a_refusal_is_raised_without_asking_for_it(tmp_path: Path) -> None:
    writer = apart(tmp_path / "log", Refusing)
    with pytest.raises(AppendError, match="prices: refused"):
        write_on(writer)
    writer.close()


def test_a_writer_that_dies_is_an_error_that_names_its_exit_code(tmp_path: Path) -> None:
    writer = apart(tmp_path / "log", Dying)
    writer.write(SLICE)
    with pytest.raises(AppendError, match="ended with exit code 3"):
        writer.flush()
    writer.close()


def test_an_interruption_does_not_end_the_other_process(tmp_path: Path) -> None:
    known = {child.pid for child in psutil.Process().children()}
    writer = apart(tmp_path / "log")
    for _ in range(2):  # while it starts, and when it has written
        interrupted = [c for c in psutil.Process().children() if c.pid not in known]
        assert interrupted
        for child in interrupted:
            os.kill(child.pid, signal.SIGINT)
        writer.write(SLICE)
        writer.flush()
    assert len((tmp_path / "log").read_text().splitlines()) == 2 * len(SLICE)
    writer.close()


def test_a_process_that_does_not_end_is_made_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.world.apart.END_TIMEOUT_S", 0.1)
    known = {child.pid for child in psutil.Process().children()}
    writer = apart(tmp_path / "log")
    writer.flush()
    (child,) = [c for c in psutil.Process().children() if c.pid not in known]
    child.suspend()
    writer.close()
    assert not psutil.pid_exists(child.pid)
