"""Paddings that are the border of a convolution's windows, and no tensor of their own."""

from xdsl.dialects import tensor
from xdsl.dialects.builtin import FloatAttr
from xdsl.ir import Operation

from hawk_xdsl.linalg.splat import scalar_of
from hawk_xdsl.linalg.structured import Equation, equation_of


def border_of(op: Operation) -> tuple[Operation, ...]:
    """The padding with zeros of the windows of a contraction of floats, if only it uses it."""
    equation = equation_of(op)
    if equation is None or equation.factors is None:
        return ()
    for position, value in enumerate(equation.inputs):
        pad = value.owner
        if isinstance(pad, tensor.PadOp) and len(list(pad.result.uses)) == 1:
            return (pad,) if _is_zero(pad) and _is_of_windows(pad, equation, position) else ()
    return ()


def _is_zero(pad: tensor.PadOp) -> bool:
    end = pad.region.block.last_op
    number = None if end is None else scalar_of(end.operands[0])
    return isinstance(number, FloatAttr) and number.value.data == 0


def _is_of_windows(pad: tensor.PadOp, equation: Equation, position: int) -> bool:
    """Whether only dimensions are padded that windows move along."""
    lows, highs = pad.static_low.get_values(), pad.static_high.get_values()
    if pad.low or pad.high or min((*lows, *highs)) < 0:
        return False
    for low, high, index in zip(lows, highs, equation.indices[position], strict=True):
        if not low and not high:
            continue
        if index is None or sum(1 for factor in index.coefficients if factor) < 2:
            return False
    return True
