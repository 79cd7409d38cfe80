"""Chance: seeded streams whose n-th draw is a pure function of the stream's name and n.

A draw depends on nothing that was drawn before, so an injection cannot shift the chance of the
base process, and a machine that restarts needs to know only how far it was.
Generator: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014), used as a counter-based generator.
"""

from hashlib import blake2b
from statistics import NormalDist
from typing import Final

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_GAMMA: Final = 0x9E37_79B9_7F4A_7C15
_INVERSE: Final = NormalDist().inv_cdf


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

    def run(self, first: int, end: int) -> list[int]:
        """Return the draws from `first` to before `end`, each an integer of 64 bits."""
        draws, name = [], self._base
        for number in range(first, end):
            z = (name + number * _GAMMA) & _MASK
            z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
            z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
            draws.append(z ^ (z >> 31))
        return draws

    def uniform(self, number: int) -> float:
        """Return draw `number` as a float strictly between 0 and 1."""
        return ((self.bits(number) >> 12) + 0.5) * 2.0**-52

    def normal(self, number: int) -> float:
        """Return draw `number` of the standard normal distribution."""
        return _INVERSE(((self.bits(number) >> 12) + 0.5) * 2.0**-52)

    def integer(self, number: int, low: int, high: int) -> int:
        """Return draw `number` as an integer from `low` to `high`, both included."""
        return low + self.bits(number) * (high - low + 1) // (_MASK + 1)
