"""Matrix products of the cube in numpy, on one thread.

BLAS starts threads for all but small products, which on tiles gains little and, on a busy
machine, costs up to a hundred times their time. Blocks of 64 stay below its threshold.
"""

import numpy as np

from hawk_xdsl.dialects.dtype import Array

BLOCK = 64


def product(lhs: Array, rhs: Array) -> Array:
    """``lhs · rhs`` for [m, k] and [k, n] of one float dtype.

    Partial sums over 64 of k are rounded to the dtype and added in order; the cube adds 8 to 32 of
    k at a time, so both stay within k · eps of the exact product.
    """
    m, k = lhs.shape
    n = rhs.shape[1]
    if m * k * n <= BLOCK**3:
        return np.matmul(lhs, rhs)
    left = _blocks(lhs)
    right = _blocks(rhs)
    total = np.matmul(left[:, :1], right[0])
    for depth in range(1, right.shape[0]):
        total += np.matmul(left[:, depth : depth + 1], right[depth])
    rows, columns = total.shape[:2]
    return total.transpose(0, 2, 1, 3).reshape(rows * BLOCK, columns * BLOCK)[:m, :n]


def _blocks(matrix: Array) -> Array:
    """A matrix as [rows / 64][columns / 64][64][64], its edges filled with zeros."""
    rows, columns = (-(-extent // BLOCK) for extent in matrix.shape)
    if matrix.shape != (rows * BLOCK, columns * BLOCK):
        whole = np.zeros((rows * BLOCK, columns * BLOCK), matrix.dtype)
        whole[: matrix.shape[0], : matrix.shape[1]] = matrix
        matrix = whole
    return matrix.reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3)
