"""The main job on small models: kernels, values, reuse, determinism, saved files."""

from pathlib import Path

import numpy as np
import pytest
import torch

import hawk_xdsl
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.pipeline import compile_program, load_compiled
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

COMPOSITION = Settings(sources=Sources.COMPOSITION)


class Small(torch.nn.Module):
    """A linear layer with GELU and a softmax."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(48, 40)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(torch.nn.functional.gelu(self.linear(x)), -1)


UNKNOWN = """
#id = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = tensor.empty() : tensor<8x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.fptosi %in : f32 to i32
    %1 = math.fpowi %in, %n : f32, i32
    linalg.yield %1 : f32
  } -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}
"""
"""A function that no knowledge entry is about."""


EXAMPLE = (torch.randn(20, 48, generator=torch.Generator().manual_seed(1)),)


@pytest.fixture(scope="module")
def program() -> Program:
    return import_torch(Small().eval(), EXAMPLE)


def test_a_model_becomes_kernels_that_compute_the_same(program: Program, store: Path) -> None:
    compiled = hawk_xdsl.compile_model(Small().eval(), EXAMPLE, target="ascend910b1")
    assert {row.source for row in compiled.report} == {"template"}
    wanted = Small()(*EXAMPLE).detach().numpy()
    error = error_between(compiled(EXAMPLE[0].numpy()), [wanted])
    assert error.relative < 1e-6 and error.maximum < 1e-6
    assert all(row.bound_share is not None and 0 < row.bound_share <= 1 for row in compiled.report)
    # What a kernel rests on is told: with a proof how sure it is, without one why there is none.
    for row in compiled.report:
        assert row.trust in tuple(Trust)
        assert (row.proof_error is None) == (row.trust == "tried") == bool(row.unproved)
        assert row.proof_error is None or 0 < row.proof_error < 1e-9


def test_the_same_store_and_seed_give_the_same_ir(program: Program, tmp_path: Path) -> None:
    first = compile_program(program, settings=COMPOSITION, store=tmp_path / "a")
    second = compile_program(program, settings=COMPOSITION, store=tmp_path / "b")
    warm = compile_program(program, settings=Settings(sources=Sources.REPLAY), store=tmp_path / "a")
    assert first.ir == second.ir == warm.ir
    assert {row.source for row in warm.report} == {"reused"}


def test_replay_without_a_kernel_is_an_error(program: Program) -> None:
    with pytest.raises(UndecidableError, match="matmul"):
        compile_program(program, settings=Settings(sources=Sources.REPLAY))


def test_an_op_that_nothing_can_lower_is_named() -> None:
    unknown = import_mlir_text(UNKNOWN)
    with pytest.raises(UndecidableError, match="fpowi"):
        compile_program(unknown, settings=COMPOSITION)


def test_an_op_on_the_host_has_no_cycles_and_says_so() -> None:
    unknown = import_mlir_text(UNKNOWN)
    settings = Settings(sources=Sources.COMPOSITION, host_fallback=True)
    compiled = compile_program(unknown, settings=settings)
    [row] = compiled.report
    assert (row.source, row.cycles, row.bound_share) == ("host", None, None)
    assert (row.trust, row.proof_error) == (None, None)
    assert "fpowi" in row.reason
    run = compiled.run([np.full((8, 8), 3, np.float32)])
    assert run.launches == ()
    np.testing.assert_allclose(run.outputs[0], np.full((8, 8), 27), rtol=1e-6)


def test_what_is_saved_runs_again(program: Program, tmp_path: Path) -> None:
    compiled = compile_program(program, settings=COMPOSITION)
    compiled.save(tmp_path / "out")
    loaded, wanted = load_compiled(tmp_path / "out")
    assert wanted is not None
    again = loaded.run(loaded.program.example_inputs)
    assert error_between(again.outputs, wanted).relative < 1e-6
    assert again.cycles == compiled.run(program.example_inputs).cycles


def test_wrong_inputs_are_one_line(program: Program) -> None:
    compiled = compile_program(program, settings=COMPOSITION)
    with pytest.raises(HawkError, match="expected 1 inputs, got 2"):
        compiled(np.ones((20, 48), np.float32), np.ones(3, np.float32))


@pytest.mark.corpus
def test_a_result_of_more_axes_together_than_numpy_has_dimensions(tmp_path: Path) -> None:
    class Upsampled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(x, size=(7, 7), mode="bilinear")

    program = import_torch(Upsampled(), (torch.randn(1, 2, 4, 4),))
    settings = Settings(Sources.COMPOSITION, Budget(tuning=0, patience=0))
    compiled = compile_program(program, settings=settings, store=tmp_path / "store.sqlite")
    [row] = compiled.report
    assert row.source == "template"
    [given] = compiled(*program.example_inputs)
    assert program.reference is not None
    [wanted] = program.reference(program.example_inputs)
    np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-6)
