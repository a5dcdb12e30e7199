"""Convolutions whose image stays in l1: where pixels lie, and kernels that are right."""

import pytest
import torch
from contractions import TARGET, check, contraction, maps, request
from xdsl.parser import Parser

from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.universe import context

pytestmark = pytest.mark.corpus

SLAB = "cube-image-slab"

CASES: dict[str, tuple[str, str, str, str, str]] = {
    "unpadded": (
        "2x24x9x11", "40x24x3x3", "2x40x7x9",
        maps("n, k, y, x, c, i, j", "n, c, y + i, x + j", "k, c, i, j", "n, k, y, x"), "pppprrr",
    ),
    "dilated": (
        "16x12x13", "16x16x3x3", "16x8x9",
        maps("k, y, x, c, i, j", "c, y + 2 * i, x + 2 * j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
    "along one dimension": (
        "3x32x70", "48x32x5", "3x48x66",
        maps("n, k, x, c, j", "n, c, x + j", "k, c, j", "n, k, x"), "ppprr",
    ),
    "apart": (
        "16x12x14", "32x16x3x3", "32x5x6",
        maps("k, y, x, c, i, j", "c, 2 * y + i, 2 * x + j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
    "in groups": (
        "2x2x16x8x8", "2x24x16x3x3", "2x2x24x6x6",
        maps("n, g, k, y, x, c, i, j", "n, g, c, y + i, x + j", "g, k, c, i, j", "n, g, k, y, x"),
        "ppppprrr",
    ),
    "channels last": (
        "10x12x16", "3x3x16x32", "8x10x32",
        maps("y, x, k, i, j, c", "y + i, x + j, c", "i, j, c, k", "y, x, k"), "ppprrr",
    ),
    "few channels": (
        "3x20x20", "16x3x5x5", "16x16x16",
        maps("k, y, x, c, i, j", "c, y + i, x + j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_best_slab_is_right_and_proved(name: str) -> None:
    best, verdict = check(contraction(*CASES[name], dtypes=("f16", "f16")), SLAB)
    assert verdict.accepted, verdict.trap_message
    assert verdict.certificate.trust == "proved"
    assert best.text.count("s0 = load") == 1


def test_a_matrix_product_has_no_image() -> None:
    op = contraction("32x48", "48x64", "32x64", maps("m, n, k", "m, k", "k, n", "m, n"), "ppr")
    assert not candidates(request(op, SLAB))


def padded(image: str, weights: str, strides: int, border: int, dtype: str = "f16") -> UndecidedOp:
    """A convolution of ``CxHxW`` and its padding with zeros, as one op."""
    channels, high, wide = map(int, image.split("x"))
    filters, _, window, _ = map(int, weights.split("x"))
    outer = f"{channels}x{high + 2 * border}x{wide + 2 * border}"
    out = "x".join(
        str(n) for n in (filters, *((e + 2 * border - window) // strides + 1 for e in (high, wide)))
    )
    where = maps(
        "k, y, x, c, i, j", f"c, {strides} * y + i, {strides} * x + j", "k, c, i, j", "k, y, x"
    )
    module = f"""
func.func @main(%x: tensor<{image}x{dtype}>, %w: tensor<{weights}x{dtype}>) {{
  %y = npu.undecided "conv" ins(%x, %w : tensor<{image}x{dtype}>, tensor<{weights}x{dtype}>)
      -> (tensor<{out}xf32>) {{
  ^bb0(%a: tensor<{image}x{dtype}>, %b: tensor<{weights}x{dtype}>):
    %z = arith.constant 0.0 : {dtype}
    %p = tensor.pad %a low[0, {border}, {border}] high[0, {border}, {border}] {{
    ^bb1(%u: index, %v: index, %t: index):
      tensor.yield %z : {dtype}
    }} : tensor<{image}x{dtype}> to tensor<{outer}x{dtype}>
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<{out}xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<{out}xf32>) -> tensor<{out}xf32>
    %s = linalg.generic {{indexing_maps = [{where}], iterator_types = ["parallel", "parallel",
        "parallel", "reduction", "reduction", "reduction"]}}
        ins(%p, %b : tensor<{outer}x{dtype}>, tensor<{weights}x{dtype}>)
        outs(%f : tensor<{out}xf32>) {{
    ^bb1(%l: {dtype}, %r: {dtype}, %o: f32):
      %lw = arith.extf %l : {dtype} to f32
      %rw = arith.extf %r : {dtype} to f32
      %m = arith.mulf %lw, %rw : f32
      %q = arith.addf %o, %m : f32
      linalg.yield %q : f32
    }} -> tensor<{out}xf32>
    npu.yield %s : tensor<{out}xf32>
  }}
  func.return
}}"""
    parsed = Parser(context(), module).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))


@pytest.mark.parametrize(
    ("image", "weights", "strides", "border"),
    [
        ("16x14x14", "32x16x3x3", 1, 1),
        ("16x15x13", "16x16x3x3", 2, 1),
        ("8x9x20", "16x8x5x5", 1, 2),
        ("3x23x24", "16x3x7x7", 2, 3),
    ],
)
def test_a_padding_is_the_border_of_the_windows(
    image: str, weights: str, strides: int, border: int
) -> None:
    op = padded(image, weights, strides, border)
    assert "else 0.0" in specify(op).header()[0]
    best, verdict = check(op, SLAB)
    assert verdict.accepted, verdict.trap_message
    assert verdict.certificate.trust == "proved"
    assert best.syntax.stages[-1].core == "cube"


def test_a_kernel_that_forgets_the_border_is_refused() -> None:
    op = padded("16x14x14", "32x16x3x3", 1, 1)
    best = candidates(request(op, SLAB))[0]
    specification = specify(op)
    gate = Gate(op, specification, signature_of(specification, "k", TARGET.name), TARGET, 0)
    moved = best.text.replace("z = fill 0.0", "z = fill 1.0")
    assert moved != best.text
    assert not gate.check(moved).accepted


def test_only_what_loads_borders_is_asked_for_them() -> None:
    op = padded("16x14x14", "32x16x3x3", 1, 1)
    assert not candidates(request(op, "cube-output-stationary"))


def test_a_long_row_is_cut_into_tiles_of_columns() -> None:
    op = contraction(
        "16x3000", "16x16x3", "16x2998",
        maps("k, x, c, j", "c, x + j", "k, c, j", "k, x"), "pprr", dtypes=("f16", "f32"),
    )  # fmt: skip
    best, verdict = check(op, SLAB)
    assert verdict.accepted, verdict.trap_message
    assert best.schedule.sizes["i1"] < 2998


def test_a_padding_a_bias_of_each_filter_and_a_maximum_with_zero_are_one_op() -> None:
    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU()).half()
    module = import_torch(layers, (torch.randn(2, 16, 9, 9).half(),)).module
    NpuOutlinePass(TARGET.cube.biases("f32"), borders=True).apply(context(), module)
    [op] = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    best, verdict = check(op, SLAB)
    assert verdict.accepted, verdict.trap_message
    assert verdict.certificate.trust == "proved"
    assert best.schedule.epilogue == ("bias", "relu", "cast")
    assert "acc = mmad r.T, o, acc" in best.text and "store relu acc" in best.text


def test_without_borders_a_padding_is_an_op_of_its_own() -> None:
    module = import_torch(torch.nn.Conv2d(4, 8, 3, padding=1), (torch.randn(1, 4, 6, 6),)).module
    NpuOutlinePass(TARGET.cube.biases("f32")).apply(context(), module)
    assert sum(isinstance(op, UndecidedOp) for op in module.walk()) == 3
