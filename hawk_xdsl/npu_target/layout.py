"""How buffers lie in the scopes: rows in ub, fractals in l1 and l0c, and how many bytes that is."""

from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.npu import UB_BLOCK_BYTES, Scope, element_bytes, scope_of, strides_of

FRACTAL_ROWS = 16
"""Rows of a fractal in l1 and in l0c (AscendC)."""


@dataclass(frozen=True)
class FractalLayout:
    """A matrix stored as [columns / width][rows][width], rows and columns padded to fractals.

    That is the NZ layout: [columns/width][rows/16][16][width] without its split of the rows.
    """

    rows: int
    columns: int
    width: int

    @property
    def bands(self) -> int:
        """How many bands of ``width`` columns there are."""
        return self.columns // self.width


def fractal_layout(type_: MemRefType) -> FractalLayout:
    """The layout of a matrix in l1 (32 bytes wide) or an l0 scope (16 elements in l0c)."""
    rows, columns = type_.get_shape()
    width = FRACTAL_ROWS if scope_of(type_) is Scope.L0C else UB_BLOCK_BYTES // element_bytes(type_)
    return FractalLayout(_up(rows, FRACTAL_ROWS), _up(columns, width), width)


def buffer_bytes(type_: MemRefType) -> int:
    """Bytes that a buffer of static shape takes in its scope, with its padding."""
    size = element_bytes(type_)
    if scope_of(type_) in (Scope.L1, Scope.L0A, Scope.L0B, Scope.L0C):
        layout = fractal_layout(type_)
        return layout.rows * layout.columns * size
    last = sum(
        (extent - 1) * (stride or 0)
        for extent, stride in zip(type_.get_shape(), strides_of(type_), strict=True)
    )
    return _up((last + 1) * size, UB_BLOCK_BYTES)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
