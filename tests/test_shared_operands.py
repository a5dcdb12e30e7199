"""Products of one operand with several weights are one product, and the same numbers come out."""

from dataclasses import replace

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.linalg.ops import MatmulOp
from xdsl.dialects.tensor import ExtractSliceOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.shared_operands import shared_operands_joined
from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.reference.evaluate import evaluate_block

IDENTITY = "affine_map<(m, n) -> (m, n)>"
ROW = "affine_map<(m, n) -> (n)>"


def product(name: str, weights: str, columns: int, x: str = "%x") -> str:
    """``%name = x · weightsᵀ``."""
    kinds = f"tensor<{columns}x8xf32>", f"tensor<8x{columns}xf32>", f"tensor<6x{columns}xf32>"
    return f"""
    %{name}e = tensor.empty() : {kinds[1]}
    %{name}t = linalg.transpose ins({weights} : {kinds[0]}) outs(%{name}e : {kinds[1]})
        permutation = [1, 0]
    %{name}o = tensor.empty() : {kinds[2]}
    %{name}f = linalg.fill ins(%zero : f32) outs(%{name}o : {kinds[2]}) -> {kinds[2]}
    %{name} = linalg.matmul ins({x}, %{name}t : tensor<6x8xf32>, {kinds[1]})
        outs(%{name}f : {kinds[2]}) -> {kinds[2]}"""


def added(name: str, value: str, bias: str, columns: int) -> str:
    """``%name = value + bias``, the bias a row."""
    kind = f"tensor<6x{columns}xf32>"
    return f"""
    %{name} = linalg.generic {{indexing_maps = [{IDENTITY}, {ROW}, {IDENTITY}],
        iterator_types = ["parallel", "parallel"]}}
        ins({value}, {bias} : {kind}, tensor<{columns}xf32>) outs(%{name[0]}o : {kind}) {{
    ^bb0(%l: f32, %r: f32, %o: f32):
      %s = arith.addf %l, %r : f32
      linalg.yield %s : f32
    }} -> {kind}"""


def pointwise(name: str, op: str, value: str, other: str, columns: int) -> str:
    kind = f"tensor<6x{columns}xf32>"
    return f"""
    %{name} = linalg.generic {{indexing_maps = [{IDENTITY}, {IDENTITY}, {IDENTITY}],
        iterator_types = ["parallel", "parallel"]}}
        ins({value}, {other} : {kind}, {kind}) outs(%ao : {kind}) {{
    ^bb0(%l: f32, %r: f32, %o: f32):
      %s = arith.{op} %l, %r : f32
      linalg.yield %s : f32
    }} -> {kind}"""


def program(body: str, parameters: str, results: str, given: int) -> Program:
    """A program whose first ``given`` arguments are parameters; the others are its inputs."""
    text = f"""
    func.func @main({parameters}, %x: tensor<6x8xf32>, %y: tensor<6x8xf32>) -> ({results}) {{
    %zero = arith.constant 0.0 : f32 {body}
    }}"""
    read = import_mlir_text(text)
    random = np.random.default_rng(0)
    types = [t for t in read.function.function_type.inputs.data if isinstance(t, TensorType)]
    arrays = tuple(random.standard_normal(t.get_shape()).astype(np.float32) for t in types)
    names = tuple(f"w{number}" for number in range(given))
    return replace(
        read, parameters=arrays[:given], parameter_names=names, example_inputs=arrays[given:]
    )


def products(of: Program) -> list[tuple[int, ...]]:
    """The shapes of what its products give."""
    return [static_shape(op.results[0]) for op in of.module.walk() if isinstance(op, MatmulOp)]


def results(of: Program) -> list[Array]:
    block = of.function.body.block
    return evaluate_block(block, [*of.parameters, *of.example_inputs])


def same_results(one: Program, other: Program) -> bool:
    pairs = zip(results(one), results(other), strict=True)
    return all(np.allclose(mine, its, atol=1e-5) for mine, its in pairs)


TWO = "%a: tensor<4x8xf32>, %b: tensor<4xf32>, %c: tensor<4x8xf32>, %d: tensor<4xf32>"


def two(x: str = "%x", first: str = "mulf") -> str:
    """``(x · aᵀ + b) op (x · cᵀ + d)``."""
    return (
        product("a_", "%a", 4)
        + product("c_", "%c", 4, x)
        + added("a_b", "%a_", "%b", 4).replace("%ao", "%a_o")
        + added("c_d", "%c_", "%d", 4).replace("%co", "%c_o")
        + pointwise("r", first, "%a_b", "%c_d", 4).replace("%ao", "%a_o")
        + "\n    return %r : tensor<6x4xf32>"
    )


def test_two_products_and_their_biases_are_one() -> None:
    before = program(two(), TWO, "tensor<6x4xf32>", 4)
    after = shared_operands_joined(before)
    assert products(before) == [(6, 4), (6, 4)]
    assert products(after) == [(6, 8)]
    assert sorted(each.shape for each in after.parameters) == [(8,), (8, 8)]
    slices = [op for op in after.module.walk() if isinstance(op, ExtractSliceOp)]
    assert [op.static_offsets.get_values() for op in slices] == [(0, 0), (0, 4)]
    assert same_results(before, after)


def test_columns_may_differ() -> None:
    body = (
        product("a_", "%a", 4)
        + product("c_", "%c", 2)
        + """
    %h = tensor.extract_slice %a_[0, 0] [6, 2] [1, 1] : tensor<6x4xf32> to tensor<6x2xf32>"""
        + pointwise("r", "subf", "%h", "%c_", 2).replace("%ao", "%c_o")
        + "\n    return %r : tensor<6x2xf32>"
    )
    before = program(body, "%a: tensor<4x8xf32>, %c: tensor<2x8xf32>", "tensor<6x2xf32>", 2)
    after = shared_operands_joined(before)
    assert products(after) == [(6, 6)]
    assert same_results(before, after)


def test_products_of_two_operands_stay_two() -> None:
    before = program(two(x="%y"), TWO, "tensor<6x4xf32>", 4)
    assert shared_operands_joined(before) is before


def test_what_is_no_parameter_cannot_be_put_side_by_side() -> None:
    before = program(two(), TWO, "tensor<6x4xf32>", 0)
    assert shared_operands_joined(before) is before


def test_what_is_returned_stays_a_tensor_of_its_own() -> None:
    body = two().replace(
        "return %r : tensor<6x4xf32>", "return %r, %c_d : tensor<6x4xf32>, tensor<6x4xf32>"
    )
    before = program(body, TWO, "tensor<6x4xf32>, tensor<6x4xf32>", 4)
    after = shared_operands_joined(before)
    assert same_results(before, after)
    returned = after.function.body.block.last_op
    assert returned is not None
    assert not any(isinstance(value.owner, ExtractSliceOp) for value in returned.operands)


def test_steps_that_differ_are_not_joined() -> None:
    differing = two().replace("arith.addf", "arith.subf", 1)
    before = program(differing, TWO, "tensor<6x4xf32>", 4)
    after = shared_operands_joined(before)
    assert products(after) == [(6, 8)]
    assert sorted(each.shape for each in after.parameters) == [(4,), (4,), (8, 8)]
    assert same_results(before, after)
