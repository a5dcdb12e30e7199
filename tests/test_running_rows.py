"""Two products with a normalised exponential between them are one mixed kernel, and proved."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as nn
from kernel_files import read_module
from lowering import lowered
from undecided import SOFTMAX, undecided

from hawk_xdsl.codegen.mixed.strategies import RUNNING_ROWS
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidate_at, candidates, space_of
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import Limit, load_target
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Settings, Sources
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of
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
