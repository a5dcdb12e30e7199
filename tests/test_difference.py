"""Outputs against a reference: floats by norm, everything else element by element."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hawk_xdsl.cli.app import app
from hawk_xdsl.reference.difference import Unequal, error_between

F32 = np.float32


def test_equal_integers_are_told_to_be_equal() -> None:
    error = error_between([np.arange(6)], [np.arange(6, dtype=np.int32)])
    assert list(error.lines("PyTorch")) == ["Integers against PyTorch: equal"]


def test_an_integer_that_is_off_by_one_in_sixteen_million_is_told_with_its_place() -> None:
    wanted = np.full((2, 4), 16777217, np.int32)
    given = wanted.copy()
    given[1, 2:] -= 1
    error = error_between([given], [wanted])
    assert error.unequal == (Unequal(0, 2, 8, (1, 2), 16777216, 16777217),)
    assert list(error.lines("PyTorch")) == [
        "Integers against PyTorch: output 0: 2 of 8 differ, "
        "first at [1, 2]: 16777216 instead of 16777217"
    ]


def test_a_wrong_index_and_a_wrong_truth_value_are_no_small_error() -> None:
    error = error_between(
        [np.array(4999), np.array([True, False])], [np.array(5000), np.array([True, True])]
    )
    assert [(found.output, found.at) for found in error.unequal] == [(0, ()), (1, (1,))]


def test_floats_are_compared_by_norm_and_other_outputs_do_not_blur_them() -> None:
    error = error_between(
        [np.array([1.0, 2.5], F32), np.array([7])], [np.array([1.0, 2.0], F32), np.array([7])]
    )
    assert error.maximum == pytest.approx(0.25)
    assert error.relative == pytest.approx(0.5 / 5**0.5)
    printed = list(error.lines("PyTorch"))
    assert [line.split(" ")[0] for line in printed] == ["Error", "Integers"]


@pytest.mark.parametrize(
    ("given", "wanted", "right"),
    [
        (np.nan, np.nan, True),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (1.0, np.nan, False),
        (np.nan, 1.0, False),
        (1.0, np.inf, False),
    ],
)
def test_a_special_value_is_right_only_where_the_reference_has_it(
    given: float, wanted: float, right: bool
) -> None:
    error = error_between([np.array([3.0, given], F32)], [np.array([3.0, wanted], F32)])
    assert (error.maximum == 0.0 and error.relative == 0.0) is right
    assert right or error.maximum == np.inf == error.relative


TWICE = """
func.func @main(%x: tensor<2x64xi32>) -> tensor<2x64xi32> {
  %e = tensor.empty() : tensor<2x64xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x64xi32>) outs(%e : tensor<2x64xi32>) {
  ^bb0(%a: i32, %o: i32):
    %y = arith.addi %a, %a : i32
    linalg.yield %y : i32
  } -> tensor<2x64xi32>
  func.return %r : tensor<2x64xi32>
}
"""  # noqa: E501


def test_the_command_that_runs_a_model_compares_integers_exactly(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    source, out = tmp_path / "twice.mlir", tmp_path / "out"
    source.write_text(TWICE)
    command = CliRunner()
    store = str(tmp_path / "store.sqlite")
    made = command.invoke(app, ["compile", str(source), "-o", str(out), "--store", store])
    assert made.exit_code == 0, made.output
    example = load_file(out / "example.safetensors")
    example["output0"] = 2 * example["input0"]
    save_file(example, out / "example.safetensors")
    assert "Integers against the reference: equal" in command.invoke(app, ["run", str(out)]).output
    example["output0"][1, 3] += 1
    save_file(example, out / "example.safetensors")
    said = " ".join(command.invoke(app, ["run", str(out)]).output.split())
    assert "output 0: 1 of 128 differ, first at [1, 3]" in said
