"""What the values of one of the vendor's kernels stand for, so far."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase
from xdsl.ir import SSAValue

from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.instructions import Operand
from hawk_xdsl.hivm.reading.linear import IndexForm
from hawk_xdsl.hivm.reading.vendor_ops import numbers


class Values:
    """A dictionary that says in one line what it lacks."""

    def __init__(self) -> None:
        self._found: dict[SSAValue, Operand] = {}

    def __setitem__(self, value: SSAValue, stands_for: Operand) -> None:
        self._found[value] = stands_for

    def __getitem__(self, value: SSAValue) -> Operand:
        found = self._found.get(value)
        if found is None:
            raise HivmImportError("a number that the kernel is given, or no value of ours")
        return found

    def number(self, value: SSAValue) -> IndexForm:
        """An integer. Raises ``HivmImportError`` for anything else."""
        found = self[value]
        if not isinstance(found, IndexForm):
            raise HivmImportError("a size or offset that is not counted")
        return found

    def mixed(self, static: DenseArrayBase, dynamic: Sequence[SSAValue]) -> list[IndexForm]:
        """Integers of which a property says those that are constants."""
        left = iter(dynamic)
        return [
            self.number(next(left)) if number == DYNAMIC_INDEX else IndexForm({}, number)
            for number in numbers(static)
        ]
