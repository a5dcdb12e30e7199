"""How buffers lie in memory: by rows on blocks, or in fractals; and how many bytes that is."""

from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.npu import element_bytes, scope_of, strides_of


@dataclass(frozen=True)
class FractalLayout:
    """A matrix stored as [columns / width][rows][width], rows and columns padded to fractals.

    That is the NZ layout, [columns/width][rows/16][16][width], without its split of the rows. A
    24 × 40 matrix of f16 in l1 (fractals of 16 rows by 32 bytes) is 3 bands of 32 rows of 16.
    """

    rows: int
    columns: int
    width: int

    @property
    def bands(self) -> int:
        """How many bands of ``width`` columns there are."""
        return self.columns // self.width


def fractal_layout(type_: MemRefType) -> FractalLayout:
    """The layout of a matrix in a memory space of fractals."""
    rows, columns = type_.get_shape()
    scope = scope_of(type_)
    width = scope.block // element_bytes(type_)
    return FractalLayout(_up(rows, scope.rows), _up(columns, width), width)


def buffer_bytes(type_: MemRefType) -> int:
    """Bytes that a buffer of static shape takes in its scope, with its padding."""
    size = element_bytes(type_)
    if scope_of(type_).by_fractals:
        layout = fractal_layout(type_)
        return layout.rows * layout.columns * size
    last = sum(
        (extent - 1) * (stride or 0)
        for extent, stride in zip(type_.get_shape(), strides_of(type_), strict=True)
    )
    return _up((last + 1) * size, scope_of(type_).block)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
