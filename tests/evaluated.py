"""Programs as text, evaluated by the reference."""

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.to_xdsl import new_context
from hawk_xdsl.reference.evaluate import (
    Array,
    Precision,
    evaluate_region,
)


def evaluate(text: str, *inputs: Array, precision: Precision = Precision.DECLARED) -> list[Array]:
    """@main of the text, after the front end."""
    program = import_mlir_text(text)
    arguments = program.arguments(inputs)
    return evaluate_region(program.function.body, arguments, precision)


def raw(text: str, *inputs: Array, precision: Precision = Precision.DECLARED) -> list[Array]:
    """The first function of the text as xDSL reads it, without the front end."""
    module = Parser(new_context(), text).parse_module()
    assert isinstance(module, ModuleOp)
    [function] = module.ops
    return evaluate_region(function.regions[0], inputs, precision)


def elementwise(body: str, element: str = "f32", shape: str = "4x6") -> str:
    return f"""
#id = affine_map<(a, b) -> (a, b)>
func.func @main(%x: tensor<{shape}x{element}>, %y: tensor<{shape}x{element}>)
    -> tensor<{shape}x{element}> {{
  %e = tensor.empty() : tensor<{shape}x{element}>
  %0 = linalg.generic {{indexing_maps = [#id, #id, #id],
                        iterator_types = ["parallel", "parallel"]}}
      ins(%x, %y : tensor<{shape}x{element}>, tensor<{shape}x{element}>)
      outs(%e : tensor<{shape}x{element}>) {{
  ^bb0(%a: {element}, %b: {element}, %o: {element}):
    {body}
    linalg.yield %r : {element}
  }} -> tensor<{shape}x{element}>
  return %0 : tensor<{shape}x{element}>
}}"""


def reducing(body: str, start: str) -> str:
    """A reduction over the middle axis of 3x5x4."""
    return f"""
func.func @main(%x: tensor<3x5x4xf32>) -> tensor<3x4xf32> {{
  %c = arith.constant {start} : f32
  %e = tensor.empty() : tensor<3x4xf32>
  %f = linalg.fill ins(%c : f32) outs(%e : tensor<3x4xf32>) -> tensor<3x4xf32>
  %0 = linalg.generic {{indexing_maps = [affine_map<(a, b, c) -> (a, c, b)>,
                                         affine_map<(a, b, c) -> (a, b)>],
                        iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%x : tensor<3x5x4xf32>) outs(%f : tensor<3x4xf32>) {{
  ^bb0(%a: f32, %o: f32):
    {body}
    linalg.yield %r : f32
  }} -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}}"""
