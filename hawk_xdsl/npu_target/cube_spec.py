"""What a target says of its matrix unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.cost_lines import Cost


@dataclass(frozen=True)
class MatmulSpec:
    """One input dtype of the cube: what it accumulates in, and cycles per fractal."""

    accumulator: str
    cycles: float


@dataclass(frozen=True)
class BiasSpec:
    """The table that holds a row of biases: its ``bytes``, and by accumulator which ``dtypes``."""

    bytes: int
    dtypes: Mapping[str, tuple[str, ...]]

    def holds(self, columns: int, accumulator: str) -> bool:
        """Whether a row of so many columns fits, as wide as the accumulator's elements."""
        return columns * DType(accumulator).bytes <= self.bytes


@dataclass(frozen=True)
class CubeSpec:
    """The matrix unit: a fractal is ``rows`` × ``depth_bytes`` times ``depth_bytes`` × ``columns``.

    ``l0a`` and ``l0b`` are the costs by bytes of staging the factors, a part of ``npu.mmad``; a
    machine that reads them where they are has neither.
    ``casts`` maps an accumulator dtype to what ``npu.fixpipe`` can convert it to.
    ``bias`` is the table of what accumulations start from, ``None`` for a unit without one.
    """

    pipe: Pipe
    rows: int
    columns: int
    depth_bytes: int
    fixed: float
    max_extent: int
    dtypes: Mapping[str, MatmulSpec]
    casts: Mapping[str, tuple[str, ...]]
    l0a: Cost | None
    l0b: Cost | None
    bias: BiasSpec | None = None

    def biases(self, accumulator: str) -> tuple[str, ...]:
        """The dtypes of a row that sums in a dtype may start from."""
        return () if self.bias is None else self.bias.dtypes.get(accumulator, ())

    @cached_property
    def accumulator_bytes(self) -> int:
        """Bytes of an element that products are added to: the widest, if they differ."""
        return max(DType(spec.accumulator).bytes for spec in self.dtypes.values())
