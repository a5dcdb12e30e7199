"""From a module of the bindings to an xDSL module, through generic-form text."""

from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects import arith, builtin, cf, func, linalg, math, tensor
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Dialect
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from hawk_xdsl.dialects.tm_tensor import TM_TENSOR
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule, nearest_place, places_of

DIALECTS = (
    func.Func,
    linalg.Linalg,
    tensor.Tensor,
    arith.Arith,
    math.Math,
    TM_TENSOR,
)
"""What the front end lets through besides builtin; of cf, only ``cf.assert``."""

KNOWN_OPS = frozenset(
    {op.name for dialect in (builtin.Builtin, *DIALECTS) for op in dialect.operations}
    | {cf.AssertOp.name}
)


def new_context() -> Context:
    """A context with the dialects of the front end."""
    context = Context()
    for dialect in (*DIALECTS, cf.Cf):
        context.load_dialect(dialect)
    # A storage of its own: xDSL's is shared by the process, where equal names of blobs collide.
    blobs = OpAsmDialectInterface()
    operations, attributes = builtin.Builtin.operations, builtin.Builtin.attributes
    context.load_dialect(Dialect("builtin", [*operations], [*attributes], [blobs]))
    return context


def to_xdsl(module: MlirModule, *, file: str) -> tuple[ModuleOp, Context]:
    """The module in xDSL, and the context that holds its ``dense_resource`` blobs.

    Named linalg ops that xDSL lacks are generalized first. Each op's location becomes the place in
    ``file`` it came from, if its location names one, else the innermost place.

    Args:
        module: is changed by the generalization.
        file: the file that errors are reported in.

    Raises:
        HawkError: with file and line, for the first op that has no counterpart.
    """
    names = {op.name for op in module.ops()}
    module.generalize({n for n in names - KNOWN_OPS if n.startswith("linalg.")})
    for op in module.ops():
        if op.name not in KNOWN_OPS:
            place = nearest_place(op.places, file)
            raise HawkError(f"{op.name}: no lowering for this op", file=place[0], line=place[1])
    context = new_context()
    try:
        result = Parser(context, module.generic_text()).parse_module()
        result.verify()
    except (ParseError, VerifyException) as error:
        raise HawkError(f"xDSL cannot read this module: {_last_line(error)}", file=file) from None
    _simplify_locations(result, file)
    return result, context


def _last_line(error: ParseError | VerifyException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" ^\n")]
    return lines[-1] if lines else "unknown error"


def _simplify_locations(module: ModuleOp, file: str) -> None:
    for op in module.walk():
        place, line = nearest_place(places_of(str(op.location)), file)
        if line is not None:
            op.location = FileLineColLoc(StringAttr(place), IntAttr(line), IntAttr(0))
