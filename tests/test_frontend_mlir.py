"""Programs in ``.mlir`` files, and the text by which modules reach xDSL."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from lowering import assert_agrees, lowered
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType, f32
from xdsl.dialects.linalg.ops import FillOp

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.to_xdsl import readable
from hawk_xdsl.linalg.splat import scalar_of, splat_of
from hawk_xdsl.reference.evaluate import evaluate_region
from hawk_xdsl.reference.host import run_main


def test_private_functions_are_inlined(tmp_path: Path) -> None:
    file = tmp_path / "two.mlir"
    file.write_text("""
func.func private @twice(%a: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.add ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>)
     -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @model(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @twice(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}""")
    program = load_program(str(file))
    assert program.name == "two" and program.reference is None
    assert program.function.sym_name.data == "main"
    [x] = program.example_inputs
    [y] = evaluate_region(program.function.body, program.arguments([x]))
    np.testing.assert_array_equal(y, x + x)


def test_generic_form_and_large_constants_in_text() -> None:
    text = """module {
  func.func @main(%a: tensor<2x10xf32>) -> tensor<2x10xf32> {
    %c = arith.constant dense_resource<weights> : tensor<2x10xf32>
    %0 = "linalg.add"(%a, %c, %a) <{operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%x: f32, %y: f32, %z: f32):
      %s = arith.addf %x, %y : f32
      linalg.yield %s : f32
    }) : (tensor<2x10xf32>, tensor<2x10xf32>, tensor<2x10xf32>) -> tensor<2x10xf32>
    return %0 : tensor<2x10xf32>
  }
}
{-# dialect_resources: { builtin: { weights: "0x04000000DATA" } } #-}"""
    weights = np.arange(20, dtype="<f4").reshape(2, 10)
    program = import_mlir_text(text.replace("DATA", weights.tobytes().hex()))
    np.testing.assert_array_equal(program.parameters[0], weights)
    [result] = run_main(program.module, program.arguments([weights]))
    np.testing.assert_array_equal(result, 2 * weights)


def test_a_matmul_keeps_its_indexing_maps_on_the_way() -> None:
    text = """
func.func @main(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                      affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}"""
    program = import_mlir_text(text)
    a, b, c = program.example_inputs
    [result] = run_main(program.module, program.arguments([a, b, c]))
    np.testing.assert_allclose(result, a @ b.T + c, rtol=1e-5)


def test_the_module_that_reaches_xdsl_is_generic_text_with_its_aliases_first() -> None:
    text = MlirModule.parse("func.func @main() {\n  return\n}", "m.mlir").generic_text()
    lines = [line for line in text.splitlines() if line.strip()]
    aliases = [line.startswith("#") for line in lines]
    assert aliases == sorted(aliases, reverse=True) and '"func.return"() : () -> ()' in text


def test_infinities_of_dense_literals_stay_infinite() -> None:
    mask = torch.tensor([True, False, True])
    program = lowered(lambda x: x.masked_fill(mask, float("-inf")), torch.randn(2, 3))
    assert_agrees(program)
    text = 'dense<[0xFF800000, 1.0]> : tensor<2xf32>, "arith.trunci"(%0) <{overflowFlags = '
    assert readable(text + "#arith.overflow<none>}> : x") == (
        'dense<"0x000080FF0000803F"> : tensor<2xf32>, "arith.trunci"(%0) : x'
    )


def test_named_ops_without_a_generic_form_are_taken_apart() -> None:
    text = """
func.func @main(%a: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %e = tensor.empty() : tensor<6x8xf32>
  %t = tensor.empty() : tensor<2x2x3x4xf32>
  %s = linalg.softmax dimension(1) ins(%a : tensor<6x8xf32>) outs(%e : tensor<6x8xf32>)
    -> tensor<6x8xf32>
  %p = linalg.pack %s inner_dims_pos = [0, 1] inner_tiles = [3, 4] into %t
    : tensor<6x8xf32> -> tensor<2x2x3x4xf32>
  %q = linalg.exp ins(%p : tensor<2x2x3x4xf32>) outs(%t : tensor<2x2x3x4xf32>)
    -> tensor<2x2x3x4xf32>
  %u = linalg.unpack %q inner_dims_pos = [0, 1] inner_tiles = [3, 4] into %e
    : tensor<2x2x3x4xf32> -> tensor<6x8xf32>
  return %u : tensor<6x8xf32>
}"""
    program = import_mlir_text(text)
    [x] = program.example_inputs
    [y] = run_main(program.module, program.arguments([x]))
    wanted = torch.softmax(torch.from_numpy(x), 1).exp().numpy()
    np.testing.assert_allclose(y, wanted, rtol=1e-5)


def test_a_long_literal_of_one_number_is_a_fill() -> None:
    program = import_mlir_text(
        "func.func @f(%x: tensor<512x768xf32>) -> tensor<512x768xf32> {\n"
        "  %c = arith.constant dense<-0.0> : tensor<512x768xf32>\n"
        "  %r = linalg.add ins(%x, %c : tensor<512x768xf32>, tensor<512x768xf32>)\n"
        "    outs(%x : tensor<512x768xf32>) -> tensor<512x768xf32>\n"
        "  return %r : tensor<512x768xf32>\n"
        "}\n"
    )
    [fill] = [op for op in program.module.walk() if isinstance(op, FillOp)]
    number = scalar_of(fill.results[0])
    assert number is not None and str(number.value.data) == "-0.0"
    constants = [op for op in program.module.walk() if isinstance(op, ConstantOp)]
    assert not [op for op in constants if isinstance(op.value, DenseIntOrFPElementsAttr)]


def test_a_literal_is_one_number_repeated_only_if_all_its_bytes_say_so() -> None:
    zeros = DenseIntOrFPElementsAttr.from_list(TensorType(f32, [2]), [0.0, -0.0])
    nans = DenseIntOrFPElementsAttr.from_list(TensorType(f32, [2]), [math.nan, math.nan])
    assert splat_of(zeros) is None
    found = splat_of(nans)
    assert found is not None and math.isnan(found.value.data)


def test_stablehlo_is_refused_with_what_converts_it() -> None:
    text = """func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.add %a, %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}"""
    with pytest.raises(HawkError, match=r":2: stablehlo\.add: .*stablehlo-legalize-to-linalg"):
        import_mlir_text(text)
