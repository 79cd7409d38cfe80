"""A scenario as everybody understands it: what is injected, what it must do, what must be seen."""

from collections.abc import Mapping

import msgspec

from ecosystem.events.words import Severity

Parameter = int | str | tuple[str, ...]


class Injection(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, scheduled: what, by which machine, when and with which parameters."""

    name: str
    kind: str
    target: str
    """The machine that applies it, e.g. `market-data`."""
    starts_after_us: int
    """Event time from the start of the run."""
    duration_us: int
    parameters: Mapping[str, Parameter]
    """Scaled integers end in `_e8`, times in `_us`; lists of names are tuples."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an injection must have done to the market for the run to count."""

    injection: str
    measure: str
    """The measure of `InjectionApplied` that counts, e.g. `price BTC-USD`; empty means any."""
    deviation_e8: int
    """Least deviation of the altered from the unaltered value, a fraction scaled by 1e8."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that must follow, and how soon after its condition holds."""

    name: str
    injection: str
    rule: str
    subject: str
    """Empty means any subject."""
    severity: Severity
    """Least severity that counts."""
    measure: str
    """The measure of `InjectionApplied` the condition is about; empty means any."""
    deviation_e8: int
    """The condition holds from the first alteration at least this large; 0: from the first."""
    within_us: int
    """Event time allowed from the moment the condition holds."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment: a world, faults in it, and what a good risk monitor must see."""

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    duration_us: int
    injections: tuple[Injection, ...]
    effects: tuple[Effect, ...]
    expectations: tuple[Expectation, ...]
    false_alarm_severity: Severity
    """Alerts of at least this severity that no injection explains are false alarms."""
