"""Which rules are judged when, under one version of the limits."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Any, Final

import msgspec

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.headroom import ExposureRule
from ecosystem.risk.intake.intake import Admit
from ecosystem.risk.limits import Limits
from ecosystem.risk.rule import Judge, Rule
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.state import RiskState
from ecosystem.risk.watch import Finding

_NOBODY: Final[tuple[Judge, ...]] = ()
Handler = tuple[Admit, tuple[Judge, ...]]
"""What admits an event of one type, and what judges it then."""


def _is(event: Event) -> bool:
    return True


def _itself(event: Event) -> Event:
    return event


UNWATCHED: Final[Handler] = (_itself, _NOBODY)
"""The handler of an event that no rule looks at."""


class Wired(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that are switched on, by the moments at which they are judged."""

    rules: dict[str, Rule[Any]]
    whole: Sequence[Callable[[], Sequence[Finding]]]
    whole_in_room: Sequence[Callable[[], Sequence[Finding]]]
    """The same without the rules about exposure, while there is room for all of them."""
    exposed: Sequence[ExposureRule[Any]]
    of_defects: Sequence[Callable[[int], Sequence[Finding]]]
    timed: Sequence[Rule[Any]]
    handlers: Mapping[type[Event], Handler]
    at_ticks: Mapping[str, tuple[Judge, ...]]
    """What judges a tick, by instrument: most rules care for a few of them."""
    at_quiet_ticks: Mapping[str, tuple[Judge, ...]]
    """The same without the rules that heed something, while all of that holds nothing."""
    heeded: tuple[Sized, ...]


def wire(
    limits: Limits, before: Mapping[str, Rule[Any]], state: RiskState, book: AlertBook
) -> Wired:
    """Return the rules of `limits`; those of `before` keep what they remember."""
    rules: dict[str, Rule[Any]] = {}
    for name, kind in RULES.items():
        found = limits.rules.get(name)
        if found is None:
            continue
        rule = before.get(name)
        if rule is None:
            rule = kind.rule(found.limit, found.scale, state, book)
        else:
            rule.configure(found.limit, found.scale)
        rules[name] = rule
    every = rules.values()
    whole = [r for r in every if type(r).judge_whole is not Rule.judge_whole]
    return Wired(
        rules=rules,
        whole=[r.judge_whole for r in whole],
        whole_in_room=[r.judge_whole for r in whole if not isinstance(r, ExposureRule)],
        exposed=[r for r in every if isinstance(r, ExposureRule)],
        of_defects=[
            r.judge_defects for r in every if type(r).judge_defects is not Rule.judge_defects
        ],
        timed=[r for r in every if type(r).judge_time is not Rule.judge_time],
        handlers=_handlers(rules, state),
        at_ticks={symbol: _at_ticks(every, symbol) for symbol in INSTRUMENTS},
        at_quiet_ticks={
            symbol: _at_ticks([r for r in every if r.heeds is None], symbol)
            for symbol in INSTRUMENTS
        },
        heeded=tuple(r.heeds for r in every if r.heeds is not None),
    )


def _at_ticks(rules: Iterable[Rule[Any]], symbol: str) -> tuple[Judge, ...]:
    judges = [rule.judges_ticks_of(symbol) for rule in rules]
    return tuple(judge for judge in judges if judge is not None)


def _handlers(rules: Mapping[str, Rule[Any]], state: RiskState) -> dict[type[Event], Handler]:
    judges: dict[type[Event], list[Judge]] = {ClockAdvanced: []}
    for rule in rules.values():
        for kind, judge in rule.judges().items():
            judges.setdefault(kind, []).append(judge)
    takes, guarded = state.takes, state.intake.guarded
    kinds = dict.fromkeys((*takes, *judges, *state.intake.inspected))
    return {
        kind: (
            _itself if kind is ClockAdvanced else guarded(kind, takes.get(kind, _is)),
            tuple(judges.get(kind, _NOBODY)),
        )
        for kind in kinds
    }
