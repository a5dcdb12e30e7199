"""Loads past L2: what they cost, what they leave in L2, and in which networks they are chosen."""

import io
from dataclasses import replace

import pytest
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.parser import Parser
from xdsl.printer import Printer

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.npu import KernelOp, LoadOp
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.npu_target.l2.cache import L2Cache, traffic_of
from hawk_xdsl.npu_target.target import L2Spec
from hawk_xdsl.transforms.npu_bypass_l2 import bypass_l2
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

ASCEND = load_target("ascend910b1")
L2 = L2Spec(((1 << 20, 2944), (4 << 20, 2556)), 850)
SMALL = replace(ASCEND, l2=L2)
"""4 MB of L2: the stream below does not fit beside what is used again."""

ADDED = """across i in 0..512 step 16 {
a = load x[i:16, 0:512] into ub
b = load w[i:16, 0:512] into ub
a = vadd a, b
store a into y[i:16, 0:512]
}
"""
SUMS = """across i in 0..8192 step 32 {
a = load x[i:32, 0:512] into ub
s = vreduce sum a axis 1
store s into y[i:32, 0:1]
}
"""
TWICE = SUMS.replace("s = vreduce", "c = load x[i:32, 0:512] into ub\na = vadd a, c\ns = vreduce")


def kernel(name: str, text: str, reads: dict[str, int], write: tuple[int, int]) -> str:
    """A finished kernel of f32 in IR; operands have rows of 512."""
    inputs = tuple(GlobalOperand(key, "f32", (rows, 512)) for key, rows in reads.items())
    signature = Signature(name, inputs, (GlobalOperand("y", "f32", write),), ASCEND.name)
    [stage] = build(parse(text), signature, ASCEND.cores.__getitem__).kernels
    finish_kernel(stage.op, ASCEND)
    stream = io.StringIO()
    Printer(stream).print_op(stage.op)
    return stream.getvalue()


def network(sums: str = SUMS) -> ModuleOp:
    """Adds w, whose 1 MB every run uses, to itself; then sums the rows of x, 16 MB."""
    added = kernel("added", ADDED, {"x": 512, "w": 512}, (512, 512))
    summed = kernel("summed", sums, {"x": 8192}, (8192, 1))
    w, x, y = "tensor<512x512xf32>", "tensor<8192x512xf32>", "tensor<8192x1xf32>"
    main = (
        f"func.func @main(%w : {w}, %x : {x}) -> ({w}, {y}) {{\n"
        f"%a = npu.launch @added(%w, %w) : ({w}, {w}) -> {w}\n"
        f"%b = npu.launch @summed(%x) : ({x}) -> {y}\nreturn %a, %b : {w}, {y}\n}}\n"
    )
    module = Parser(context(), f"{added}\n{summed}\n{main}").parse_module()
    module.verify()
    return module


def past(module: ModuleOp) -> dict[str, bool]:
    """For each kernel whether its loads pass L2: all of them, or none."""
    found: dict[str, bool] = {}
    for op in module.walk():
        if isinstance(op, KernelOp):
            loads = {each.past_l2 is not None for each in op.walk() if isinstance(each, LoadOp)}
            [found[op.sym_name.data]] = loads
    return found


def test_a_load_past_l2_has_its_own_rate_and_leaves_what_is_there() -> None:
    module, l2 = network(), L2Cache(L2, SMALL.global_bandwidth)
    kernels = {op.sym_name.data: op for op in module.walk() if isinstance(op, KernelOp)}
    hits: list[float] = []
    for by in (None, UnitAttr()):
        for load in kernels["summed"].walk():
            if isinstance(load, LoadOp):
                load.past_l2 = by
        for name, tensors in (("added", "wwa"), ("summed", "xb"), ("added", "wwa")):
            found = traffic_of(kernels[name], SMALL, l2, list(tensors))
            assert found is not None
            if name == "summed" and by is not None:
                costs = {found.cycles_per_byte[op] for op in found.miss_share}
                assert costs == {1 / 850} and found.hit_rate == 0.0
        hits.append(found.hit_rate)
    assert hits[0] == 0.0, "the stream has driven w out"
    assert hits[1] > 0.95


def test_a_network_lets_what_it_reads_once_pass_where_it_gets_faster() -> None:
    module = network()
    assert bypass_l2(module, SMALL)
    assert past(module) == {"added": False, "summed": True}


@pytest.mark.parametrize(
    ("target", "sums"),
    [
        pytest.param(ASCEND, SUMS, id="all fits into L2"),
        pytest.param(SMALL, TWICE, id="it is read twice"),
        pytest.param(replace(SMALL, l2=replace(L2, past=300)), SUMS, id="past L2 it is slow"),
        pytest.param(replace(SMALL, l2=None), SUMS, id="there is no L2"),
    ],
)
def test_elsewhere_nothing_passes(target: Target, sums: str) -> None:
    module = network(sums)
    assert not bypass_l2(module, target)
    assert past(module) == {"added": False, "summed": False}
