"""The chaos endpoints: what can be injected into this service, what is, inject, clear.

They are built where the environment is not production and a token is there, and nowhere else: in
production they do not exist. What is asked for is written to the control plane, as scenarios do;
the service applies it as it applies any injection, and production events carry no trace of it.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, Response

from doors.fields import IdPath, read_id
from doors.guard import CORRELATION
from doors.identity import utc_text
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.tokens import bearer
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.words import EventId
from ecosystem.machine import Machine
from ecosystem.units import HOUR_US
from producers.chaos.answers import (
    Called,
    InjectionAnswer,
    Kind,
    KindParameter,
    Scheduled,
    Wished,
)
from producers.chaos.board import ChaosBoard, KnownInjection, kinds_for
from producers.chaos.parameters import (
    Written,
    read_duration,
    read_parameters,
    shown_bounds,
    shown_value,
)
from producers.live.envelope import root_envelope
from producers.live.requests import Requests
from producers.live.window import Window
from producers.test_coordinator.values import format_duration
from producers.test_coordinator.vocabulary.words import InjectionWord

PREFIX: Final = "/chaos"
DELAY_US_MAX: Final = 24 * HOUR_US
ALIVE_MAX: Final = 50
"""Injections that may be scheduled or active at the same time."""


class Chaos:
    """Injects by hand into one service.

    Args:
        probe: a fresh machine of the kind that will be given the injection. It is asked first,
            so that nothing reaches the log that the machine could not apply.
    """

    def __init__(
        self,
        target: str,
        run: str,
        board: ChaosBoard,
        requests: Requests,
        window: Window[Any],
        probe: Callable[[], Machine],
    ) -> None:
        self.board = board
        self._target = target
        self._run = run
        self._requests = requests
        self._window = window
        self._probe = probe

    def now_us(self) -> int:
        """Return the event time now.

        Raises:
            ProblemError: the service is not ready.
        """
        with self._window.looking():
            return self._requests.now_us()

    def inject(self, wished: Wished) -> InjectionScheduled:
        """Schedule an injection and return it.

        Raises:
            ProblemError: the machine could not apply it, or too many are alive.
        """
        now_us = self.now_us()
        word = kinds_for(self._target).get(wished.kind)
        if word is None:
            known = ", ".join(kinds_for(self._target)) or "nothing"
            raise _refused("unknown-kind", f"kind {wished.kind!r} found; {known} is allowed")
        if sum(one.state != "ENDED" for one in self.board.all(now_us)) >= ALIVE_MAX:
            raise ProblemError(409, "too-many", f"{ALIVE_MAX} injections are alive; clear some")
        scheduled = self._scheduled(wished, word, now_us)
        try:
            self._probe().restore(scheduled)
        except InvalidInputError as error:
            raise _refused("refused-injection", str(error)) from error
        self._requests.send(scheduled)
        return scheduled

    def clear(self, injection_id: EventId | None) -> InjectionCancelRequested:
        """Call one injection off, or all.

        Raises:
            ProblemError: it is unknown, or over.
        """
        now_us = self.now_us()
        if injection_id is not None:
            known = self.known(injection_id)
            if known.state == "ENDED":
                raise ProblemError(409, "injection-over", f"it ended {utc_text(known.ends_at_us)}")
        request = InjectionCancelRequested(
            **root_envelope(self._requests.name(None), now_us),
            run_id=self._run,
            injection_id=injection_id,
            target=self._target,
            reason="cleared by hand",
        )
        self._requests.send(request)
        return request

    def known(self, injection_id: EventId) -> KnownInjection:
        """Return an injection.

        Raises:
            ProblemError: it is unknown.
        """
        known = self.board.get(injection_id, self.now_us())
        if known is None:
            raise ProblemError(
                404, "unknown-injection", f"injection {injection_id.hex()} is unknown here"
            )
        return known

    def _scheduled(self, wished: Wished, word: InjectionWord, now_us: int) -> InjectionScheduled:
        parameters, mistakes = read_parameters(word, wished.parameters)
        delay_us = duration_us = 0
        try:
            delay_us = read_duration(wished.delay, (0, DELAY_US_MAX))
        except InvalidInputError as error:
            mistakes.append(("in", str(error)))
        try:
            duration_us = read_duration(wished.duration, word.duration_us)
        except InvalidInputError as error:
            mistakes.append(("for", str(error)))
        if mistakes:
            told = "; ".join(f"{key}: {why}" for key, why in mistakes)
            raise _refused("refused-parameters", told)
        event_id = self._requests.name(None)
        return InjectionScheduled(
            **root_envelope(event_id, now_us),
            run_id=self._run,
            injection_id=event_id,
            name=wished.name,
            kind=wished.kind,
            target=self._target,
            starts_at_us=now_us + delay_us,
            ends_at_us=now_us + delay_us + duration_us,
            parameters_json=msgspec.json.encode(parameters, order="sorted").decode(),
        )


def chaos_router(chaos: Chaos, target: str, token: str) -> APIRouter:
    """Return the routes, closed to whoever does not show `token`."""
    router = APIRouter(
        prefix=PREFIX,
        tags=["chaos"],
        dependencies=[Depends(bearer(token))],
        responses=documented(401, 503),
    )

    @router.get("/kinds")
    def kinds() -> list[Kind]:
        """List what can be injected, with parameters and caps."""
        return [_kind(word) for word in kinds_for(target).values()]

    @router.get("/injections")
    def injections(paging: Paging) -> Page[InjectionAnswer]:
        """List the injections of this service, oldest first."""
        known = chaos.board.all(chaos.now_us())
        return paging.page([_answer(one) for one in known])

    @router.get("/injections/{injection_id}", responses=documented(404))
    def injection(injection_id: IdPath) -> InjectionAnswer:
        """Tell how one injection stands."""
        return _answer(chaos.known(read_id(injection_id)))

    @router.post("/injections", status_code=202, responses=documented(409))
    def inject(wished: Wished, response: Response) -> Scheduled:
        """Schedule an injection."""
        scheduled = chaos.inject(wished)
        name = scheduled.injection_id.hex()
        response.headers[CORRELATION] = name
        response.headers["Location"] = f"{PREFIX}/injections/{name}"
        return Scheduled(
            injection_id=name,
            correlation_id=name,
            starts=utc_text(scheduled.starts_at_us),
            ends=utc_text(scheduled.ends_at_us),
        )

    @router.delete("/injections/{injection_id}", status_code=202, responses=documented(404, 409))
    def clear(injection_id: IdPath, response: Response) -> Called:
        """End one injection before its time."""
        return _called(chaos.clear(read_id(injection_id)), response)

    @router.delete("/injections", status_code=202)
    def clear_all(response: Response) -> Called:
        """End every injection of this service."""
        return _called(chaos.clear(None), response)

    return router


def _called(request: InjectionCancelRequested, response: Response) -> Called:
    response.headers[CORRELATION] = request.correlation_id.hex()
    return Called(correlation_id=request.correlation_id.hex())


def _refused(kind: str, detail: str) -> ProblemError:
    return ProblemError(422, kind, detail)


def _kind(word: InjectionWord) -> Kind:
    parameters = []
    for one in word.parameters:
        least, most = shown_bounds(one) or (None, None)
        default: Written | None = None if one.default is None else shown_value(one, one.default)
        parameters.append(
            KindParameter(
                key=one.key,
                kind=one.kind,
                why=one.why,
                least=least,
                most=most,
                choices=list(one.choices),
                default=list(default) if isinstance(default, tuple) else default,
            )
        )
    low, high = word.duration_us
    return Kind(
        kind=word.kind,
        why=word.why,
        shortest=format_duration(low),
        longest=format_duration(high),
        parameters=parameters,
    )


def _answer(known: KnownInjection) -> InjectionAnswer:
    scheduled = known.scheduled
    return InjectionAnswer(
        injection_id=scheduled.injection_id.hex(),
        name=scheduled.name,
        kind=scheduled.kind,
        run=scheduled.run_id,
        state=known.state,
        starts=utc_text(scheduled.starts_at_us),
        ends=utc_text(known.ends_at_us),
        applied_count=known.applied_count,
        parameters=msgspec.json.decode(scheduled.parameters_json),
    )
