"""Where the cores of a launch meet, as calls of what runs them."""

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import IntegerAttr, UnitAttr, i64
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import Rewriter

from hawk_xdsl.dialects.hivm import (
    HivmSetFftsBaseAddrOp,
    HivmSyncBlockOp,
    HivmSyncBlockSetOp,
    HivmSyncBlockWaitOp,
)

SET = "hawk_set_flag"
"""Called with a flag, and with 1 if it is across blocks."""

WAIT = "hawk_wait_flag"
"""Called with a flag."""


def meetings_as_calls(function: func.FuncOp) -> list[func.FuncOp]:
    """Rewrites flags between cores and barriers of all; the declarations of what is called.

    The argument that says where the flags lie goes.
    """
    called: set[str] = set()
    for op in list(function.walk()):
        match op:
            case HivmSetFftsBaseAddrOp():
                op.detach()
                op.erase()
                continue
            case HivmSyncBlockOp():
                flag = 0 if op.flag_id is None else op.flag_id.value.data
                calls = [*_call(SET, flag, 1), *_call(WAIT, flag)]
            case HivmSyncBlockSetOp():
                flag = _flag(op.dynamic_flag_id, op.static_flag_id)
                calls = _call(SET, flag, int(op.across_blocks))
            case HivmSyncBlockWaitOp():
                calls = _call(WAIT, _flag(op.dynamic_flag_id, op.static_flag_id))
            case _:
                continue
        called.update(each.callee.string_value() for each in calls if isinstance(each, func.CallOp))
        Rewriter.replace_op(op, calls, [])
    for argument in list(function.body.block.args):
        if argument.type == i64:
            function.body.block.erase_arg(argument)
    return [_declared(name) for name in sorted(called)]


def _flag(dynamic: SSAValue | None, static: IntegerAttr | None) -> int | SSAValue:
    if dynamic is not None:
        return dynamic
    assert static is not None
    return static.value.data


def _call(name: str, *given: int | SSAValue) -> list[Operation]:
    ops: list[Operation] = []
    values: list[SSAValue] = []
    for each in given:
        if isinstance(each, SSAValue):
            values.append(each)
            continue
        constant = arith.ConstantOp(IntegerAttr(each, i64))
        ops.append(constant)
        values.append(constant.result)
    return [*ops, func.CallOp(name, values, [])]


def _declared(name: str) -> func.FuncOp:
    declared = func.FuncOp.external(name, [i64] * (2 if name == SET else 1), [])
    declared.attributes["llvm.emit_c_interface"] = UnitAttr()
    return declared
