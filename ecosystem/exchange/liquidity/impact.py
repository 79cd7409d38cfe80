"""Market impact: what accounts took lately moves the house's quotes, and the move decays.

The house remembers the signed quantity that takers took from it. The memory is additive, so it
does not matter into how many orders a quantity is split, and it halves every `HALF_LIFE_US`
(exponential resilience: Obizhaeva and Wang, Optimal trading strategy and supply/demand dynamics,
Journal of Financial Markets 16, 2013). The quotes move with its square root once it is large, and
in proportion to it while it is small (the square-root law: Toth et al., Anomalous price impact
and the critical nature of liquidity, Physical Review X 1, 2011; a decaying response to signed
volume: Bouchaud et al., Fluctuations and response in financial markets, Quantitative Finance 4,
2004). So one who keeps buying holds the price up as long as he does, and it comes back afterwards.

Everything is an integer and a function of the executions alone, each folded in at its own time:
whoever folds the same executions later, a restored venue for one, gets the same.
"""

from math import isqrt
from typing import Final

from ecosystem.units import E8, SECOND_US

HALF_LIFE_US: Final = 30 * SECOND_US
SCALE_E8: Final = 2 * E8 // 10_000
"""The move is this fraction of the price, times sqrt(1 + remembered / unit) - 1."""


Memory = tuple[int, int]
"""The signed quantity taken that is remembered, in base units, and as of when."""


def decayed_e8(memory_e8: int, passed_us: int) -> int:
    """Return what is left of a memory; between two half-lives it falls in a straight line."""
    if not memory_e8 or passed_us <= 0:
        return memory_e8
    halvings, rest_us = divmod(passed_us, HALF_LIFE_US)
    left_e8 = abs(memory_e8) * (2 * HALF_LIFE_US - rest_us) // (2 * HALF_LIFE_US) >> halvings
    return left_e8 if memory_e8 > 0 else -left_e8


class Impact:
    """The memory of one book.

    Args:
        unit_e8: the quantity that is large for this book, in base units; the deeper the book, the
            larger.
    """

    __slots__ = ("_unit_e8", "memory")

    def __init__(self, unit_e8: int) -> None:
        self._unit_e8 = unit_e8
        self.memory: Memory = (0, 0)

    def took(self, signed_quantity_e8: int, time_us: int) -> None:
        """Remember an execution, positive for a purchase; in the order of their times."""
        memory_e8, at_us = self.memory
        self.memory = decayed_e8(memory_e8, time_us - at_us) + signed_quantity_e8, time_us

    def shift_e8(
        self, price_e8: int, time_us: int, tick_e8: int, memory: Memory | None = None
    ) -> int:
        """Return how far the quotes around `price_e8` are moved at `time_us`, in whole ticks.

        Args:
            memory: of that time; what is remembered now when left out.
        """
        memory_e8, at_us = self.memory if memory is None else memory
        if not memory_e8:
            return 0
        memory_e8 = decayed_e8(memory_e8, time_us - at_us)
        root_e8 = isqrt(E8 * E8 + E8 * E8 * abs(memory_e8) // self._unit_e8) - E8
        move_e8 = price_e8 * SCALE_E8 * root_e8 // (E8 * E8 * tick_e8) * tick_e8
        return move_e8 if memory_e8 > 0 else -move_e8
