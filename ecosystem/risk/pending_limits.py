"""Limits that somebody decided and that do not hold yet."""

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import LimitsChanged
from ecosystem.events.words import EventId
from ecosystem.risk.acts import ChangeLimits
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.rule import NEVER_US


class PendingLimits:
    """Changes of limits between their decision and their time, in the order of decision."""

    def __init__(self) -> None:
        self._changes: list[LimitsChanged] = []
        self.due_us = NEVER_US
        """Event time from which the first of them holds."""

    def decide(
        self, act: ChangeLimits, request_id: EventId, monitor: str, version: int, now_us: int
    ) -> LimitsChanged:
        """Return the fact that limits were changed, a root with the id of its request.

        Args:
            version: of the limits that hold.
            now_us: the latest event time.
        Raises:
            InvalidInputError: the text is no limits file, its version is not higher than that of
                every change before it, or its time is past.
        """
        changed = parse_limits(act.limits_toml, "limits_toml")
        before = max((version, *(one.limit_version for one in self._changes)))
        if changed.version <= before:
            raise InvalidInputError(
                f"limits_toml: version: {changed.version} found, {before + 1} or more is allowed"
            )
        effective_us = act.effective_time_us
        if effective_us is not None and effective_us < now_us:
            raise InvalidInputError(
                f"effective_time_us: {effective_us} found, {now_us}, which event time has reached,"
                " or later is allowed"
            )
        return LimitsChanged(
            event_id=request_id,
            correlation_id=request_id,
            causation_id=request_id,
            event_time_us=now_us,
            monitor=monitor,
            limit_version=changed.version,
            effective_time_us=now_us if effective_us is None else effective_us,
            author=act.author,
            reason=act.reason,
            limits_toml=act.limits_toml,
        )

    def add(self, event: LimitsChanged) -> None:
        """Take in a change.

        Raises:
            InvalidInputError: its text is no limits file; nothing has changed.
        """
        parse_limits(event.limits_toml, f"limits version {event.limit_version}")
        self._changes.append(event)
        self._plan()

    def _plan(self) -> None:
        self.due_us = min((one.effective_time_us for one in self._changes), default=NEVER_US)

    def pop_due(self, now_us: int, version: int) -> list[Limits]:
        """Return the limits whose time has come, oldest decision first, no longer pending.

        Args:
            version: of the limits that hold. What is lower was overtaken, by a later decision that
                held earlier or by the limits file of a new life, and is let go.
        """
        due = [one for one in self._changes if one.effective_time_us <= now_us]
        for change in due:
            self._changes.remove(change)
        self._plan()
        return [
            parse_limits(one.limits_toml, f"limits version {one.limit_version}")
            for one in due
            if one.limit_version >= version
        ]
