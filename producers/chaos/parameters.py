"""Parameters of an injection as callers write them, in the words of scenario files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.scenario import Parameter
from producers.test_coordinator.values import (
    format_duration,
    format_fraction,
    format_number,
    parse_count,
    parse_duration_us,
    parse_fraction_e8,
    parse_number_e8,
)
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

Written = str | int | Sequence[str]
"""A value as a caller writes it: text, a whole number, or a list of names."""
_Readers = tuple[Callable[[str], int], Callable[[int], str]]

_QUANTITIES: Final[Mapping[str, _Readers]] = {
    "fraction": (parse_fraction_e8, format_fraction),
    "factor": (parse_number_e8, format_number),
    "amount": (parse_number_e8, format_number),
    "duration": (parse_duration_us, format_duration),
    "count": (parse_count, str),
}


def read_parameters(
    word: InjectionWord, written: Mapping[str, Written]
) -> tuple[dict[str, Parameter], list[tuple[str, str]]]:
    """Return the parameters by their names, and every mistake with the key it is about."""
    mistakes: list[tuple[str, str]] = []
    allowed = {parameter.key for parameter in word.parameters}
    for key in written:
        if key not in allowed:
            known = ", ".join(sorted(allowed)) or "nothing"
            mistakes.append((key, f"{word.kind} has no such parameter; {known} is allowed"))
    parameters: dict[str, Parameter] = {}
    for parameter in word.parameters:
        try:
            parameters[parameter.name] = _read(parameter, written.get(parameter.key))
        except InvalidInputError as error:
            mistakes.append((parameter.key, str(error)))
    return parameters, mistakes


def read_duration(text: str, bounds: tuple[int, int]) -> int:
    """Return a duration within its bounds.

    Raises:
        InvalidInputError: it is none, or outside.
    """
    return _within(text, parse_duration_us(text), bounds, format_duration)


def shown_bounds(word: ParameterWord) -> tuple[str, str] | None:
    """Return the least and the greatest value as callers write them; None where there are none."""
    if word.kind in ("names", "choice"):
        return None
    show = _QUANTITIES[word.kind][1]
    return show(word.bounds[0]), show(word.bounds[1])


def shown_value(word: ParameterWord, value: Parameter) -> Written:
    """Return a parameter as callers write it."""
    if isinstance(value, int):
        return _QUANTITIES[word.kind][1](value)
    return value


def _read(word: ParameterWord, written: Written | None) -> Parameter:
    if written is None:
        if word.default is None:
            raise InvalidInputError(f"it is missing; {word.why}")
        return word.default
    if word.kind == "names":
        return _names(word, written)
    if isinstance(written, str) and word.kind == "choice":
        if written not in word.choices:
            raise InvalidInputError(f"{written!r} found; {', '.join(word.choices)} are allowed")
        return written
    if not isinstance(written, str | int) or word.kind == "choice":
        raise InvalidInputError(f"{written!r} found; a {word.kind} is allowed")
    parse, show = _QUANTITIES[word.kind]
    return _within(str(written), parse(str(written)), word.bounds, show)


def _within(text: str, value: int, bounds: tuple[int, int], show: Callable[[int], str]) -> int:
    low, high = bounds
    if not low <= value <= high:
        raise InvalidInputError(f"{text} found; {show(low)} to {show(high)} is allowed")
    return value


def _names(word: ParameterWord, written: Written) -> tuple[str, ...]:
    low, high = word.bounds
    if isinstance(written, str | int):
        raise InvalidInputError(f"{written!r} found; a list of names is allowed")
    if not low <= len(written) <= high or len(set(written)) != len(written):
        raise InvalidInputError(
            f"{len(written)} names found; {low} to {high} different ones are allowed"
        )
    for name in written:
        if name not in word.choices:
            raise InvalidInputError(f"{name!r} found; {', '.join(word.choices)} are allowed")
    return tuple(written)
