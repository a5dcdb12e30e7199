"""Index arithmetic of kernel text as operations, each computed once while it is visible."""

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AffineMapAttr, FloatAttr, IndexType, IntegerAttr, i1
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineMap

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.emission import Emission
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, linear
from hawk_xdsl.dialects.kernel_text.scope import Extent, Scalar


@dataclass
class IndexEmission(Emission):
    """Open blocks in which index expressions become values."""

    def linear(self, expression: ast.Expression) -> Linear:
        """The normal form of an expression over the visible variables."""
        visible: dict[str, IndexVariable] = {}
        for frame in self.frames:
            for name, binding in frame.names.items():
                if isinstance(binding, Scalar):
                    visible[name] = binding.variable
        return linear(expression, visible, self.line)

    def remembered(self, key: object, make: Callable[[], SSAValue]) -> SSAValue:
        """A value computed before in a block that is still open, or now."""
        for frame in reversed(self.frames):
            if key in frame.memo:
                return frame.memo[key]
        value = make()
        self.frame.memo[key] = value
        return value

    def variable_value(self, variable: IndexVariable) -> SSAValue:
        """A variable as an index."""
        if isinstance(variable.value.type, IndexType):
            return variable.value
        return self.remembered(
            ("index", variable),
            lambda: (
                self.emit(
                    arith.IndexCastOp(variable.value, IndexType()), f"{variable.name}_index"
                ).result
            ),
        )

    def index_or_int(self, value: Linear) -> SSAValue | int:
        """An index value, or the number if it is one."""
        if not value.terms:
            return value.constant
        (symbol, factor), *rest = value.terms
        if isinstance(symbol, IndexVariable) and factor == 1 and not rest and not value.constant:
            return self.variable_value(symbol)
        return self.remembered(("apply", value), lambda: self._apply(value))

    def index(self, value: Linear) -> SSAValue:
        """An index value, a constant operation if it is a number."""
        result = self.index_or_int(value)
        return self.index_constant(result) if isinstance(result, int) else result

    def index_constant(self, value: int) -> SSAValue:
        """A constant of index type."""
        return self.constant(IntegerAttr.from_index_int_value(value))

    def constant(self, value: FloatAttr | IntegerAttr) -> SSAValue:
        """A constant."""
        return self.remembered(
            ("constant", value), lambda: self.emit(arith.ConstantOp(value)).result
        )

    def truth(self, value: bool) -> SSAValue:
        """A constant of type i1."""
        return self.constant(IntegerAttr(int(value), i1))

    def _operands(self, *values: Linear) -> tuple[IndexVariable, ...]:
        found = {variable for value in values for variable in value.variables}
        return tuple(sorted(found, key=lambda variable: variable.order))

    def _apply(self, value: Linear) -> SSAValue:
        variables = self._operands(value)
        operands = [self.variable_value(variable) for variable in variables]
        map_ = AffineMap(len(variables), 0, (value.affine(variables),))
        return self.emit(affine.ApplyOp(operands, AffineMapAttr(map_))).result

    def minimum(self, most: Linear, value: Linear, divisor: int = 1) -> SSAValue:
        """``min(most, ceil(value / divisor))`` as an index."""

        def make() -> SSAValue:
            variables = self._operands(most, value)
            operands = [self.variable_value(variable) for variable in variables]
            expression = value.affine(variables)
            if divisor != 1:
                expression = expression.ceil_div(divisor)
            map_ = AffineMap(len(variables), 0, (most.affine(variables), expression))
            return self.emit(affine.MinOp(operands, AffineMapAttr(map_))).result

        return self.remembered(("minimum", most, value, divisor), make)

    def extent_value(self, extent: Extent) -> SSAValue | int:
        """A valid extent as a subview takes it."""
        if isinstance(extent, int):
            return extent
        return self.minimum(Linear(constant=extent.length), extent.limit, extent.stride)
