"""Makes the packaged examples: kernels of the suite's seen operators that passed the gate.

Each seen operator gives its small cases; composition and its search write the kernels. An op whose
erased key an unseen operator has is left out, and so is one that another example equals but for
names, numbers and shapes. Deterministic; written as it goes, and what is in the file stays.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.suite import Case, Split, load_suite
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.knowledge_store.kernel_examples import KernelExample, examples_text
from hawk_xdsl.language_model.hardware_view import hardware_view
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.training.erased import erased_key, excluded_keys
from hawk_xdsl.training.teacher import GatedOp, Teacher
from hawk_xdsl.universe import context

LONGEST_STEPS = 700
"""Characters of a specification in steps; a longer one leaves no room for others in a prompt."""

TUNING = 3
"""Kernels that are tried after the first right one, for a faster one."""


def ops_of(case: Case, imports: Imports, teacher: Teacher) -> Iterator[GatedOp]:
    """The ops that a case becomes; none where the front end or the specification refuses it."""
    try:
        program = imports.program(case)
    except HawkError:
        return
    NpuOutlinePass().apply(context(), program.module)
    for op in program.module.walk():
        if isinstance(op, UndecidedOp):
            try:
                yield GatedOp.of(op, teacher)
            except UnreadableError:
                continue


def example_of(name: str, op: GatedOp, teacher: Teacher) -> KernelExample | None:
    """The fastest right kernel of an op; ``None`` without one, or where it is too long."""
    steps = steps_of(op.specification).text
    right = [each for each in teacher.tries(op, TUNING) if each.right]
    if not right or len(steps) > LONGEST_STEPS:
        return None
    best = min(right, key=lambda each: each.cycles)
    view = hardware_view(op.specification, op.target)
    assert view.structure and view.intensity is not None and view.pressure is not None
    bottleneck = op.gate.check(best.text).bottleneck
    return KernelExample(
        name,
        erased_key(op.specification),
        op.target.name,
        op.specification.text,
        steps,
        best.short,
        view.structure,
        view.ops,
        view.dtypes,
        round(view.intensity, 6),
        round(view.pressure, 6),
        str(bottleneck or ""),
        best.cycles,
    )


def main() -> None:
    """Adds what the file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--operators", type=Path, default=Path(__file__).parent / "operators.py")
    parser.add_argument("--target", default="ascend910b1")
    parser.add_argument("--imports", type=Path, default=Path("imports"))
    given = parser.parse_args()
    teacher = Teacher.of(load_seed_entries(), given.target)
    suite = load_suite(given.operators)
    imports = Imports(given.imports, given.operators)
    done = given.output.with_suffix(".done")
    tried = set(done.read_text(encoding="utf-8").split()) if done.exists() else set[str]()
    rows = given.output.read_text(encoding="utf-8").splitlines() if given.output.exists() else []
    kept = {(row["spec"], tuple(row["dtypes"])) for row in map(json.loads, rows)}
    for case in suite.cases():
        if case.operator.split is not Split.SEEN or case.shape != "small" or case.name in tried:
            continue
        for number, op in enumerate(ops_of(case, imports, teacher)):
            mark = (op.specification.text, view_dtypes(op))
            if erased_key(op.specification) in excluded_keys() or mark in kept:
                continue
            made = example_of(f"{case.name}/{number}", op, teacher)
            if made is not None:
                kept.add(mark)
                with given.output.open("a", encoding="utf-8") as file:
                    file.write(examples_text([made]))
            print(case.name, "no example" if made is None else made.cycles, flush=True)
        with done.open("a", encoding="utf-8") as file:
            file.write(f"{case.name}\n")


def view_dtypes(op: GatedOp) -> tuple[str, ...]:
    """The dtypes of an op's operands."""
    return tuple(sorted({operand.dtype for operand in op.specification.operands}))


if __name__ == "__main__":
    main()
