"""One uvicorn server in a thread of its own, beside whatever the process is there for."""

import contextlib
import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

START_MAX_S: Final = 10.0
GRACE_S: Final = 5
"""Time that requests under way are given when the server stops."""
CONNECTIONS_MAX: Final = 500


class Server(uvicorn.Server):
    """Leaves signals to the process, which stops it together with everything else."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def] # as its parent
        """Capture none."""
        yield


class ServerThread:
    """Serves an app until it is stopped.

    Args:
        port: 0 takes a free one; `port` says which.
    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, app: ASGIApp, address: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((address, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,  # the guard logs requests, and errors are its too
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=5,
            limit_concurrency=CONNECTIONS_MAX,
            server_header=False,
        )
        self._server = Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was begun and let go of the port; bounded by the grace."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE_S + 2)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
