"""Parts of an operand that a kernel reads, as places and not as elements."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from hawk_xdsl.gate.certificate.symbols import UnprovableError


class SymbolicIndexError(UnprovableError):
    """An index beyond what it indexes: it must be a real one."""

    def __init__(self) -> None:
        super().__init__("an index that is out of range")


@dataclass(frozen=True)
class InputView:
    """Part of an operand that is only read: where its elements are, as strides from an offset.

    Nothing says that they are within the operand: indices may be random words, see ``Prover``.
    """

    name: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @staticmethod
    def whole(name: str, shape: Sequence[int]) -> "InputView":
        """All of an operand."""
        strides = [prod(shape[position + 1 :]) for position in range(len(shape))]
        return InputView(name, 0, tuple(shape), tuple(strides))

    def at(self, slices: tuple[slice | int, ...]) -> "InputView":
        """A view of some of the elements."""
        offset, dims = self.offset, list[tuple[int, int]]()
        for part, stride in zip(slices, self.strides, strict=True):
            start = part if isinstance(part, int) else part.start
            offset += start * stride
            if isinstance(part, slice):
                dims.append((-(-(part.stop - start) // part.step), stride * part.step))
        return InputView(self.name, offset, tuple(n for n, _ in dims), tuple(s for _, s in dims))

    def reshaped(self, shape: tuple[int, ...]) -> "InputView":
        """All of an operand in another shape. Raises ``UnprovableError`` for a part of one."""
        if self.offset or self != InputView.whole(self.name, self.shape):
            raise UnprovableError("another shape of a part of an operand")
        return InputView.whole(self.name, shape)

    def places(self) -> npt.NDArray[np.int64]:
        """The flat places of the elements."""
        places = np.array(_word(self.offset), np.int64)
        for extent, stride in zip(self.shape, self.strides, strict=True):
            places = places[..., None] + np.arange(extent, dtype=np.int64) * _word(stride)
        return places


def _word(number: int) -> int:
    """The number modulo 2⁶⁴, as a signed one."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
