"""What a kind of injection is made of, as scenario files say it."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from ecosystem.scenario import Parameter

ParameterKind = Literal["fraction", "factor", "duration", "names", "count", "amount", "choice"]
"""fraction: `-15%`; factor: `2.5`; duration: `90s`; names: a list; count: `100`; amount: `250000`
or `0.5`, in units of an asset; choice: one word. All but names and choice are scaled integers with
bounds, a count alone is plain."""


class ParameterWord(msgspec.Struct, frozen=True, kw_only=True):
    """One key under `with`."""

    key: str
    name: str
    """The parameter as machines know it; the unit is its suffix."""
    kind: ParameterKind
    why: str
    bounds: tuple[int, int] = (0, 0)
    """For quantities; of names, how many."""
    choices: tuple[str, ...] = ()
    """For names and choices."""
    default: Parameter | None = None
    """None: it must be given."""


class InjectionWord(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of injection."""

    kind: str
    targets: tuple[str, ...]
    why: str
    duration_us: tuple[int, int]
    parameters: tuple[ParameterWord, ...]
    measures: Callable[[Mapping[str, Parameter]], tuple[str, ...]]
    """What it alters, given its parameters."""
