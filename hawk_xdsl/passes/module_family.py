"""One module for a range of lengths: its types and attributes over an extent, and it at a length.

Modules of several lengths have the same ops; the numbers in their types and attributes are affine
in the length. Example: ``tensor<1x499x64xf32>`` and ``tensor<1x495x64xf32>`` are
``tensor<1xnx64xf32>``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntAttr, ModuleOp
from xdsl.ir import Attribute, Operation, ParametrizedAttribute, SSAValue
from xdsl.rewriter import Rewriter

from hawk_xdsl.codegen.generalise import NotAffineError, line_at
from hawk_xdsl.dialects.npu import NamedExtent


@dataclass(frozen=True)
class ModuleFamily:
    """The modules of several lengths, as one.

    Attributes:
        modules: by length, at least three; their ops are the same one by one.
        extent: the lengths that it is for.
    """

    modules: Mapping[int, ModuleOp]
    extent: NamedExtent

    def at(self, length: int) -> ModuleOp:
        """The module at a length of the extent. Raises ``NotAffineError`` if there is none."""
        result = next(iter(self.modules.values())).clone()
        walks = [list(module.walk()) for module in self.modules.values()]
        ops = list(result.walk())
        if any([op.name for op in walk] != [op.name for op in ops] for walk in walks):
            raise NotAffineError(f"the ops of the program depend on {self.extent.name}")
        for op, *same in zip(ops, *walks, strict=True):
            self._change(op, same, length)
        return result

    def _change(self, op: Operation, same: Sequence[Operation], length: int) -> None:
        for name in op.properties:
            op.properties[name] = self._merged([each.properties[name] for each in same], length)
        for name in op.attributes:
            op.attributes[name] = self._merged([each.attributes[name] for each in same], length)
        for value, *others in zip(_values(op), *map(_values, same), strict=True):
            type_ = self._merged([other.type for other in others], length)
            if type_ != value.type:
                Rewriter.replace_value_with_new_type(value, type_)

    def _merged(self, attributes: Sequence[Attribute], length: int) -> Attribute:
        """An attribute at a length, from those at the lengths of the modules."""
        first = attributes[0]
        if all(each == first for each in attributes):
            return first
        integers = [each.data for each in attributes if isinstance(each, IntAttr)]
        if len(integers) == len(attributes):
            return IntAttr(line_at(integers, tuple(self.modules), length, self.extent))
        arrays = [each for each in attributes if isinstance(each, ArrayAttr)]
        if len(arrays) == len(attributes) and len({len(each) for each in arrays}) == 1:
            return ArrayAttr(self._merged(parts, length) for parts in zip(*arrays, strict=True))
        dense = [each.get_values() for each in attributes if isinstance(each, DenseArrayBase)]
        if isinstance(first, DenseArrayBase) and len(dense) == len(attributes):
            columns = zip(*dense, strict=True)
            lengths = tuple(self.modules)
            numbers = [line_at(c, lengths, length, self.extent) for c in columns]
            return DenseArrayBase.from_list(first.elt_type, numbers)
        parts = [each.parameters for each in attributes if isinstance(each, ParametrizedAttribute)]
        if (
            isinstance(first, ParametrizedAttribute)
            and len(parts) == len(attributes)
            and len({(type(each), len(p)) for each, p in zip(attributes, parts, strict=True)}) == 1
        ):
            columns = zip(*parts, strict=True)
            return type(first).new([self._merged(column, length) for column in columns])
        raise NotAffineError(f"{first} in the program depends on {self.extent.name}")


def _values(op: Operation) -> Iterator[SSAValue]:
    """The results of an op and the arguments of its blocks."""
    yield from op.results
    for region in op.regions:
        for block in region.blocks:
            yield from block.args
