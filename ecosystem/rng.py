"""Chance: seeded streams whose n-th draw is a pure function of the stream's name and n.

A draw depends on nothing that was drawn before, so an injection cannot shift the chance of the
base process, and a machine that restarts needs to know only how far it was.
Generator: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014), used as a counter-based generator.
"""

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import Final

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_GAMMA: Final = 0x9E37_79B9_7F4A_7C15
_INVERSE: Final = NormalDist().inv_cdf
_LANE_BITS: Final = 128
_LANE_BYTES: Final = _LANE_BITS // 8
"""A lane of a large integer holds a draw, and above it room for its product with a constant."""
_LANES_MAX: Final = 64


@cache
def _lanes(count: int, step: int) -> tuple[int, int, int, Callable[[bytes], tuple[int, ...]]]:
    """Return one in every lane, the mask of draws, the distances from the first, and a reader."""
    every = sum(1 << _LANE_BITS * lane for lane in range(count))
    rising = sum((lane * step * _GAMMA & _MASK) << _LANE_BITS * lane for lane in range(count))
    # What lies above a draw, of its neighbour's shift, is passed over.
    return every, _MASK * every, rising, Struct("<" + "Q8x" * count).unpack


class Stream:
    """One named stream of chance under a seed."""

    __slots__ = ("_base",)

    def __init__(self, seed: int, *names: str) -> None:
        name = "\0".join((str(seed), *names)).encode()
        self._base = int.from_bytes(blake2b(name, digest_size=8).digest(), "big")

    def bits(self, number: int) -> int:
        """Return draw `number` as an integer of 64 bits."""
        z = (self._base + number * _GAMMA) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
        return z ^ (z >> 31)

    def run(self, first: int, end: int, step: int = 1) -> tuple[int, ...]:
        """Return the draws of `range(first, end, step)`, each an integer of 64 bits.

        Several draws cost little more than one: they are computed side by side.
        """
        count = len(range(first, end, step))
        if count > _LANES_MAX:
            middle = first + step * _LANES_MAX
            return self.run(first, middle, step) + self.run(middle, end, step)
        every, low, rising, unpack = _lanes(count, step)
        z = ((self._base + first * _GAMMA) & _MASK) * every + rising & low
        z = ((z ^ z >> 30) & low) * 0xBF58_476D_1CE4_E5B9 & low
        z = ((z ^ z >> 27) & low) * 0x94D0_49BB_1331_11EB & low
        return unpack((z ^ z >> 31).to_bytes(_LANE_BYTES * count, "little"))

    def uniform(self, number: int) -> float:
        """Return draw `number` as a float strictly between 0 and 1."""
        return ((self.bits(number) >> 12) + 0.5) * 2.0**-52

    def normal(self, number: int) -> float:
        """Return draw `number` of the standard normal distribution."""
        return _INVERSE(((self.bits(number) >> 12) + 0.5) * 2.0**-52)

    def normals(self, first: int, end: int) -> list[float]:
        """Return the draws from `first` to before `end` of the standard normal distribution."""
        inverse = _INVERSE
        return [inverse(((bits >> 12) + 0.5) * 2.0**-52) for bits in self.run(first, end)]

    def integer(self, number: int, low: int, high: int) -> int:
        """Return draw `number` as an integer from `low` to `high`, both included."""
        return low + self.bits(number) * (high - low + 1) // (_MASK + 1)
