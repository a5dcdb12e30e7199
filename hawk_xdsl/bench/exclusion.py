"""The erased keys of a benchmark's unseen operators: nothing like them may be a lesson."""

from collections.abc import Iterable

from xdsl.context import Context

from hawk_xdsl.bench.suite import Case, Operator, ShapeKind, Split, Suite
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.training.erased import erased_key
from hawk_xdsl.universe import context


def keys_of(operator: Operator) -> tuple[str, ...]:
    """The erased keys of the ops that an operator becomes, sorted; shapes do not matter to them.

    An operator that the front end cannot read, or an op that has no specification, has none.
    """
    case = Case(operator, ShapeKind.SMALL, operator.dtypes[0])
    try:
        program = import_torch(case.module(), case.tensors(0))
    except HawkError:
        return ()
    ctx: Context = context()
    NpuOutlinePass().apply(ctx, program.module)
    keys: set[str] = set()
    for op in program.module.walk():
        if isinstance(op, UndecidedOp):
            try:
                keys.add(erased_key(specify(op)))
            except UnreadableError:
                continue
    return tuple(sorted(keys))


def unseen_keys(suite: Suite, progress: Progress = lambda line: None) -> dict[str, list[str]]:
    """For each unseen operator, the keys that no seen operator has.

    What an unseen operator shares with a seen one (its matmul, say) may be learned from the latter.
    """
    found = {}
    for operator in suite.operators:
        progress(operator.name)
        found[operator.name] = keys_of(operator)
    seen = _joined(found[o.name] for o in suite.operators if o.split is Split.SEEN)
    return {
        operator.name: sorted(set(found[operator.name]) - seen)
        for operator in suite.operators
        if operator.split is Split.UNSEEN
    }


def _joined(keys: Iterable[Iterable[str]]) -> set[str]:
    return {key for group in keys for key in group}
