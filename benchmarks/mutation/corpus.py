"""Kernels that composition writes for operators of all families: subjects of the attacks.

The suite's operators at small and ragged shapes, in f32, f16 and bf16 in turn, and operators of
integers and truth values. Composing takes a second each, so texts are kept in a file.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from xdsl.parser import Parser

from hawk_xdsl.bench.suite import Case, Operator, ShapeKind, load_suite
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.npu_target import Target
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.universe import context
from mutation.narrow import NARROW

SUITE = Path(__file__).parents[1] / "operators.py"
DTYPES = ("f32", "f16", "bf16")
SHAPES = (ShapeKind.SMALL, ShapeKind.RAGGED)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class CorpusKernel:
    """A kernel that composition wrote: the op's module as text, and the kernel's text."""

    name: str
    family: str
    module: str
    text: str

    def op(self) -> UndecidedOp:
        """The op."""
        module = Parser(context(), self.module).parse_module()
        return next(op for op in module.walk() if isinstance(op, UndecidedOp))


@dataclass(frozen=True)
class _Source:
    name: str
    family: str
    function: Callable[..., object]
    tensors: tuple[torch.Tensor, ...]


class _Function(torch.nn.Module):
    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: torch.Tensor) -> object:
        return self.function(*args)


def corpus(
    target: Target, file: Path, digest: str, progress: Progress, only: str = ""
) -> list[CorpusKernel]:
    """The kernels; what the file has under this digest of the package is not composed again.

    ``only``: names or families that contain this.
    """
    known = _read(file, digest)
    found: list[CorpusKernel] = []
    settings = Settings(sources=Sources.COMPOSITION, budget=Budget(tuning=0))
    file.parent.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as directory,
        open_decider(target, settings, store=Path(directory) / "store.sqlite") as decider,
        file.open("a", encoding="utf-8") as kept,
    ):
        for source in _sources():
            if only not in f"{source.family}/{source.name}":
                continue
            if source.name not in known:
                progress(f"composing {source.name}")
                known[source.name] = list(_composed(source, decider, progress))
                row = {
                    "digest": digest,
                    "source": source.name,
                    "kernels": [asdict(kernel) for kernel in known[source.name]],
                }
                kept.write(json.dumps(row) + "\n")
                kept.flush()
            found += known[source.name]
    texts = {(kernel.module, kernel.text): kernel for kernel in reversed(found)}
    return list(texts.values())[::-1]


def _read(file: Path, digest: str) -> dict[str, list[CorpusKernel]]:
    if not file.exists():
        return {}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {
        row["source"]: [CorpusKernel(**kernel) for kernel in row["kernels"]]
        for row in rows
        if row["digest"] == digest
    }


def _sources() -> Iterator[_Source]:
    for number, operator in enumerate(load_suite(SUITE).operators):
        dtype = DTYPES[number % 3]
        dtype = dtype if "f16" in operator.dtypes else operator.dtypes[0]
        shape = SHAPES[(number // 3) % 2]
        yield _Source(
            f"{operator.name}/{shape}/{dtype}",
            operator.family,
            operator.function,
            _tensors(operator, shape, dtype),
        )
    for narrow in NARROW:
        yield _Source(narrow.name, narrow.family, narrow.function, narrow.tensors())


def _tensors(operator: Operator, shape: ShapeKind, dtype: str) -> tuple[torch.Tensor, ...]:
    drawn = Case(operator, shape, "f16" if dtype == "bf16" else dtype).tensors(0)
    if dtype != "bf16":
        return drawn
    return tuple(t.bfloat16() if t.dtype is torch.float16 else t for t in drawn)


def _composed(source: _Source, decider: Decider, progress: Progress) -> Iterator[CorpusKernel]:
    """The kernels of a function's ops; those without one are named and left out."""
    try:
        module = import_torch(_Function(source.function), source.tensors).module
        NpuOutlinePass().apply(context(), module)
    except HawkError as error:
        progress(f"no subject: {source.name}: {error}")
        return
    ops = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    for number, op in enumerate(ops):
        try:
            decision = decider.decide(op, "k")
        except HawkError as error:
            progress(f"no subject: {source.name}: {error}")
            continue
        if decision.verdict is None or not decision.verdict.accepted:
            progress(f"no subject: {source.name}: composition finds no kernel")
            continue
        name = source.name if len(ops) == 1 else f"{source.name}#{number}"
        yield CorpusKernel(name, source.family, op_as_text(op), decision.verdict.text)
