"""What a contraction does with its sums while it stores them: a maximum with 0, a narrowing."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.linalg.splat import is_zero
from hawk_xdsl.linalg.structured import Equation, equation_of
from hawk_xdsl.passes.outline_dataflow import is_unary_elementwise


def epilogue_of(op: Operation) -> tuple[Operation, ...]:
    """The ops that follow a contraction, one after the other, and are done when it is stored.

    Each is the only user of the one before. A maximum with 0 and one narrowing of the f32
    accumulator may come in either order; what is computed in f32 after a narrowing is no epilogue,
    since the store cannot round in between.
    """
    chain: list[Operation] = []
    done: list[Operation] = []
    while (user := _only_user(op.results[0])) is not None:
        equation = equation_of(user)
        steps = None if equation is None else store_steps(equation)
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


def _only_user(value: SSAValue) -> Operation | None:
    users = [use.operation for use in value.uses]
    return users[0] if len(users) == 1 else None


def _fit(steps: list[Operation]) -> bool:
    """Whether one store does all of them: one narrowing, one maximum."""
    narrowings = sum(isinstance(step, arith.TruncFOp) for step in steps)
    return narrowings <= 1 and len(steps) - narrowings <= 1
