"""Kernels for a range of lengths: written from one schedule, proved at sampled lengths."""
# ruff: noqa: E501 (MLIR text)

import re
from collections.abc import Callable
from functools import cache

import pytest
from kernel_files import read_module
from undecided import NORM, SOFTMAX
from undecided import undecided as op_of

from hawk_xdsl.codegen.generalise import NotAffineError, generalised, generalised_sizes
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import parse, text_of
from hawk_xdsl.dialects.npu import AffineSize, NamedExtent, UndecidedOp
from hawk_xdsl.gate.dynamic import sampled_lengths
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.propose.dynamic import DynamicProposer, NoDynamicKernelError

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")

RELU = """func.func @main(%x: tensor<NxMxf32>) {
  %r = npu.undecided "relu" ins(%x : tensor<Nx24xf32>) -> (tensor<Nx24xf32>) {
  ^bb0(%a: tensor<Nx24xf32>):
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<Nx24xf32>
    %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<Nx24xf32>) outs(%e : tensor<Nx24xf32>) {
    ^bb1(%in: f32, %out: f32):
      %m = arith.maximumf %in, %z : f32
      linalg.yield %m : f32
    } -> tensor<Nx24xf32>
    npu.yield %d : tensor<Nx24xf32>
  }
  func.return
}
""".replace("NxM", "Nx24")

TRANSPOSE = """func.func @main(%x: tensor<Nx24xf32>) {
  %r = npu.undecided "transpose" ins(%x : tensor<Nx24xf32>) -> (tensor<24xNxf32>) {
  ^bb0(%a: tensor<Nx24xf32>):
    %e = tensor.empty() : tensor<24xNxf32>
    %d = linalg.transpose ins(%a : tensor<Nx24xf32>) outs(%e : tensor<24xNxf32>) permutation = [1, 0]
    npu.yield %d : tensor<24xNxf32>
  }
  func.return
}
"""

PRODUCT = """func.func @main(%x: tensor<Nx32xf32>, %w: tensor<32x48xf32>) {
  %r = npu.undecided "product" ins(%x, %w : tensor<Nx32xf32>, tensor<32x48xf32>) -> (tensor<Nx48xf32>) {
  ^bb0(%a: tensor<Nx32xf32>, %b: tensor<32x48xf32>):
    %z = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<Nx48xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<Nx48xf32>) -> tensor<Nx48xf32>
    %d = linalg.matmul ins(%a, %b : tensor<Nx32xf32>, tensor<32x48xf32>) outs(%f : tensor<Nx48xf32>) -> tensor<Nx48xf32>
    npu.yield %d : tensor<Nx48xf32>
  }
  func.return
}
"""


def resized(text: str, old: int, new: int) -> str:
    """A module with one dimension of all its tensors at another length."""
    text = re.sub(rf"(?<=[<x]){old}(?=x)", str(new), text)
    return text.replace(f"constant {old}.0 :", f"constant {new}.0 :")


def lengthened(text: str) -> Callable[[int], str]:
    return lambda length: text.replace("<Nx", f"<{length}x").replace("xNx", f"x{length}x")


FAMILIES: dict[str, Callable[[int], str]] = {
    "elementwise": lengthened(RELU),
    "softmax of n rows": lambda n: resized(SOFTMAX, 64, n),
    "softmax of rows of n": lambda n: resized(SOFTMAX, 32, n),
    "norm of n rows": lambda n: resized(NORM, 64, n),
    "norm of rows of n": lambda n: resized(NORM, 60, n),
    "embedding": lambda n: resized(read_module("ops/embedding"), 16, n),
    "transpose": lengthened(TRANSPOSE),
    "product": lengthened(PRODUCT),
}


@cache
def proposer(name: str) -> DynamicProposer:
    entries = load_seed_entries()
    composer = Composer.of(entries, lambda mnemonic, dtype: supports(TARGET, mnemonic, dtype))

    def instance(length: int) -> UndecidedOp:
        return op_of(FAMILIES[name](length))

    return DynamicProposer(instance, composer, entries, TARGET)


N70 = NamedExtent("n0", 1, 70)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_one_kernel_for_all_lengths(name: str) -> None:
    (kernel,) = proposer(name).kernels(N70, "k")
    verdict = kernel.verdict
    assert kernel.extent == N70
    assert verdict.accepted
    assert {1, 3, 37, 69, 70} <= set(verdict.verdicts)
    if name == "embedding":  # a gather has indices, whose values are tried
        assert {v.certificate.reason for v in verdict.verdicts.values()} == {
            "proved but for its indices, which were tried"
        }
    else:
        assert verdict.trust is not Trust.TRIED, verdict.summary


def test_a_kernel_that_leaves_out_the_tail_is_refused_at_the_length_that_has_one() -> None:
    (kernel,) = proposer("transpose").kernels(N70, "k")
    gate = proposer("transpose").gate(N70, "k")
    assert gate.check(parse(kernel.verdict.text)).accepted
    short = kernel.verdict.text.replace("0..n0 step", "0..n0-1 step")
    assert short != kernel.verdict.text
    found = gate.check(parse(short))
    assert not found.accepted
    assert found.verdicts[70].accepted
    assert found.summary.startswith("n0 = 1: ")


def test_texts_of_several_lengths_become_one() -> None:
    def text(length: int) -> str:
        return (
            f"across i in 0..{4 * length} step 8 {{\na = load x[i+{length}:8, 0:{length}] into ub\n"
            f"a = vmul a, {1 / length!r}\nstore a into y[i:8, 0:{length}]\n}}\n"
        )

    texts = {length: parse(text(length)) for length in (69, 65, 57)}
    assert text_of(generalised(texts, N70)) == (
        "across i in 0..n0*4 step 8 {\na = load x[i+n0:8, 0:70] into ub\n"
        "a = vdiv a, n0\nstore a into y[i:8, 0:70]\n}\n"
    )


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [((16, 16, 8), "not affine in n0"), ((1, 2, 3), "not affine"), ((65, 69, 77), "falls with n0")],
)
def test_numbers_that_are_not_affine_are_refused(numbers: tuple[int, ...], reason: str) -> None:
    texts = {
        length: parse(f"a = load x[{number}:8] into ub\nstore a into y[0:8]\n")
        for length, number in zip((69, 65, 57), numbers, strict=True)
    }
    with pytest.raises(NotAffineError, match=reason):
        generalised(texts, N70)


def test_sizes_of_operands_become_affine() -> None:
    sizes, most = generalised_sizes({n: (2 * n + 1, 24) for n in (69, 65, 57)}, N70)
    assert (sizes, most) == ((AffineSize.of("n0", 2, 1), 24), (141, 24))


def test_lengths_are_sampled_where_tiles_end() -> None:
    tree = parse(
        "across i in 0..n0*24 step 200 {\na = load x[i:200] into ub\nstore a into y[i:200]\n}\n"
    )
    assert sampled_lengths(N70, tree) == (1, 3, 7, 8, 9, 10, 37, 69, 70)


def test_an_op_without_a_kernel_for_its_lengths_is_told_with_the_extent() -> None:
    """An op that is another one at every second length."""

    def instance(length: int) -> UndecidedOp:
        return op_of(FAMILIES["product" if length % 2 else "elementwise"](length))

    entries = load_seed_entries()
    composer = Composer.of(entries, lambda mnemonic, dtype: supports(TARGET, mnemonic, dtype))
    with pytest.raises(NoDynamicKernelError, match=r"k.*: no kernel for n0 in 1\.\."):
        DynamicProposer(instance, composer, entries, TARGET).kernels(NamedExtent("n0", 1, 20), "k")
