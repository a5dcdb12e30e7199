"""Every named linalg op of the installed bindings as a function on small tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch_mlir.dialects._linalg_ops_gen as generated
import torch_mlir.dialects.linalg.opdsl.ops.core_named_ops as described

NO_OPS_ALONE = frozenset({"generic", "index", "yield"})
"""What is no named op, or stands in the body of another one only."""

SIZES: Mapping[str, int] = {
    **{name: 1 for name in ("SD", "SH", "SW", "DD", "DH", "DW")},
    **{name: 2 for name in ("N", "G", "KD", "KH", "KW", "M0", "N0", "K0", "CM")},
    **{name: 3 for name in ("B", "C", "OD", "OH", "OW")},
    **{name: 4 for name in ("M", "F", "FG", "IC")},
}
"""The symbols of the descriptions, in elements; any other is 5."""

FIXED: Mapping[str, str] = {"I32": "i32", "I64": "i64", "F64": "f64"}
"""Type variables that are no variables."""

WITHOUT_DESCRIPTION: Mapping[str, tuple[tuple[str, str], str, str]] = {
    "batch_matmul": (("3x4x5", "3x5x2"), "3x4x2", ""),
    "batch_reduce_matmul": (("3x4x5", "3x5x2"), "4x2", ""),
    "matmul": (("4x5", "5x2"), "4x2", ""),
    "contract": (
        ("4x5", "2x5"),
        "4x2",
        "indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, "
        "affine_map<(m, n, k) -> (m, n)>]",
    ),
    "elementwise": (("4x5", "4x5"), "4x5", "kind=#linalg.elementwise_kind<mul>"),
    "depthwise_conv_3d_ndhwc_dhwc": (("2x4x4x4x3", "2x2x2x3"), "2x3x3x3x3", ""),
    "depthwise_conv_3d_ndhwc_dhwcm": (("2x4x4x4x3", "2x2x2x3x2"), "2x3x3x3x3x2", ""),
}
"""Shapes of operands and result, and what stands between the name and them.

The bindings describe no depthwise convolution of three dimensions rightly.
"""

WRITTEN: Mapping[str, str] = {
    "broadcast": """func.func @main(%x: tensor<5xf32>, %e: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %r = linalg.broadcast ins(%x : tensor<5xf32>) outs(%e : tensor<4x5xf32>) dimensions = [0]
  return %r : tensor<4x5xf32>
}""",
    "transpose": """func.func @main(%x: tensor<5x4xf32>, %e: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %r = linalg.transpose ins(%x : tensor<5x4xf32>) outs(%e : tensor<4x5xf32>) permutation = [1, 0]
  return %r : tensor<4x5xf32>
}""",
    "map": """func.func @main(%x: tensor<4x5xf32>, %e: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %r = linalg.map { math.absf } ins(%x : tensor<4x5xf32>) outs(%e : tensor<4x5xf32>)
  return %r : tensor<4x5xf32>
}""",
    "reduce": """func.func @main(%x: tensor<4x5xf32>, %e: tensor<4xf32>) -> tensor<4xf32> {
  %r = linalg.reduce { arith.maximumf } ins(%x : tensor<4x5xf32>) outs(%e : tensor<4xf32>)
    dimensions = [1]
  return %r : tensor<4xf32>
}""",
    "softmax": """func.func @main(%x: tensor<4x5xf32>, %e: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %r = linalg.softmax dimension(1) ins(%x : tensor<4x5xf32>) outs(%e : tensor<4x5xf32>)
    -> tensor<4x5xf32>
  return %r : tensor<4x5xf32>
}""",
    "pack": """func.func @main(%x: tensor<4x6xf32>, %e: tensor<2x2x2x3xf32>)
    -> tensor<2x2x2x3xf32> {
  %r = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %e
    : tensor<4x6xf32> -> tensor<2x2x2x3xf32>
  return %r : tensor<2x2x2x3xf32>
}""",
    "unpack": """func.func @main(%x: tensor<2x2x2x3xf32>, %e: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = linalg.unpack %x inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %e
    : tensor<2x2x2x3xf32> -> tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}""",
    **{
        f"winograd_{which}_transform": f"""func.func @main(%x: tensor<{given}xf32>,
    %e: tensor<{made}xf32>) -> tensor<{made}xf32> {{
  %r = linalg.winograd_{which}_transform fmr(F_2_3) ins(%x : tensor<{given}xf32>)
    outs(%e : tensor<{made}xf32>) -> tensor<{made}xf32>
  return %r : tensor<{made}xf32>
}}"""
        for which, given, made in (
            ("filter", "2x3x3x5", "4x4x5x2"),
            ("input", "2x6x6x5", "4x4x2x2x2x5"),
            ("output", "4x4x2x2x2x2", "2x4x4x2"),
        )
    },
}
"""Functions of ops with another syntax."""


def named_ops() -> list[str]:
    """The names of all named ops of the bindings, without ``linalg.``."""
    classes = [each for each in vars(generated).values() if isinstance(each, type)]
    names = {getattr(each, "OPERATION_NAME", "").removeprefix("linalg.") for each in classes}
    return sorted(names - NO_OPS_ALONE - {""})


def function_of(name: str, dtypes: Mapping[str, str]) -> str:
    """``@main`` that computes the op and nothing else.

    Args:
        name: as ``named_ops`` gives it.
        dtypes: of the type variables of its description, such as ``T1``; any other is f32.
    """
    if name in WRITTEN:
        return WRITTEN[name]
    if name in WITHOUT_DESCRIPTION:
        (left, right), output, attributes = WITHOUT_DESCRIPTION[name]
        kinds = [dtypes.get(variable, "f32") for variable in ("T1", "T2", "U")]
        types = [f"tensor<{s}x{k}>" for s, k in zip((left, right, output), kinds, strict=True)]
        return _function(name, types[:2], types[2], attributes)
    inputs: list[str] = []
    output = ""
    for operand in _description(name).registered_operands.values():
        kind = str(operand.kind).removeprefix("OperandKind.")
        if kind not in ("INPUT_TENSOR", "SCALAR", "OUTPUT_TENSOR"):
            continue
        variable = operand.type_var.name
        dtype = dtypes.get(variable, FIXED.get(variable, "f32"))
        shape = [_size(each) for each in operand.size_exprs or ()]
        if not operand.size_exprs and name not in ("dot",):
            shape = [4, 5]
        type_ = dtype if kind == "SCALAR" else f"tensor<{''.join(f'{n}x' for n in shape)}{dtype}>"
        if kind == "OUTPUT_TENSOR":
            output = type_
        else:
            inputs.append(type_)
    return _function(name, inputs, output, "")


def _description(name: str) -> Any:
    return next(
        each.op_def for each in vars(described).values() if getattr(each, "op_name", "") == name
    )


def _size(expression: Any) -> int:
    """The value of a size's expression with ``SIZES``."""
    kind = type(expression).__name__
    if kind == "SymbolDef":
        return SIZES.get(expression.symname, 5)
    left, right = _size(expression.lhs), _size(expression.rhs)
    return left + right if "Add" in repr(expression).partition("(")[0] else left * right


def _function(name: str, inputs: Sequence[str], output: str, attributes: str) -> str:
    """Scalars are constants: 1, or the one that stands for it."""
    tensors = [(f"%a{n}", each) for n, each in enumerate(inputs) if each.startswith("tensor")]
    scalars = [(f"%a{n}", each) for n, each in enumerate(inputs) if not each.startswith("tensor")]
    arguments = ", ".join(f"{name}: {type_}" for name, type_ in (*tensors, ("%o", output)))
    constants = "".join(
        f"  {name} = arith.constant {'1.0' if 'f' in type_ else '1'} : {type_}\n"
        for name, type_ in scalars
    )
    names = ", ".join(f"%a{n}" for n in range(len(inputs)))
    return f"""func.func @main({arguments}) -> {output} {{
{constants}  %r = linalg.{name} {attributes} ins({names} : {", ".join(inputs)})
    outs(%o : {output}) -> {output}
  return %r : {output}
}}"""
