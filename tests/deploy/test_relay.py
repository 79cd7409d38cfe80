"""The relay over real sockets: bytes both ways, to one address, and an end with either side."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from deploy.relay import Relay, main
from doors.server import ServerThread
from tests.doors.toys import Toy
from tests.producers.stands import BOUND_S, until

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def door() -> Iterator[ServerThread]:
    """A door to carry connections to."""
    toy = Toy()
    server = ServerThread(toy.app, "127.0.0.1", 0)
    with capture_logs():
        server.start()
        until(lambda: is_there(f"http://127.0.0.1:{server.port}/health"))
        yield server
        toy.streams.close("the test is over")
        server.stop()


def is_there(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_it_carries_requests_and_streams_and_ends_on_sigterm(door: ServerThread) -> None:
    port = free_port()
    command = [sys.executable, "deploy/relay.py", str(port), f"127.0.0.1:{door.port}"]
    relay = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: is_there(f"http://127.0.0.1:{port}/health"))
        assert httpx.get(f"http://127.0.0.1:{port}/numbers").json()["total"] == 250
        with httpx.stream("GET", f"http://127.0.0.1:{port}/news") as stream:
            assert next(stream.iter_lines()) == ": welcome"
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(BOUND_S) == 0
    finally:
        relay.kill()
        relay.wait()


def test_where_nobody_answers_the_connection_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    async def asked(port: int) -> bytes:
        server = await asyncio.start_server(Relay("127.0.0.1", port).carry, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(BOUND_S):
            found = await reader.read()
        writer.close()
        server.close()
        return found

    with socket.socket() as taken:  # has a port, and does not listen
        taken.bind(("127.0.0.1", 0))
        assert asyncio.run(asked(taken.getsockname()[1])) == b""
    assert "Connect" in capsys.readouterr().err


def test_one_connection_too_many_is_closed_at_once(door: ServerThread) -> None:
    async def asked() -> tuple[bytes, bytes]:
        relay = Relay("127.0.0.1", door.port, connections_max=1)
        server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        request = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        first = await asyncio.open_connection(*address)
        first[1].write(request[:20])
        await asyncio.sleep(0)
        second = await asyncio.open_connection(*address)
        async with asyncio.timeout(BOUND_S):
            refused = await second[0].read()
            first[1].write(request[20:])
            answered = await first[0].read()
        for _, writer in (first, second):
            writer.close()
        server.close()
        return answered, refused

    answered, refused = asyncio.run(asked())
    assert answered.startswith(b"HTTP/1.1 200")
    assert refused == b""


@pytest.mark.parametrize("arguments", [[], ["8084"], ["x", "a:1"], ["1", "a:b"], ["1", "a", "b"]])
def test_wrong_arguments_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err
