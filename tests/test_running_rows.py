"""Two products with a normalised exponential between them are one mixed kernel, and proved."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as nn
from kernel_files import read_module
from kernel_text_corpus import max_blocks
from lowering import lowered
from undecided import SOFTMAX, undecided

from hawk_xdsl.codegen.mixed.strategies import RUNNING_ROWS
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidate_at, candidates, space_of
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import Limit, load_target, time_kernel
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
ENTRIES = load_seed_entries()
COMPOSER = Composer.for_target(ENTRIES, TARGET)
[ENTRY] = [entry for entry in ENTRIES if entry.artifact.strategy == "running-rows"]
ATTENTION = read_module("ops/attention")

Function = Callable[..., object]


def request(op: UndecidedOp) -> Request:
    """What a kernel of an op is wanted for."""
    specification = specify(op)
    return Request(ENTRY, specification, COMPOSER.compose(specification), TARGET)


def verdict(op: UndecidedOp, text: str) -> Verdict:
    """What the gate says of a kernel text."""
    found = specify(op)
    signature = signature_of(found, "k", TARGET.name, TARGET.places)
    return Gate(op, found, signature, TARGET, 0, COMPOSER.rules).check(text)


def outlined(function: Function, shapes: Sequence[Sequence[int]], join: bool) -> list[UndecidedOp]:
    """The undecided ops of a function of tensors."""
    program = folded(lowered(function, *(torch.randn(*shape) for shape in shapes)))
    module = program.module.clone()
    NpuOutlinePass(join_rows=join).apply(context(), module)
    return [op for op in module.walk() if isinstance(op, UndecidedOp)]


def causal(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Each row with the columns up to its own."""
    return nn.scaled_dot_product_attention(q, k, v, is_causal=True)


def grouped(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Two heads of queries for each of keys and values."""
    k, v = (each.repeat_interleave(2, 1) for each in (k, v))
    return nn.scaled_dot_product_attention(q, k, v)


CASES = {
    "plain": (nn.scaled_dot_product_attention, 3 * [(2, 2, 32, 64)]),
    "causal, two tiles": (causal, 3 * [(1, 1, 64, 64)]),
    "mask": (nn.scaled_dot_product_attention, [(1, 2, 32, 32), *2 * [(1, 2, 48, 32)], (32, 48)]),
    "grouped": (grouped, [(1, 4, 32, 32), *2 * [(1, 2, 32, 32)]]),
    "ragged, 128 wide": (nn.scaled_dot_product_attention, [(1, 20, 128), *2 * [(1, 37, 128)]]),
}


@pytest.mark.parametrize(("function", "shapes"), CASES.values(), ids=CASES)
def test_attention_is_one_op_and_its_kernel_is_proved(
    function: Function, shapes: Sequence[Sequence[int]]
) -> None:
    [op] = outlined(function, shapes, join=True)
    best = candidates(request(op))[0]
    found = verdict(op, best.text)
    assert found.accepted, found.trap_message
    assert found.trust is Trust.PROVED
    assert found.program is not None
    assert [stage.op.is_mixed for stage in found.program.kernels] == [True]


def test_the_cut_of_before_is_an_option() -> None:
    function, shapes = CASES["plain"]
    assert len(outlined(function, shapes, join=False)) == 5


def test_scores_that_something_else_needs_stay_apart() -> None:
    def scores_too(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, ...]:
        scores = q @ k.T
        return torch.softmax(scores, 1) @ v, scores

    ops = outlined(scores_too, 3 * [(32, 32)], join=True)
    assert not any(weighted_rows_of(specify(op)) for op in ops)


@pytest.mark.parametrize("rows", [16, 32, 64])
@pytest.mark.parametrize("columns", [32, 80, 128, 192])
def test_every_tile_gives_a_right_kernel(rows: int, columns: int) -> None:
    """One tile of columns, two, many, and with a rest."""
    op = undecided(ATTENTION)
    schedule = Schedule.of("running-rows", {"i0": rows, "i2": columns}, stream={"i2"})
    found = candidate_at(request(op), schedule)
    assert found is not None
    assert verdict(op, found.text).trust is Trust.PROVED


def test_a_wrong_rescaling_is_refused_by_the_gate() -> None:
    op = undecided(ATTENTION)
    schedule = Schedule.of("running-rows", {"i0": 32, "i2": 64}, stream={"i2"})
    found = candidate_at(request(op), schedule)
    assert found is not None and "acc = vmul acc, al\n" in found.text
    wrong = found.text.replace("acc = vmul acc, al\n", "acc = vmul acc, more\n")
    assert not verdict(op, wrong).accepted


def test_a_softmax_alone_has_another_structure() -> None:
    assert weighted_rows_of(specify(undecided(SOFTMAX))) is None


def test_cores_without_flags_between_them_get_no_such_kernel() -> None:
    op = undecided(ATTENTION)
    assert not candidates(replace(request(op), target=replace(TARGET, cross=None)))


def tiled(function: Function, rows: int, columns: int, extent: int) -> tuple[UndecidedOp, str]:
    """An op of two heads, and its kernel with tiles of these sides."""
    [op] = outlined(function, 3 * [(1, 2, extent, 32)], join=True)
    parts = weighted_rows_of(specify(op))
    assert parts is not None
    sizes = {parts.batch[0]: 1, parts.m: rows, parts.n: columns}
    found = candidate_at(request(op), Schedule.of("running-rows", sizes, stream={parts.n}))
    assert found is not None
    return op, found.text


def diagonal(rows: int, columns: int, extent: int = 128) -> tuple[UndecidedOp, str]:
    """Causal attention of two heads, and its kernel with tiles of these sides."""
    return tiled(causal, rows, columns, extent)


@pytest.mark.parametrize(("rows", "columns"), [(16, 32), (32, 32), (64, 32), (32, 64), (64, 128)])
def test_tiles_right_of_a_diagonal_are_left_out_and_the_rest_is_proved(
    rows: int, columns: int
) -> None:
    op, text = diagonal(rows, columns)
    found = verdict(op, text)
    assert found.trust is Trust.PROVED, found.trap_message


def test_ragged_rows_up_to_a_diagonal_are_proved() -> None:
    op, text = diagonal(32, 64, extent=90)
    assert verdict(op, text).trust is Trust.PROVED


def products(op: UndecidedOp, text: str) -> float:
    """The cycles that the cube works on a kernel text."""
    program = build(text, signature_of(specify(op), "k", TARGET.name, TARGET.places), max_blocks)
    kernel = program.kernels[0].op
    finish_kernel(kernel, TARGET)
    timed = time_kernel(kernel, TARGET)
    assert timed is not None
    return sum(cycles for pipe, cycles in timed.busy.items() if str(pipe) == "cube")


def test_up_to_a_diagonal_the_cube_has_about_half_as_much_to_do() -> None:
    some = products(*diagonal(32, 32, extent=512))
    every = products(*tiled(nn.scaled_dot_product_attention, 32, 32, 512))
    assert some < 0.65 * every


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("for k in 32..(7-i1)%4*32//32*32 step", "for k in 32..(7-i1)%4*32//32*32-32 step"),
        ("vcmp le gap, 0.0", "vcmp le gap, 1.0"),
        ("vcmp le gap, 0.0", "vcmp lt gap, 0.0"),
        ("jk = vadd j, c", "jk = vadd j, k0"),
        ("i = vadd i, r\n", ""),
        ("a = load t0[(i1*2+i0)%24, c//32%2", "a = load t0[(i1*2+i0)%24, (c//32+1)%2"),
    ],
    ids=["a tile less", "a column more", "a column less", "no column", "no row", "another slot"],
)
def test_a_wrong_bound_of_the_diagonal_is_refused(right: str, wrong: str) -> None:
    op, text = diagonal(32, 32)
    assert right in text, text
    assert not verdict(op, text.replace(right, wrong.replace("k0", "r"))).accepted


class Attention(torch.nn.Module):
    """Two heads of 128 rows."""

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[1, 2, 128, 64] of all three."""
        return nn.scaled_dot_product_attention(q, k, v)


@pytest.mark.parametrize("written", [True, False])
def test_joined_rows_that_nobody_writes_a_mixed_kernel_for_are_decided_apart(
    written: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not written:
        monkeypatch.setattr(type(RUNNING_ROWS), "space", lambda self, request: None)  # pyright: ignore
    inputs = [torch.randn(1, 2, 128, 64) for _ in range(3)]
    counts: list[int] = []
    compiled = compile_program(
        import_torch(Attention(), inputs),
        settings=Settings(sources=Sources.COMPOSITION),
        store=tmp_path / "store.sqlite",
        on_outlined=counts.append,
    )
    kernels = [op for op in compiled.module.walk() if isinstance(op, KernelOp)]
    assert any(kernel.is_mixed for kernel in kernels) is written
    assert counts == ([1] if written else [1, 5])
    if not written:
        assert len(kernels) > 1, "products on the vector unit are slower"
    [output] = compiled(*(tensor.numpy() for tensor in inputs))
    np.testing.assert_allclose(output, Attention()(*inputs).numpy(), rtol=0, atol=1e-5)


def test_the_bound_counts_both_products_on_the_cube() -> None:
    [op] = outlined(nn.scaled_dot_product_attention, [[1, 1, 1024, 128]] * 3, join=True)
    bound = bound_of(specify(op), TARGET)
    assert bound.limiting is Limit.CUBE
    assert bound.units.cube == pytest.approx(2 * 1024 * 1024 * 128 / (1024 * 24), rel=0.1)
    assert bound.cycles < candidates(request(op))[0].estimate


def test_many_products_are_left_to_the_cube_or_decided_apart() -> None:
    whole = next(entry for entry in ENTRIES if entry.artifact.strategy == "whole-tiles")
    made: list[bool] = []
    for length in (64, 1024):
        [op] = outlined(nn.scaled_dot_product_attention, 3 * [(1, 1, length, 64)], join=True)
        found = request(op)
        assert space_of(found) is not None
        made.append(space_of(replace(found, entry=whole)) is not None)
    assert made == [True, False]


class Narrow(torch.nn.Module):
    """Attention as torch.export gives it, or written out."""

    def __init__(self, *, written: bool) -> None:
        super().__init__()
        self.written = written

    def forward(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """[batch, heads, rows, size] of all three."""
        if not self.written:
            return nn.scaled_dot_product_attention(q, k, v, mask)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        return torch.softmax(scores if mask is None else scores + mask, -1) @ v


@pytest.mark.parametrize(
    ("written", "size", "mask"),
    [(False, 128, torch.float16), (True, 64, None)],
)
def test_attention_in_f16_is_one_mixed_launch(
    written: bool, size: int, mask: torch.dtype | None, tmp_path: Path
) -> None:
    module = Narrow(written=written)
    inputs = [torch.randn(2, 2, 64, size).half() for _ in range(3)]
    if mask is not None:
        inputs.append(torch.randn(64, 64).to(mask))
    program = import_torch(module, inputs)
    compiled = compile_program(
        program,
        settings=Settings(Sources.COMPOSITION, Budget(8, 0, patience=0)),
        store=tmp_path / "store.sqlite",
    )
    kernels = [op for op in compiled.module.walk() if isinstance(op, KernelOp)]
    assert [kernel.is_mixed for kernel in kernels] == [True]
    [output] = compiled(*(tensor.numpy() for tensor in inputs))
    wide = module(*(x.double() if x.is_floating_point() else x for x in inputs))
    np.testing.assert_allclose(output.astype(np.float64), wide.numpy(), rtol=0, atol=3e-3)


class Decoding(torch.nn.Module):
    """Four heads that share keys and values, one token each."""

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[4, 64], and a cache of [1024, 64]."""
        return torch.softmax(q @ k.T * 0.125, -1) @ v


def test_few_rows_fit_a_mixed_kernel() -> None:
    [op] = outlined(Decoding().forward, [(4, 64), (160, 64), (160, 64)], join=True)
    found = verdict(op, candidates(request(op))[0].text)
    assert found.trust is Trust.PROVED, found.trap_message


def test_few_rows_with_a_long_cache_are_distributed_over_the_cores_in_one_launch(
    tmp_path: Path,
) -> None:
    inputs = [torch.randn(4, 64), torch.randn(1024, 64), torch.randn(1024, 64)]
    counts: list[int] = []
    compiled = compile_program(
        import_torch(Decoding(), inputs),
        settings=Settings(Sources.COMPOSITION, Budget(4, 0, patience=0)),
        store=tmp_path / "store.sqlite",
        on_outlined=counts.append,
    )
    assert counts == [1, 3]
    run = compiled.run([tensor.numpy() for tensor in inputs])
    assert run.time.launches == 1
    blocks = [op.blocks.value.data for op in compiled.module.walk() if isinstance(op, KernelOp)]
    assert max(blocks) > 8, blocks
    np.testing.assert_allclose(run.outputs[0], Decoding()(*inputs).numpy(), rtol=0, atol=1e-5)


def test_a_mask_of_truth_values_is_loaded_into_the_mixed_kernel() -> None:
    def masked(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
        return nn.scaled_dot_product_attention(q, k, v, m > 0)

    [op] = outlined(masked, [*3 * [(2, 2, 32, 32)], (2, 1, 32, 32)], join=True)
    assert verdict(op, candidates(request(op))[0].text).trust is Trust.PROVED
