"""From independent draws to correlated ones: the Cholesky factor of a correlation matrix."""

import math
from collections.abc import Mapping, Sequence

from ecosystem.errors import InvalidInputError

Correlations = Mapping[tuple[str, str], float]
"""By pair of assets; pairs left out are not correlated."""


def correlation_matrix(assets: Sequence[str], pairs: Correlations) -> list[list[float]]:
    """Return the full matrix of the pairs given.

    Raises:
        InvalidInputError: a pair of unknown assets, or a value that is no correlation.
    """
    for (left, right), value in pairs.items():
        if left == right or not {left, right} <= set(assets) or not -1 <= value <= 1:
            raise InvalidInputError(
                f"correlation of {left} and {right}: {value} found; -1 to 1 for two different of"
                f" {', '.join(assets)} is allowed"
            )
    return [
        [
            1.0 if left == right else pairs.get((left, right), pairs.get((right, left), 0.0))
            for right in assets
        ]
        for left in assets
    ]


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the lower triangle whose product with its transpose is `matrix`.

    Raises:
        InvalidInputError: no random variables can be correlated like that.
    """
    size = len(matrix)
    factor = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            inner = sum(factor[row][k] * factor[column][k] for k in range(column))
            if row == column:
                rest = matrix[row][row] - inner
                if rest <= 0:
                    raise InvalidInputError(
                        f"correlations {[list(line) for line in matrix]} found;"
                        " a positive definite matrix is allowed"
                    )
                factor[row][row] = math.sqrt(rest)
            else:
                factor[row][column] = (matrix[row][column] - inner) / factor[column][column]
    return factor
