"""Whether an attacked kernel is wrong: exact evaluation on inputs that attack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Target as NpuTarget
from hawk_xdsl.npu_target import Trap
from hawk_xdsl.semantics.specification import Specification
from mutation.attack import Attack
from mutation.attack_inputs import AttackInputs
from mutation.execution import (
    Executable,
    declared_results,
    exact_results,
    wrong_elements,
)


@dataclass(frozen=True)
class _Known:
    """A set of inputs with what is exact there, and what the op and the kernel give."""

    name: str
    inputs: list[Array]
    exact: list[Array]
    declared: list[Array]
    right: list[Array]


class AttackJudge:
    """Compares attacked kernels with what one op's region gives exactly.

    A kernel is wrong where it is further from the exact result than any rounding explains that the
    kernel it was made from, or the op in its own dtypes, shows on the same input; where that kernel
    is wrong itself, nothing is said.
    """

    def __init__(
        self, op: UndecidedOp, specification: Specification, target: NpuTarget, text: str
    ) -> None:
        self._op = op
        self._specification = specification
        self._target = target
        self._kernel = Executable(specification, target, text)
        self._inputs = AttackInputs(op, specification)

    @cached_property
    def _known(self) -> list[_Known]:
        return list(self._evaluated(self._inputs.everywhere()))

    def _evaluated(self, sets: Iterator[tuple[str, list[Array]]]) -> Iterator[_Known]:
        """Sets on which the region has a value and the kernel itself ends."""
        for name, inputs in sets:
            try:
                with np.errstate(all="ignore"):
                    exact = exact_results(self._op, inputs)
                    declared = declared_results(self._op, inputs)
                    right = self._kernel.run(inputs)
            except HawkError:
                continue
            places = [result.position for result in self._specification.outputs]
            yield _Known(
                name, inputs, [exact[p] for p in places], [declared[p] for p in places], right
            )

    def difference(self, attack: Attack) -> str | None:
        """Where an attacked kernel is wrong, in one line; ``None`` if it is on no input."""
        kernel = Executable(self._specification, self._target, attack.text)
        try:
            _ = kernel.program
        except HawkError as error:
            return str(error)
        for known in self._evaluated(self._inputs.near(attack.values)):
            if (found := self._compared(kernel, known)) is not None:
                return found
        for known in self._known:
            if (found := self._compared(kernel, known)) is not None:
                return found
        return None

    def _compared(self, kernel: Executable, known: _Known) -> str | None:
        try:
            with np.errstate(all="ignore"):
                outputs = kernel.run(known.inputs)
        except Trap as trap:
            return f"on inputs {known.name}: {trap}"
        for position, (given, exact, declared, right) in enumerate(
            zip(outputs, known.exact, known.declared, known.right, strict=True)
        ):
            wrong = wrong_elements(given, exact, right, declared=declared)
            if wrong.any():
                return f"on inputs {known.name}: {_first(position, wrong, given, exact, right)}"
        return None


def _first(position: int, wrong: np.ndarray, given: Array, exact: Array, right: Array) -> str:
    at: Sequence[int] = tuple(int(i) for i in np.argwhere(wrong)[0])
    wanted, own = exact.reshape(given.shape)[tuple(at)], right.reshape(given.shape)[tuple(at)]
    return (
        f"{int(wrong.sum())} of {wrong.size} of result {position}, first {given[tuple(at)]!s} "
        f"instead of {wanted!s} at {list(at)} (the right kernel: {own!s})"
    )
