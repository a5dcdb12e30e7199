"""Wrong kernels that look right on ordinary inputs: each is wrong on an input, and refused.

``kernels/wrong/NAME.mlir`` is an op; ``NAME.toml`` has a kernel for it that is right, and wrong
ones, each with the input that shows it: operands are filled with a number, but ``at`` some places,
which may be slices. ``ulps``: a kernel that rounds once is nearer than so many units in the last
place.
"""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.parser import Parser

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from mutation.execution import Executable, exact_results, typed_inputs, wrong_elements

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.universe import context

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
FOLDER = Path(__file__).parent / "kernels" / "wrong"


@dataclass(frozen=True)
class Case:
    """A kernel for an op: the right one, or a wrong one with the input on which it is wrong."""

    op_name: str
    text: str
    what: str | None = None
    inputs: Mapping[str, Mapping[str, Any]] | None = None
    ulps: float | None = None

    def __str__(self) -> str:
        return f"{self.op_name}: {self.what or 'right'}"


def cases() -> list[Case]:
    """Every kernel of the folder."""
    found: list[Case] = []
    for file in sorted(FOLDER.glob("*.toml")):
        given = tomllib.loads(file.read_text(encoding="utf-8"))
        found.append(Case(file.stem, given["right"].lstrip()))
        for wrong in given["wrong"]:
            text, ulps = wrong["text"].lstrip(), wrong.get("ulps")
            found.append(Case(file.stem, text, wrong["what"], wrong["inputs"], ulps))
    return found


CASES = cases()
RIGHT = {case.op_name: case for case in CASES if case.what is None}
WRONG = [case for case in CASES if case.what is not None]


@cache
def op_of(name: str) -> UndecidedOp:
    text = (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")
    module = Parser(context(), text, f"{name}.mlir").parse_module()
    module.verify()
    return next(op for op in module.walk() if isinstance(op, UndecidedOp))


@cache
def gate_of(name: str) -> Gate:
    """One gate an op: its trials are made once."""
    op, specification = op_of(name), specify(op_of(name))
    signature = signature_of(specification, "k", TARGET.name)
    return Gate(op, specification, signature, TARGET, 0)


def verdict(case: Case) -> Verdict:
    return gate_of(case.op_name).check(case.text)


def attack(
    specification: Specification, given: Mapping[str, Mapping[str, Any]]
) -> dict[int, Array]:
    """The arrays of a case's input, by the number of the op's input."""
    arrays: dict[int, Array] = {}
    for operand in specification.operands:
        how = given[operand.name]
        array = np.full(operand.shape, how["fill"]).astype(DType(operand.dtype).numpy)
        for *place, value in how.get("at", []):
            array[tuple(map(_place, place))] = value
        arrays[operand.source] = array
    return arrays


def _place(where: int | str) -> int | slice:
    """An index, or a slice such as ``::2``."""
    if isinstance(where, int):
        return where
    return slice(*(int(part) if part else None for part in where.split(":")))


def wrongness(case: Case) -> int:
    """How many elements a wrong kernel has wrong on its input."""
    op, specification = op_of(case.op_name), specify(op_of(case.op_name))
    assert case.inputs is not None
    inputs = typed_inputs(op, attack(specification, case.inputs))
    exact = exact_results(op, inputs)
    right = Executable(specification, TARGET, RIGHT[case.op_name].text).run(inputs)
    given = Executable(specification, TARGET, case.text).run(inputs)
    for control, result in zip(right, specification.outputs, strict=True):
        wanted = exact[result.position]
        assert _near(control, wanted), "the right kernel is wrong"
    return sum(
        int(wrong_elements(found, exact[result.position], control, case.ulps).sum())
        for found, control, result in zip(given, right, specification.outputs, strict=True)
    )


def _near(given: Array, wanted: Array) -> bool:
    """Whether a result is right, but for the roundings of a kernel in f32 or f16."""
    wanted = wanted.reshape(given.shape)
    if given.dtype.kind in "biu":
        return bool(np.array_equal(given, wanted.astype(given.dtype)))
    found, exact = given.astype(np.float64), wanted.astype(np.float64)
    return bool(np.allclose(found, exact, rtol=4e-3, atol=1e-6, equal_nan=True))


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_kernel_is_wrong_on_its_input(case: Case) -> None:
    assert wrongness(case) > 0


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_kernel_is_refused(case: Case) -> None:
    assert not verdict(case).accepted


@pytest.mark.parametrize("case", RIGHT.values(), ids=str)
def test_the_right_kernel_of_the_same_op_is_accepted(case: Case) -> None:
    found = verdict(case)
    assert found.accepted, found.trap_message
