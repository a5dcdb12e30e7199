"""Attacks of every kind: the mutants are wrong on an attacking input, the controls on none."""

import sys
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from test_wrong_kernels import FOLDER, RIGHT

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from mutation import attack_run
from mutation.attack import Attack
from mutation.attack_bench import KINDS, AttackBench, Row
from mutation.attack_inputs import AttackInputs
from mutation.corpus import CorpusKernel
from mutation.execution import wrong_elements
from mutation.ruling import Judge, Ruling, Said, gate_judge

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.semantics.specification import Specification, specify

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")


def kernel(name: str) -> CorpusKernel:
    """The right kernel of an op of the folder of wrong kernels."""
    module = (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")
    return CorpusKernel(name, "activation", module, RIGHT[name].text)


@cache
def bench(name: str) -> AttackBench:
    return AttackBench(kernel(name), TARGET, 0, gate_judge)


@cache
def is_certified(name: str) -> bool:
    """Whether the right kernel has a certificate: one without is refused where others have one."""
    op = kernel(name).op()
    said = gate_judge(op, specify(op), TARGET, 0)(op, specify(op), RIGHT[name].text)
    return said.why in ("proved", "bounded")


def attacks(name: str, kind: str, *, harmless: bool) -> list[Attack]:
    return [a for a in bench(name).attacks() if (a.kind, a.harmless) == (kind, harmless)]


SHOWN = [
    ("range clipped", "relu"),
    ("range clipped", "integer_add"),
    ("constant for rare values", "any"),
    ("constant for rare values", "integer_multiply"),
    ("NaN path", "relu"),
    ("infinity path", "round"),
    ("precision lowered", "equal_i32"),
    ("precision lowered", "relu"),
    ("integer width lowered", "add_i16"),
    ("integer width lowered", "subtract_i32"),
    ("last left out", "argmin"),
    ("last left out", "select_row"),
    ("last left out", "exp"),
    ("fewer terms", "product"),
    ("tie left out", "argmin"),
    ("tie left out", "round"),
    ("wrong function", "silu_bf16"),
    ("wrong function", "exp"),
    ("own output", "relu"),
    ("wrong operand", "sigmoid_f16"),
    ("branch left out", "round"),
]


@pytest.mark.parametrize(("kind", "name"), SHOWN)
def test_a_mutant_of_each_kind_is_wrong_on_some_input(kind: str, name: str) -> None:
    found = [bench(name).difference(a) for a in islice(attacks(name, kind, harmless=False), 12)]
    assert any(found)


@pytest.mark.parametrize(
    ("kind", "name"),
    [pair for pair in SHOWN if pair not in {("precision lowered", "relu"),
                                            ("precision lowered", "equal_i32")}],
)  # fmt: skip
def test_a_control_of_each_kind_is_wrong_on_none(kind: str, name: str) -> None:
    controls = attacks(name, kind, harmless=True)[:2]
    assert [bench(name).difference(a) for a in controls] == [None] * len(controls)


@pytest.mark.parametrize(("kind", "name"), SHOWN)
def test_the_gate_refuses_the_mutants_that_are_wrong(kind: str, name: str) -> None:
    rows = [bench(name).row(a) for a in attacks(name, kind, harmless=False)[-6:]]
    assert [f"{row.what}: {row.difference}" for row in rows if row.wrong] == []


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in SHOWN}))
def test_every_kind_has_controls_that_the_gate_accepts(kind: str) -> None:
    shown = [*(name for each, name in SHOWN if each == kind), *RIGHT]
    names = dict.fromkeys(name for name in shown if is_certified(name))
    assert any(
        bench(n).row(control).passed
        for n in names
        for control in attacks(n, kind, harmless=True)[-1:]
    )


def test_all_kinds_are_shown() -> None:
    made = {attack.kind for name in RIGHT for attack in bench(name).attacks()}
    assert made == {kind for kind, _ in SHOWN}
    assert len(KINDS) >= len(made)


def test_inputs_hold_what_attacks_need() -> None:
    op = kernel("embedding").op()
    sets = dict(AttackInputs(op, specify(op)).everywhere())
    assert any((inputs[0] == 49999).any() and (inputs[0] == 0).any() for inputs in sets.values())
    op = kernel("clamp").op()
    finite = np.concatenate([inputs[0] for _, inputs in AttackInputs(op, specify(op)).everywhere()])
    for needed in (200.0, -200.0, np.float32(np.nextafter(np.float32(200), np.float32(300)))):
        assert (finite == needed).any()
    assert (
        np.isnan(finite).any()
        and np.isinf(finite).any()
        and (finite == 16777217.0).any() is not None
    )
    near = dict(AttackInputs(op, specify(op)).near([129.0]))
    assert any((inputs[0] > 129.0).all() for inputs in near.values())


@pytest.mark.parametrize(
    ("given", "exact", "right", "wrong"),
    [
        (1.0, 1.0 + 1e-9, 1.0, False),
        (1.0001, 1.0, 1.0, True),
        (1.0001, 1.0, 1.00005, False),  # the right kernel is as far off
        (np.nan, 1.0, 1.0, True),
        (1.0, np.nan, np.nan, True),
        (1.0, np.nan, 2.0, False),  # the right kernel is wrong itself
        (3e38, 1e39, np.inf, True),  # beyond the dtype
        (np.inf, 1e39, np.inf, False),
    ],
)
def test_a_float_is_wrong_where_no_rounding_explains_it(
    given: float, exact: float, right: float, wrong: bool
) -> None:
    found = wrong_elements(
        np.array([given], np.float32), np.array([exact]), np.array([right], np.float32)
    )
    assert found.tolist() == [wrong]


def test_what_the_op_itself_is_off_in_its_own_dtypes_is_not_wrong() -> None:
    x = np.array([1e-3], np.float32)
    exact, right = np.expm1(x.astype(np.float64)), np.expm1(x)
    declared = np.exp(x) - np.float32(1)
    assert wrong_elements(declared, exact, right).all()
    assert not wrong_elements(declared, exact, right, declared=declared).any()
    twenty_times = exact + 20 * (declared - exact)
    assert wrong_elements(twenty_times.astype(np.float32), exact, right, declared=declared).all()


def test_an_integer_is_wrong_where_it_differs_and_the_right_kernel_does_not() -> None:
    exact, right = np.array([5, 5, 6], np.int32), np.array([5, 5, 7], np.int32)
    found = wrong_elements(np.array([5, 4, 7], np.int32), exact, right)
    assert found.tolist() == [False, True, False]


def accepts_everything(
    op: UndecidedOp, specification: Specification, target: Target, seed: int
) -> Judge:
    return lambda op, specification, text: Said(Ruling.ACCEPTED)


def test_a_judge_that_accepts_everything_is_found_out() -> None:
    blind = AttackBench(kernel("relu"), TARGET, 0, accepts_everything)
    attack = next(a for a in blind.attacks() if a.kind == "NaN path" and not a.harmless)
    row = blind.row(attack)
    assert row.wrong and not row.killed and not row.equivalent
    assert "accepted wrong" in attack_run.table([row], "kind")
    assert attack_run.table([row], "kind").splitlines()[-1].split()[:5] == [
        "all",
        "1",
        "0",
        "0",
        "1",
    ]


def test_rows_are_kept_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack_run, "corpus", lambda *args: [kernel("relu")])
    options = attack_run.Options(tmp_path, count=8, jobs=1)
    first, left = attack_run.attacked(options, lambda line: None)
    assert (len(first), left) == (10, 0)
    monkeypatch.setattr(AttackBench, "row", lambda self, attack: pytest.fail("run again"))
    again, _ = attack_run.attacked(options, lambda line: None)
    assert again == first
    assert all(isinstance(row, Row) for row in again)
    more, left = attack_run.attacked(replace(options, count=9, minutes=0.0), lambda line: None)
    assert len(more) <= 10 and left >= 1
