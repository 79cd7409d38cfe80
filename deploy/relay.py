"""`relay.py PORT HOST:PORT`: carries connections to PORT on to one other address, and nowhere else.

A container on a closed network cannot publish a port. The risk monitor is on such a network alone
with the broker; this carries its door out to another one, and nothing from there but to that door.
Standard library only: it runs where nothing is installed.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Final

CONNECTIONS_MAX: Final = 200
CONNECT_MAX_S: Final = 5.0
CHUNK: Final = 64 * 1024


class Relay:
    """Carries bytes both ways between whoever connects and one address."""

    def __init__(self, host: str, port: int, *, connections_max: int = CONNECTIONS_MAX) -> None:
        self._host = host
        self._port = port
        self._connections_max = connections_max
        self._count = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends; one too many is closed at once."""
        if self._count >= self._connections_max:
            writer.close()
            return
        self._count += 1
        try:
            async with asyncio.timeout(CONNECT_MAX_S):
                there = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            sys.stderr.write(f"{self._host}:{self._port}: {error!r}\n")
        else:
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        finally:
            self._count -= 1
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # who leaves without a word has left
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def serve(port: int, host: str, to_port: int, address: str = "0.0.0.0") -> None:  # noqa: S104 - in a container
    """Carry until SIGTERM or SIGINT."""
    server = await asyncio.start_server(Relay(host, to_port).carry, address, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()


def main(arguments: Sequence[str]) -> int:
    """Run the relay; return the exit code."""
    try:
        port, target = arguments
        host, _, to_port = target.rpartition(":")
        asyncio.run(serve(int(port), host, int(to_port)))
    except ValueError:
        sys.stderr.write(f"usage: relay.py PORT HOST:PORT; {' '.join(arguments)!r} found\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
