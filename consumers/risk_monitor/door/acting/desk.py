"""Hands acts to the monitor's counter and waits for what follows, or says why nothing does."""

import secrets
from collections.abc import Sequence
from concurrent.futures import CancelledError
from hashlib import blake2b
from typing import Final

from consumers.risk_monitor.counter import Counter, NotTakenError
from consumers.risk_monitor.door.window import MonitorWindow
from doors.problems import ProblemError, not_ready
from ecosystem.errors import InvalidInputError
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import ID_BYTES, RootIds
from ecosystem.risk.acts import Acknowledge, Act, is_answer
from eventlog.errors import EventLogError

ANSWERED_MAX_S: Final = 10.0
"""How long the loop may take to take an act and put its facts on the log."""


class ActDesk:
    """Names acts, hands them in and waits.

    Args:
        token: what the door's writers show. Ids of requests with a key are derived under it, so
            the same key is the same act after a restart too, and nobody else can name one.
    """

    def __init__(
        self,
        window: MonitorWindow,
        counter: Counter,
        monitor: str,
        token: str,
        *,
        answered_max_s: float = ANSWERED_MAX_S,
    ) -> None:
        self._window = window
        self._counter = counter
        key = blake2b(token.encode(), digest_size=32).digest()
        self._roots = RootIds(key, f"{monitor}/door")
        self._answered_max_s = answered_max_s

    def act(self, act: Act, key: str | None) -> Sequence[Event]:
        """Return the facts of an act; they stand on the log.

        Args:
            key: the same key is the same act; None: a new one.
        Raises:
            ProblemError: the monitor is not ready or refused the act, or the log is away.
        """
        request_id = self._name(act, key)
        self._look(act, request_id)
        answer = self._counter.submit(act, request_id)
        try:
            return answer.result(self._answered_max_s)
        except InvalidInputError as error:
            raise ProblemError(409, "refused-act", str(error)) from error
        except NotTakenError as error:
            raise not_ready(str(error)) from error
        except EventLogError as error:
            raise _unsure(f"the log failed: {error}") from error
        except (TimeoutError, CancelledError) as error:
            if answer.cancel():
                why = "the monitor did not take the act in time; nothing has changed"
                raise not_ready(why) from error
            raise _unsure("the log has not acknowledged the act yet") from error

    def _name(self, act: Act, key: str | None) -> EventId:
        if key is None:
            return EventId(secrets.token_bytes(ID_BYTES))
        return self._roots.root(f"{type(act).__name__}/{key}", 0)

    def _look(self, act: Act, request_id: EventId) -> None:
        """Refuse what needs no turn of the loop to be refused."""
        with self._window.looking() as engine:
            known = engine.acted(request_id)
            case = self._window.memory.case(act.alert_id) if isinstance(act, Acknowledge) else None
        if known is not None and not is_answer(known[0], act):
            raise ProblemError(
                422, "key-reused", "this key was used for another act; take a new one"
            )
        if isinstance(act, Acknowledge) and case is None:
            raise ProblemError(404, "unknown-alert", f"no alert {act.alert_id.hex()} is remembered")


def _unsure(why: str) -> ProblemError:
    detail = f"{why}; the same request with the same Idempotency-Key tells whether it stands"
    return ProblemError(503, "log-unreachable", detail, {"Retry-After": "1"})
