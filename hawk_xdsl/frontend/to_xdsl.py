"""From a module of the bindings to an xDSL module, through generic-form text."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects import arith, builtin, cf, func, linalg, math, tensor
from xdsl.dialects.builtin import ArrayAttr, FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Dialect, Operation, ParametrizedAttribute, SSAValue
from xdsl.parser import Parser
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import ParseError, VerifyException

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.tm_tensor import TM_TENSOR
from hawk_xdsl.dialects.upstream import UPSTREAM
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, reading
from hawk_xdsl.frontend.bindings import MlirModule, nearest_place
from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.linalg.view_ops import emit_reshape

DIALECTS = (
    func.Func,
    linalg.Linalg,
    tensor.Tensor,
    arith.Arith,
    math.Math,
    TM_TENSOR,
    UPSTREAM,
)
"""What the front end lets through besides builtin; of cf, only ``cf.assert``."""

KNOWN_OPS = frozenset(
    {op.name for dialect in (builtin.Builtin, *DIALECTS) for op in dialect.operations}
    | {cf.AssertOp.name}
)

WINDOWS = frozenset(
    name for name in KNOWN_OPS if name.startswith(("linalg.conv_2d_", "linalg.pooling_nchw_max"))
)
"""The named ops of xDSL that need their strides and dilations written out, two of each."""


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


def generic_text(module: MlirModule, *, file: str) -> str:
    """The module as text that xDSL reads: in generic form, of ops that xDSL knows.

    Named linalg ops that xDSL lacks are generalized first.

    Args:
        module: is changed by the generalization.
        file: the file that errors are reported in.

    Raises:
        HawkError: with file and line, for the first op that has no counterpart.
    """
    text = generalized_text(module, file=file)
    unknown = [op for op in module.ops() if op.name not in KNOWN_OPS]
    for op in sorted(unknown, key=lambda op: ".constant" in op.name):
        place = nearest_place(op.places, file)
        raise HawkError(f"{op.name}: no lowering for this op", file=place[0], line=place[1])
    return text


def generalized_text(module: MlirModule, *, file: str) -> str:
    """The same with ops of any dialect. Raises ``HawkError`` for a linalg op without a form."""
    names = {op.name for op in module.ops()}
    module.say_windows(WINDOWS & names)
    module.generalize({n for n in names - KNOWN_OPS if n.startswith("linalg.")}, file=file)
    return readable(module.generic_text())


def parsed(text: str, *, file: str, context: Context | None = None) -> tuple[ModuleOp, Context]:
    """The module in xDSL, and the context that holds its ``dense_resource`` blobs.

    Each op's location becomes the place in ``file`` it came from, if its location names one, else
    the innermost place.

    Args:
        text: what :func:`generic_text` gave.
        file: the file that errors are reported in.
        context: knows the dialects; default: one of those that the front end lets through.

    Raises:
        HawkError: xDSL cannot read it.
    """
    context = context or new_context()
    # What it has no storage for, xDSL's parser tells in many ways.
    with reading(file, "this module in xDSL", errors=FOREIGN_ERRORS):
        try:
            result = Parser(context, text).parse_module()
            _give_axes(result)
            result.verify()
        except (ParseError, VerifyException) as error:
            message = f"xDSL cannot read this module: {_last_line(error)}"
            raise HawkError(message, file=file) from None
    _simplify_locations(result, file)
    return result, context


def _give_axes(module: ModuleOp) -> None:
    """Replaces expansions of what has no axes, which xDSL 0.74 does not verify."""
    for op in list(module.walk()):
        if isinstance(op, tensor.ExpandShapeOp) and not static_shape(op.src):
            emitted: list[Operation] = []

            def emit(created: Operation, emitted: list[Operation] = emitted) -> SSAValue:
                emitted.append(created)
                return created.results[0]

            emit_reshape(op.src, static_shape(op.result), emit)
            for created in emitted:
                created.location = op.location
            Rewriter.replace_op(op, emitted)


_FLAGS = re.compile(r"(\"arith\.trunci\"\([^)]*\)) <\{overflowFlags = #arith\.overflow<none>\}>")
"""What the bindings print of a truncation, and xDSL's has not."""

_BITS = re.compile(r"dense<([^\"<>]*0x[^\"<>]*)> : tensor<((?:\d+x)*)(f16|bf16|f32|f64)>")
"""A dense literal with floats that only their bits say: xDSL takes the bits for a number."""


def readable(text: str) -> str:
    """Generic-form text of the bindings without what xDSL reads wrongly or not at all."""
    return _BITS.sub(_as_bytes, _FLAGS.sub(r"\1", text))


def _as_bytes(literal: re.Match[str]) -> str:
    """A dense literal of floats as the string of its bytes, which both sides read alike."""
    dtype = DType(literal[3]).numpy
    data = b""
    for number in re.findall(r"[^\s,\[\]]+", literal[1]):
        if number.startswith("0x"):
            data += int(number, 16).to_bytes(dtype.itemsize, "little")
        else:
            data += np.asarray(float(number)).astype(dtype).tobytes()
    return f'dense<"0x{data.hex().upper()}"> : tensor<{literal[2]}{literal[3]}>'


def _last_line(error: ParseError | VerifyException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" ^\n")]
    return lines[-1] if lines else "unknown error"


def _simplify_locations(module: ModuleOp, file: str) -> None:
    for op in module.walk():
        place, line = nearest_place(tuple(_places_in(op.location)), file)
        if line is not None:
            op.location = FileLineColLoc(StringAttr(_importable(place)), IntAttr(line), IntAttr(0))


def _places_in(location: Attribute) -> Iterator[tuple[str, int]]:
    """The (file, line) pairs in a location, in the order of its text: innermost first."""
    match location:
        case FileLineColLoc():
            yield location.filename.data, location.line.data
        case ParametrizedAttribute():
            for part in location.parameters:
                yield from _places_in(part)
        case ArrayAttr():
            for part in location:
                yield from _places_in(part)
        case _:
            pass


@cache
def _importable(place: str) -> str:
    """The path of a file of a package from where packages lie: ``torch/nn/modules/linear.py``."""
    path = Path(place)
    roots = [Path(root) for root in sys.path if root and path.is_relative_to(root)]
    package = [root for root in roots if root.name in ("site-packages", "dist-packages")]
    return str(path.relative_to(package[0])) if package else place
