"""What surrounds every request: a bound on its body, a correlation id, headers, a count, a line.

The outermost layer of an app. What nobody foresaw is answered here as a problem, logged with its
trace and counted, and the service goes on.
"""

import re
import secrets
import time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doors.fields import ID_PATTERN
from doors.problems import problem_response

CORRELATION: Final = "X-Correlation-ID"
SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
UNMATCHED: Final = "unmatched"
"""The route label of paths that lead nowhere: raw paths would make labels without end."""
BODY_BYTES_MAX: Final = 64 * 1024
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
log = structlog.get_logger()


class HttpMetrics:
    """Requests, errors and durations, labelled by the pattern of the route."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route")
        self._requests = Counter(
            "http_requests", "Requests answered", (*labels, "status"), registry=registry
        )
        self._errors = Counter("http_errors", "Requests answered by 5xx", labels, registry=registry)
        self._duration = Histogram(
            "http_request_duration_seconds",
            "Time until the answer was complete; of a stream, until it began",
            labels,
            registry=registry,
            buckets=BUCKETS_S,
        )

    def answered(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Note one answer."""
        known = method if method in METHODS else "OTHER"
        self._requests.labels(known, route, str(status)).inc()
        self._duration.labels(known, route).observe(duration_s)
        if status >= 500:
            self._errors.labels(known, route).inc()


class Guard:
    """The layer itself."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, _correlation(Headers(scope=scope)))
        begun_s = time.perf_counter()
        try:
            await self._app(scope, _bounded(receive, Headers(scope=scope)), answer.send)
        except Exception as error:
            log.exception("request_failed", path=scope["path"], error=repr(error))
            if answer.status:
                raise  # the answer has begun: the server can only cut it off
            detail = "the service met something it did not foresee; its log says what"
            await problem_response(500, detail, scope["path"])(scope, receive, answer.send)
        finally:
            self._note(scope, answer, time.perf_counter() - begun_s, begun_s)

    def _note(self, scope: Scope, answer: "_Answer", duration_s: float, begun_s: float) -> None:
        if not answer.status:
            return  # the caller left before there was an answer
        if answer.streams:
            duration_s = answer.begun_s - begun_s
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self._metrics.answered(scope["method"], route, answer.status, duration_s)
        log.info(
            "request_answered",
            method=scope["method"],
            route=route,
            status=answer.status,
            duration_ms=round(duration_s * 1_000, 2),
            correlation_id=answer.correlation_id,
        )


class _Answer:
    """Watches an answer on its way out, and adds the headers every answer has."""

    def __init__(self, send: Send, correlation_id: str) -> None:
        self._send = send
        self.correlation_id = correlation_id
        self.status = 0
        self.streams = False
        self.begun_s = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun_s = time.perf_counter()
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault(CORRELATION, self.correlation_id)
            self.correlation_id = headers[CORRELATION]
            self.streams = headers.get("content-type", "").startswith("text/event-stream")
        await self._send(message)


def _bounded(receive: Receive, headers: Headers) -> Receive:
    declared = headers.get("content-length", "0")
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_BYTES_MAX or (declared.isdecimal() and int(declared) > BODY_BYTES_MAX):
            raise HTTPException(413, f"at most {BODY_BYTES_MAX} bytes of body are allowed")
        return message

    return bounded


def _correlation(headers: Headers) -> str:
    given = headers.get(CORRELATION, "")
    return given if re.fullmatch(ID_PATTERN, given) else secrets.token_hex(16)
