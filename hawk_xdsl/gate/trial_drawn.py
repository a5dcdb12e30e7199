"""The inputs of one trial: drawn so that the op has a value for them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_inputs import Drawer
from hawk_xdsl.gate.trial_integers import Share
from hawk_xdsl.gate.trial_rows import Purpose
from hawk_xdsl.reference.error import Error
from hawk_xdsl.reference.evaluate import Judged, evaluate_with_errors
from hawk_xdsl.reference.value_types import DivisionByZeroError, IndexRangeError


class Drawn:
    """The inputs of one trial and the float64 results, which exist for these inputs.

    Integers that are used as indices are drawn below the extent they index, also negative ones
    where the region takes them; if some are still out of range, ever smaller ones. Integers are
    not 0 if something is divided by them, and within the range that an input is confined to.
    """

    def __init__(
        self,
        op: UndecidedOp,
        purpose: Purpose,
        seed: Sequence[int],
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
        kernel_literals: tuple[float, ...] = (),
    ) -> None:
        self._op = op
        self._purpose = purpose
        self._seed = seed
        self._drawer = Drawer(Features(op, kernel_literals), ranges)
        self._without_zero = False

    @cached_property
    def _tried(self) -> tuple[tuple[Array, ...], list[Judged]]:
        error: IndexRangeError | None = None
        for share in self._shares():
            while True:
                inputs = self._draw(share)
                try:
                    return inputs, evaluate_with_errors(self._op.body.block, inputs)
                except IndexRangeError as out_of_range:
                    error = out_of_range
                    break
                except DivisionByZeroError:
                    if self._without_zero:
                        raise
                    self._without_zero = True
        assert error is not None
        raise error

    @property
    def inputs(self) -> tuple[Array, ...]:
        """One array an input of the op, of its shape."""
        return self._tried[0]

    @property
    def judged(self) -> list[Judged]:
        """The results in float64 with their errors. Raises ``HawkError`` for such inputs."""
        return self._tried[1]

    def endless_error(self, position: int) -> Error:
        """The error of a result if its dtypes had no largest number (``Expected``)."""
        return self._endless[position].error

    @cached_property
    def _endless(self) -> list[Judged]:
        return evaluate_with_errors(self._op.body.block, self.inputs, ends=False)

    def _draw(self, share: Share) -> tuple[Array, ...]:
        random = np.random.default_rng(self._seed)
        inputs = self._drawer.draw(random, self._purpose, share)
        if not self._without_zero:
            return inputs
        pairs = zip(inputs, self._drawer.sources, strict=True)
        return tuple(
            np.where(array == 0, 1, array).astype(array.dtype)
            if array.dtype.kind in "iu" and source.indexed is None
            else array
            for array, source in pairs
        )

    def _shares(self) -> Iterator[Share]:
        """Shares of the indexed extent to draw from, the widest first."""
        indexed = any(source.indexed is not None for source in self._drawer.sources)
        if self._purpose.name in ("odd", "mixed") and indexed:
            yield Share(-1.0, 1.0)
        share = 1.0
        while indexed and share > 1e-7:
            yield Share(0.0, share)
            share /= 2
        yield Share(0.0, 0.0)
