"""The REST endpoints by which people act on the monitor; writers show the door's token."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from consumers.risk_monitor.door.acting.desk import ActDesk
from doors.fields import HexId, IdPath, read_id
from doors.guard import CORRELATION
from doors.problems import ProblemError, documented
from doors.tokens import bearer
from doors.wording import event_words
from ecosystem.errors import InvalidInputError
from ecosystem.risk.acts import (
    AUTHOR_CHARS_MAX,
    LIMITS_CHARS_MAX,
    REASON_CHARS_MAX,
    Acknowledge,
    Act,
    ChangeLimits,
    CloseBreaker,
    TripBreaker,
)
from ecosystem.risk.limits import parse_limits

PREFIX: Final = "/api/v1"
KEY_PATTERN: Final = r"^[A-Za-z0-9_.:-]{1,64}$"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", pattern=KEY_PATTERN, description="the same key is the same act"
    ),
]


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("words are allowed, blanks alone are not")
    return text


Author = Annotated[
    str,
    StringConstraints(min_length=1, max_length=AUTHOR_CHARS_MAX),
    AfterValidator(_said),
    Field(description="who acts", examples=["r.officer"]),
]
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=REASON_CHARS_MAX),
    AfterValidator(_said),
    Field(description="why", examples=["drill of the week"]),
]


class Acknowledgement(BaseModel):
    """That a person takes note of an alert."""

    author: Author
    note: Annotated[str, StringConstraints(max_length=REASON_CHARS_MAX)] = ""


class BreakerWish(BaseModel):
    """That the circuit breaker be opened, or closed."""

    author: Author
    reason: Reason


class LimitsWish(BaseModel):
    """Other limits, all of them, as a limits file says them, under a higher version."""

    limits_toml: Annotated[str, StringConstraints(min_length=1, max_length=LIMITS_CHARS_MAX)]
    effective_time: datetime | None = Field(
        default=None, description="event time from which they hold; null: at once"
    )
    author: Author
    reason: Reason


class Acted(BaseModel):
    """What stands on the log because of an act: its fact, and what followed from it."""

    request_id: HexId
    correlation_id: HexId
    events: list[dict[str, Any]] = Field(description="in order; each with its type under `event`")


def acting_router(desk: ActDesk | None, token: str | None) -> APIRouter:
    """Return the routes; without a token each of them answers 403."""
    router = APIRouter(
        prefix=PREFIX,
        tags=["acts"],
        responses=documented(401, 403, 409, 503),
        dependencies=[Depends(_closed if token is None else bearer(token))],
    )

    def done(act: Act, key: str | None, response: Response) -> Acted:
        assert desk is not None, "without a token nobody comes here"
        facts = desk.act(act, key)
        correlation_id = facts[0].correlation_id.hex()
        response.headers[CORRELATION] = correlation_id
        return Acted(
            request_id=facts[0].event_id.hex(),
            correlation_id=correlation_id,
            events=[event_words(fact) for fact in facts],
        )

    @router.post("/alerts/{alert_id}/acknowledgement", responses=documented(404))
    def acknowledge(
        alert_id: IdPath, wish: Acknowledgement, response: Response, key: Key = None
    ) -> Acted:
        """Take note of an active alert."""
        act = Acknowledge(alert_id=read_id(alert_id), author=wish.author, note=wish.note)
        return done(act, key, response)

    @router.post("/limits")
    def change_limits(wish: LimitsWish, response: Response, key: Key = None) -> Acted:
        """Give the monitor other limits, at once or from an event time on."""
        try:
            parse_limits(wish.limits_toml, "limits_toml")
        except InvalidInputError as error:
            raise ProblemError(422, "refused-limits", str(error)) from error
        act = ChangeLimits(
            limits_toml=wish.limits_toml,
            effective_time_us=None
            if wish.effective_time is None
            else _microseconds(wish.effective_time),
            author=wish.author,
            reason=wish.reason,
        )
        return done(act, key, response)

    @router.post("/breaker/trip")
    def trip(wish: BreakerWish, response: Response, key: Key = None) -> Acted:
        """Open the circuit breaker: trading must stop."""
        return done(TripBreaker(author=wish.author, reason=wish.reason), key, response)

    @router.post("/breaker/close")
    def close(wish: BreakerWish, response: Response, key: Key = None) -> Acted:
        """Close the circuit breaker before its time is over."""
        return done(CloseBreaker(author=wish.author, reason=wish.reason), key, response)

    return router


def _closed() -> None:
    raise ProblemError(
        403,
        "acting-is-off",
        "this monitor was started without a token file (RISK_MONITOR_TOKEN_FILE);"
        " it can be watched only",
    )


def _microseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
