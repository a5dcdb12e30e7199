"""torch-mlir's end-to-end suite: what of it compiles to kernels, and whether it is right.

    python benchmarks/torch_mlir_suite.py --suite DIR --every 4    # a checkout of torch-mlir
    python benchmarks/torch_mlir_suite.py --suite DIR --names NAME --names NAME

The tests are shuffled by ``--seed``, each runs in a forked child with a limit of seconds, and each
outcome is a line of ``--results``: what is in there already is not run again. The numbers that a
test gives its module are fixed in it, as ``torch.export`` does, and f64 is
computed in f32. A test counts as

    npu      all of it is on the NPU, and right
    none     no kernel is needed (a view, a constant), and right
    refused  an error of one line
    wrong, crash, hang
    unlowered  torch-mlir itself does not lower it: not counted

Right are floats within 1e-3 of PyTorch in float64, relative to the largest, or twice as far as
PyTorch in the module's own dtypes; anything else is equal. ``torch_mlir_expected.toml`` lists by
reason what is expected not to be right on the NPU: it stays in the denominator, and the exit status
is 1 if another test joins it.
"""

import copy
import importlib
import json
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Annotated, Any

import torch
import typer
from torch.utils import _pytree as pytree
from torch_mlir import fx

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.child import LATE, AbortError, in_child
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.frontend.torch_values import to_numpy
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

EXPECTED = Path(__file__).with_name("torch_mlir_expected.toml")

PACKAGE = "torch_mlir_e2e_test"

TOLERANCE = 1e-3
"""How far a float may be off, relative to the largest, whatever PyTorch's own error is."""

PASSED = ("npu", "none")

SETTLED = (*PASSED, "unlowered")
"""What is not run again."""


@dataclass(frozen=True)
class Outcome:
    """What became of a test; ``why`` says in a line why it is not right on the NPU."""

    name: str
    result: str
    why: str = ""
    kernels: int = 0
    error: float = 0.0
    seconds: float = 0.0


class _Fixed(torch.nn.Module):
    """A module whose arguments are tensors alone: the others are fixed."""

    def __init__(self, module: torch.nn.Module, symbol: str, arguments: Sequence[object]) -> None:
        super().__init__()
        self.module, self.symbol = module, symbol
        leaves, self.spec = pytree.tree_flatten(tuple(arguments))
        self.fixed = [None if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

    def forward(self, *tensors: torch.Tensor) -> object:
        """The module's results, with numbers as tensors."""
        leaves = list(self.fixed)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        arguments = pytree.tree_unflatten(leaves, self.spec)
        return getattr(self.module, self.symbol or "forward")(*arguments)


def registered(directory: Path) -> dict[str, Any]:
    """The suite's tests by name; modules of it that need a package that is missing are told."""
    [package] = [*directory.glob(PACKAGE), *directory.glob(f"projects/*/python/{PACKAGE}")][:1]
    # Not through sys.path: beside it lies a torch_mlir that is not the installed one.
    for name, folder in ((PACKAGE, package), (f"{PACKAGE}.test_suite", package / "test_suite")):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(folder)]
    for file in sorted((package / "test_suite").glob("[a-z]*.py")):
        try:
            importlib.import_module(f"{PACKAGE}.test_suite.{file.stem}")
        except (ImportError, OSError) as error:
            print(f"left out: {file.name}: {error}", file=sys.stderr)
    registry = importlib.import_module(f"{PACKAGE}.registry").GLOBAL_TEST_REGISTRY
    return {test.unique_name: test for test in registry}


def outcome_of(test: Any, store: Path, seconds: int) -> Outcome:
    """Runs a test in a child."""
    name, begun = test.unique_name, time.monotonic()
    try:
        found = in_child(lambda enter: _tried(test, store), file=None, seconds=seconds)
    except AbortError as error:
        found = Outcome(name, "hang" if error.cause == LATE else "crash", str(error))
    except HawkError as error:
        found = Outcome(name, "crash", str(error))
    return Outcome(**{**asdict(found), "seconds": round(time.monotonic() - begun, 1)})


def _tried(test: Any, store: Path) -> Outcome:
    framework = sys.modules[f"{PACKAGE}.framework"]
    trace = framework.generate_golden_trace(test)
    worst = Outcome(test.unique_name, "none")
    order = ["none", "npu", "unlowered", "refused", "wrong"]
    for item in trace:
        torch.manual_seed(0)
        found = _called(test.unique_name, test.program_factory(), item, store)
        worst = max(worst, found, key=lambda each: order.index(each.result))
    return worst


def _called(name: str, module: torch.nn.Module, item: Any, store: Path) -> Outcome:
    fixed = _Fixed(module, item.symbol, item.inputs)
    tensors = [leaf for leaf in pytree.tree_leaves(item.inputs) if isinstance(leaf, torch.Tensor)]
    settings = Settings(Sources.COMPOSITION, Budget(8, 0, patience=0))
    try:
        program = import_torch(fixed, tensors, f64_as_f32=True)
        compiled = compile_program(program, settings=settings, store=store)
        run = compiled.run(program.example_inputs)
    except HawkError as error:
        lowers = _torch_mlir_lowers(fixed, tensors)
        return Outcome(name, "refused" if lowers else "unlowered", str(error))
    assert program.reference is not None
    plain = program.reference(program.example_inputs)
    precise = _in_float64(fixed, tensors)
    if precise is None or len(precise) != len(plain):
        precise = plain
    error, own = error_between(run.outputs, precise), error_between(plain, precise)
    exact = error_between(run.outputs, plain)
    kernels = len(run.launches)
    if exact.unequal or not error.maximum <= max(TOLERANCE, 2 * own.maximum):
        why = str(exact.unequal[0]) if exact.unequal else f"off by {error.maximum:.1e}"
        return Outcome(name, "wrong", why, kernels, error.maximum)
    return Outcome(name, "npu" if kernels else "none", "", kernels, error.maximum)


def _in_float64(module: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> Any:
    """The module's floats as it gives them in float64; ``None`` if it insists on its dtypes."""
    wide = copy.deepcopy(module).double().eval()
    given = [x.double() if x.is_floating_point() else x.clone() for x in inputs]
    try:
        with torch.no_grad():
            return [to_numpy(result) for result in pytree.tree_leaves(wide(*given))]
    except (RuntimeError, AttributeError):
        return None


def _torch_mlir_lowers(module: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> bool:
    def work(_: object) -> bool:
        exported = torch.export.export(module.eval(), tuple(inputs), strict=False)
        fx.export_and_import(exported, output_type="linalg-on-tensors")
        return True

    try:
        return in_child(work, file=None)
    except HawkError:
        return False


def expected(file: Path = EXPECTED) -> dict[str, str]:
    """The reason by the name of each test that is expected not to be right on the NPU."""
    given = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: reason for reason, names in given.items() for name in names}


def _kept(results: Path) -> dict[str, Outcome]:
    if not results.exists():
        return {}
    lines = results.read_text(encoding="utf-8").splitlines()
    return {each.name: each for each in (Outcome(**json.loads(line)) for line in lines)}


def _summary(outcomes: Sequence[Outcome]) -> list[str]:
    """Prints the counts; the names of what is not right on the NPU and was not expected."""
    reasons = expected()
    counts = Counter(each.result for each in outcomes)
    lowered = len(outcomes) - counts["unlowered"]
    passed = sum(counts[each] for each in PASSED)
    print(", ".join(f"{count} {result}" for result, count in counts.most_common()))
    share = f" ({passed / lowered:.1%})" if lowered else ""
    print(f"right on the NPU, or without a kernel: {passed} of {lowered} lowered{share}")
    failed = [each for each in outcomes if each.result not in SETTLED]
    known = Counter(reasons[each.name] for each in failed if each.name in reasons)
    for reason, count in known.most_common():
        print(f"expected: {count} {reason}")
    surprising = [each for each in failed if each.name not in reasons]
    for each in surprising:
        print(f"{each.result}: {each.name}: {each.why}")
    return [each.name for each in surprising]


def main(
    suite: Annotated[Path, typer.Option(help="A checkout of torch-mlir.", exists=True)],
    every: Annotated[int, typer.Option(min=1, help="Run one test of so many.")] = 1,
    names: Annotated[list[str] | None, typer.Option(help="Run these tests alone.")] = None,
    seed: Annotated[int, typer.Option(help="Of the order of the tests.")] = 0,
    seconds: Annotated[int, typer.Option(help="The most a test may take, of CPU time.")] = 120,
    results: Annotated[
        Path | None, typer.Option(help="A file of outcomes, continued if it exists.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Run again what was not right there.")] = False,
) -> None:
    """Run torch-mlir's end-to-end suite."""
    tests = registered(suite)
    chosen = sorted(tests)
    random.Random(seed).shuffle(chosen)
    chosen = [name for name in chosen if name in names] if names else chosen[::every]
    known = _kept(results) if results is not None else {}
    with TemporaryDirectory() as directory:
        for number, name in enumerate(chosen, 1):
            if name in known and not (again and known[name].result not in SETTLED):
                continue
            store = Path(directory) / f"{number}.sqlite"
            outcome = known[name] = outcome_of(tests[name], store, seconds)
            line = f"{number}/{len(chosen)} {outcome.seconds:6.1f} s {outcome.result:9} {name}"
            print(f"{line} {outcome.why}".rstrip(), flush=True)
            if results is not None:
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(outcome)) + "\n")
    raise SystemExit(1 if _summary([known[name] for name in chosen]) else 0)


if __name__ == "__main__":
    typer.run(main)
