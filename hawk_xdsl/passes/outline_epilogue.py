"""What a contraction starts from, and what it does with its sums while it stores them."""

from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, Float32Type, TensorType
from xdsl.dialects.tensor import CollapseShapeOp, ExpandShapeOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap

from hawk_xdsl.dialects.npu import storage_of
from hawk_xdsl.linalg.splat import is_zero
from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.passes.outline_dataflow import is_unary_elementwise, layout_path


def epilogue_of(
    op: Operation, biases: tuple[str, ...] = (), *, filters: bool = False
) -> tuple[Operation, ...]:
    """The ops that follow a contraction, one after the other, and are done when it is stored.

    Each is the only user of the one before, perhaps in another shape. First may come the addition
    of a bias to the f32 accumulator, which starts from it: a row of one of the dtypes ``biases``,
    the same for all rows of the result. A maximum with 0 and one narrowing of the accumulator may
    come in either order; what is computed in f32 after a narrowing is no epilogue, since the store
    cannot round in between. With ``filters`` the bias may also be one number for each filter of a
    convolution, whose results come filter by filter.
    """
    chain: list[Operation] = []
    done: list[Operation] = []
    contraction = equation_of(op)
    while (user := _only_user(op.results[0])) is not None:
        equation = equation_of(user)
        steps = None if equation is None else store_steps(equation)
        if equation is not None and contraction is not None and not chain:
            starts = _adds_bias(equation, contraction, biases)
            starts = starts or (filters and _adds_to_filters(equation, contraction))
            steps = () if starts else steps
        if steps is None or not _fit([*done, *steps]):
            break
        chain.append(user)
        done += steps
        op = user
    return tuple(chain)


def store_steps(equation: Equation) -> tuple[Operation, ...] | None:
    """The scalar ops of an elementwise op that a store can do, in order; ``None`` if it is another.

    They are ``arith.truncf`` from f32 and a maximum with the literal 0.
    """
    if not is_unary_elementwise(equation) or len(equation.yielded) != 1:
        return None
    steps: list[Operation] = []
    value = equation.yielded[0]
    while value is not equation.body.args[0]:
        step = value.owner
        match step:
            case arith.TruncFOp(input=source) if isinstance(source.type, Float32Type):
                value = source
            case arith.MaximumfOp() | arith.MaxnumfOp() if is_zero(step.rhs):
                value = step.lhs
            case _:
                return None
        steps.insert(0, step)
    return tuple(steps) if steps else None


def _adds_bias(equation: Equation, contraction: Equation, biases: tuple[str, ...]) -> bool:
    """Whether an op adds a row to the f32 sums of a contraction, the same to all of its rows.

    The row runs along the last axes of the op, which are columns of the contraction: with 32
    columns for each of 4 heads a bias of 32 or of 128 elements is one. It is given to the function,
    or a constant, so that no other kernel has to run between.
    """
    row = _added(equation, contraction)
    if row is None:
        return False
    rank, columns = len(equation.sizes), _columns(contraction)
    places = [
        e.position if isinstance(e, AffineDimExpr) else -1 for e in equation.maps[row].results
    ]
    length = prod(static_shape(equation.inputs[row]))
    runs_last = bool(places) and places == list(range(rank - len(places), rank))
    return (
        runs_last
        and columns % length == 0
        and _is_given(equation.inputs[row])
        and _element(equation.inputs[row]) in biases
    )


def _adds_to_filters(equation: Equation, contraction: Equation) -> bool:
    """Whether an op adds a number for each filter to the f32 sums of a convolution.

    The numbers have the dtype of the factors: they are multiplied by ones.
    """
    row = _added(equation, contraction)
    shape = static_shape(contraction.op.results[0])
    if row is None or contraction.factors is None or shape != tuple(equation.sizes):
        return False
    used = equation.maps[row].used_dims()
    index = contraction.indices[-1][next(iter(used))] if len(used) == 1 else None
    factors = [contraction.loops_of(factor) for factor in contraction.factors]
    own = [index is not None and index.loop in loops for loops in factors]
    dtypes = {_element(value) for value in (*contraction.inputs, equation.inputs[row])}
    return own.count(True) == 1 and len(dtypes) == 1 and _is_given(equation.inputs[row])


def _added(equation: Equation, contraction: Equation) -> int | None:
    """Which input of an op is added, element by element, to all f32 sums of a contraction."""
    added = equation.yielded[0].owner
    if len(equation.inputs) != 2 or equation.reduced or equation.reads_accumulator:
        return None
    if not isinstance(added, arith.AddfOp) or not isinstance(added.result.type, Float32Type):
        return None
    sums = [
        n for n, value in enumerate(equation.inputs) if storage_of(value).owner is contraction.op
    ]
    if len(sums) != 1 or len(list(equation.body.ops)) > 3:
        return None
    arguments = [_widened(operand) for operand in (added.lhs, added.rhs)]
    summed = equation.body.args[sums[0]]
    if {equation.body.args[0], equation.body.args[1]} != set(arguments):
        return None
    if added.lhs is not summed and added.rhs is not summed:
        return None
    whole = equation.maps[sums[0]] == equation.maps[-1]
    is_plain = whole and equation.maps[-1] == AffineMap.identity(len(equation.sizes))
    return 1 - sums[0] if is_plain else None


def _columns(contraction: Equation) -> int:
    """Elements of the last axes of the result that one factor alone has."""
    assert contraction.factors is not None
    left, right = (contraction.loops_of(factor) for factor in contraction.factors)
    loops = [index.loop if index is not None else None for index in contraction.indices[-1]]
    columns = 1
    own: frozenset[int] | None = None
    for loop in reversed(loops):
        factor = next((f - o for f, o in ((left, right), (right, left)) if loop in f - o), None)
        if loop is None or factor is None or own not in (None, factor):
            break
        own = factor
        columns *= contraction.sizes[loop]
    return columns


def _widened(value: SSAValue) -> SSAValue:
    return value.owner.input if isinstance(value.owner, arith.ExtFOp) else value


def _is_given(value: SSAValue) -> bool:
    """Whether a tensor is an argument of the function or a constant, perhaps in another shape."""
    owner = layout_path(value, frozenset()).root.owner
    return isinstance(owner, Block) or (
        isinstance(owner, arith.ConstantOp) and isinstance(owner.value, DenseIntOrFPElementsAttr)
    )


def _element(value: SSAValue) -> str:
    return str(value.type.element_type) if isinstance(value.type, TensorType) else ""


def _only_user(value: SSAValue) -> Operation | None:
    """The one op that reads a tensor, or it in another shape."""
    while len(users := [use.operation for use in value.uses]) == 1:
        if not isinstance(users[0], ExpandShapeOp | CollapseShapeOp):
            return users[0]
        value = users[0].results[0]
    return None


def _fit(steps: list[Operation]) -> bool:
    """Whether one store does all of them: one narrowing, one maximum."""
    narrowings = sum(isinstance(step, arith.TruncFOp) for step in steps)
    return narrowings <= 1 and len(steps) - narrowings <= 1
