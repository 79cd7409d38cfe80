"""Exponentials, logarithms and normal draws that are the same bits on every computer.

IEEE 754 defines the four operations and the square root to the bit; `exp` and `log` it leaves to
each C library, and they differ in the last place. So both are series here, of the four operations
alone. A normal draw goes through a C library's logarithm, and is put on a grid of 2**-16 standard
deviations: a difference in the last place then shows in fewer than one of 10**10 draws.
"""

import math
from decimal import Decimal
from typing import Final

from ecosystem.rng import Stream

E12: Final = 1_000_000_000_000
"""Logarithms of prices are integers scaled by 1e12."""

_CELL_E12: Final = E12 // 64
_CELLS: Final = 256
_EXP: Final = tuple(float((Decimal(cell) / 64).exp()) for cell in range(-_CELLS, _CELLS + 1))
_SIXTH: Final = 1.0 / 6.0
_24TH: Final = 1.0 / 24.0
_120TH: Final = 1.0 / 120.0
_720TH: Final = 1.0 / 720.0
_LN2: Final = 0.693_147_180_559_945_3
_SQRT_HALF: Final = 0.707_106_781_186_547_6
_ATANH: Final = tuple(1.0 / n for n in range(19, 0, -2))
_GRID: Final = 65_536


def exp_e12(log_e12: int) -> float:
    """Return the factor whose natural logarithm, scaled by 1e12, is `log_e12`."""
    cell, rest_e12 = divmod(log_e12, _CELL_E12)
    if not -_CELLS <= cell <= _CELLS:
        half_e12 = log_e12 // 2
        return exp_e12(half_e12) * exp_e12(log_e12 - half_e12)
    x = rest_e12 / E12
    # Taylor; the next term is below 2**-54 for x < 1/64.
    series = 1.0 + x * (1.0 + x * (0.5 + x * (_SIXTH + x * (_24TH + x * (_120TH + x * _720TH)))))
    return _EXP[cell + _CELLS] * series


def log_e12(numerator: int, denominator: int) -> int:
    """Return the natural logarithm of a quotient of positive integers, scaled by 1e12."""
    mantissa, exponent = math.frexp(numerator / denominator)
    if mantissa < _SQRT_HALF:
        mantissa *= 2.0
        exponent -= 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    series = 0.0
    for coefficient in _ATANH:
        series = series * square + coefficient
    return round((exponent * _LN2 + 2.0 * s * series) * E12)


def normal(stream: Stream, number: int) -> float:
    """Return draw `number` of the standard normal distribution, on the grid."""
    return round(stream.normal(number) * _GRID) / _GRID


def normals(stream: Stream, first: int, end: int) -> list[float]:
    """Return draws of the standard normal distribution, on the grid."""
    return [round(draw * _GRID) / _GRID for draw in stream.normals(first, end)]
