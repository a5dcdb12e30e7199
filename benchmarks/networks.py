"""Whole networks: what compiles, how fast, how far from PyTorch, and in how many seconds.

    python benchmarks/networks.py                              # the gallery in examples/gallery
    python benchmarks/networks.py --factories FILE.py          # every factory of other files
    python benchmarks/networks.py --factories FILE.py:bert     # or one of them
    python benchmarks/networks.py --dtype float16              # with all floats in another dtype

A factory is a function without arguments that returns a module and its example inputs. Each is
compiled in a process of its own with a limit of seconds: cold, from an empty store, and warm, from
the store that the cold compile left. `on host` counts the ops that got no kernel. Errors are
max|y−ŷ|/max|ŷ| against PyTorch in float64, of the compiled network and of PyTorch in the network's
own dtype; `exact` counts results of integers and booleans that differ. Times are simulated.
"""

import ast
import copy
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_import import eager_reference, import_torch
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"

LINE = "HAWK "
"""What the line of a child's output begins with that holds its row."""


@dataclass(frozen=True)
class Row:
    """A network. Seconds are of the wall clock; microseconds are simulated.

    ``why`` says in a line why it did not compile; then only ``name`` and ``seconds`` are known.
    ``hosted`` has a line for each op on the host. ``error`` and ``own`` are those of the compiled
    network and of PyTorch in the network's dtype, both against float64; ``None`` where there are no
    floats. ``unequal`` counts other results that differ.
    """

    name: str
    why: str = ""
    ops: int = 0
    hosted: tuple[str, ...] = ()
    launches: int = 0
    microseconds: float = 0.0
    bound: float | None = None
    error: float | None = None
    own: float | None = None
    unequal: int = 0
    importing: float = 0.0
    cold: float = 0.0
    warm: float | None = None

    @property
    def result(self) -> str:
        """Whether it is on the NPU and right."""
        if self.why:
            return "refused"
        if self.unequal or (self.error or 0.0) > max(1e-3, 2 * (self.own or 0.0)):
            return "wrong"
        return "host" if self.hosted else "ok"


def factories_of(source: str) -> list[str]:
    """``FILE.py:name`` as it is; of ``FILE.py`` every function that needs no arguments.

    Names that begin with an underscore are left out.
    """
    if not source.endswith(".py"):
        return [source]
    body = ast.parse(Path(source).read_text(encoding="utf-8")).body
    functions = (each for each in body if isinstance(each, ast.FunctionDef))
    free = (f for f in functions if len(f.args.args) == len(f.args.defaults))
    return [f"{source}:{f.name}" for f in free if not f.name.startswith("_")]


def measured(
    source: str,
    store: Path,
    budget: Budget,
    *,
    warm: bool,
    dtype: str | None,
    merge: bool,
    join_rows: bool,
) -> Row:
    """The row of a factory, in this process, with its floats in ``dtype`` if one is given."""
    module, inputs = _made(source)
    if dtype is not None:
        module, inputs = _cast(module, inputs, getattr(torch, dtype))
    file, name = source.rsplit(":", 1)
    settings = Settings(
        Sources.COMPOSITION,
        budget,
        host_fallback=True,
        merge_launches=merge,
        join_rows=join_rows,
    )
    begun = time.monotonic()
    program = import_torch(module, inputs, name=name, file=file)
    importing = time.monotonic() - begun
    _say(f"imported in {importing:.1f} s")
    compiled = compile_program(program, settings=settings, store=store, progress=_say)
    cold = time.monotonic() - begun
    hosted = tuple(
        f"{placed.decision.label}: {placed.decision.reason}"
        for placed in compiled.placed
        if placed.decision.verdict is None
    )
    again = None
    if warm:
        begun = time.monotonic()
        compile_program(program, settings=settings, store=store)
        again = time.monotonic() - begun
    run = compiled.run(program.example_inputs, _say)
    assert program.reference is not None
    plain = program.reference(program.example_inputs)
    precise = _in_float64(module, inputs)
    if precise is None or len(precise) != len(plain):  # buffers that it changes are results too
        precise = plain
    error, own = error_between(run.outputs, precise), error_between(plain, precise)
    exact = error_between(run.outputs, plain)
    us = compiled.target.microseconds
    return Row(
        name=name,
        ops=len(compiled.placed),
        hosted=hosted,
        launches=run.time.launches,
        microseconds=us(run.time.cycles),
        bound=None if run.time.bound is None else us(run.time.bound),
        error=error.maximum if error.floats else None,
        own=own.maximum if own.floats else None,
        unequal=sum(each.wrong for each in exact.unequal),
        importing=importing,
        cold=cold,
        warm=again,
    )


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _made(source: str) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    file, name = source.rsplit(":", 1)
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(Path(file).parent))
    spec.loader.exec_module(module)
    made: Callable[[], object] = getattr(module, name)
    pair = made()
    if not isinstance(pair, tuple) or not isinstance(pair[0], torch.nn.Module):
        raise HawkError(f"{name} must return a module and its inputs")
    return pair[0], pair[1]


def _cast(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor], dtype: torch.dtype
) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The module and its inputs with all floats in a dtype."""
    given = tuple(x.to(dtype) if x.is_floating_point() else x for x in inputs)
    return module.to(dtype), given


def _in_float64(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor]
) -> tuple[Array, ...] | None:
    """What the module gives in float64; ``None`` if it insists on dtypes of its own."""
    wide, given = _cast(copy.deepcopy(module), inputs, torch.float64)
    try:
        return eager_reference(wide, given)(
            [x.numpy() for x in given],
        )
    except RuntimeError:
        return None


def _in_child(
    source: str, store: Path, seconds: int, options: Sequence[str], log: Path | None
) -> Row:
    name = source.rsplit(":", 1)[1]
    command = [sys.executable, __file__, "--one", source, "--store", str(store), *options]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        told = late.stderr or b""
        lines = (told if isinstance(told, str) else told.decode()).strip().splitlines() or [""]
        return Row(name, f"more than {seconds} s: {lines[-1]}", cold=time.monotonic() - begun)
    if log is not None:
        (log / f"{Path(source.rsplit(':', 1)[0]).stem}-{name}.log").write_text(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith(LINE):
            given = json.loads(line.removeprefix(LINE))
            given["hosted"] = tuple(given["hosted"])
            return Row(**given)
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    traced = "traceback: " if "Traceback" in done.stderr else ""
    return Row(name, traced + lines[-1], cold=time.monotonic() - begun)


def _table(rows: Iterator[Row], console: Console) -> list[Row]:
    """Prints a row as soon as it is known, then all of them as a table."""
    known: list[Row] = []
    for row in rows:
        known.append(row)
        console.print(f"{row.name}: {row.result} {row.why}", markup=False, highlight=False)
        for line in row.hosted:
            console.print(f"    {line}", markup=False, highlight=False)
    table = Table("network", "result", "ops", "on host", "launches", "µs", "bound µs", "error")
    for title in ("PyTorch's", "exact", "import s", "cold s", "warm s"):
        table.add_column(title)
    for row in known:
        if row.why:
            table.add_row(row.name, "refused", *[""] * 9, f"{row.cold:.1f}", "")
            continue
        table.add_row(
            *(row.name, row.result, str(row.ops), str(len(row.hosted)), str(row.launches)),
            f"{row.microseconds:,.1f}",
            "" if row.bound is None else f"{row.bound:,.1f}",
            "" if row.error is None else f"{row.error:.1e}",
            "" if row.own is None else f"{row.own:.1e}",
            *(str(row.unequal), f"{row.importing:.1f}", f"{row.cold:.1f}"),
            "" if row.warm is None else f"{row.warm:.1f}",
        )
    console.print(table)
    for row in known:
        if row.why:
            console.print(f"{row.name}: {row.why}", markup=False, highlight=False)
    counts = {r: sum(row.result == r for row in known) for r in ("ok", "host", "wrong", "refused")}
    console.print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return known


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Only networks of these names.")] = None,
    factories: Annotated[
        list[str] | None, typer.Option(help="FILE.py or FILE.py:factory instead of the gallery.")
    ] = None,
    seconds: Annotated[int, typer.Option(help="The most a network may take.")] = 300,
    attempts: Annotated[int, typer.Option(help="Kernels tried per op until one is right.")] = 8,
    tuning: Annotated[int, typer.Option(help="Kernels tried per op after that.")] = 0,
    warm: Annotated[bool, typer.Option(help="Compile once more from the store.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows here.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Turn all floats into it: float32, float16, bfloat16.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Where progress of each network goes.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="A store to keep; default: empty ones.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge-launches/--no-merge-launches", help="As hawk compile does.")
    ] = True,
    join_rows: Annotated[
        bool, typer.Option(help="Attention as one launch; without: each product alone, as before.")
    ] = True,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Compile networks, run them on the NPU simulator and compare them with PyTorch."""
    if one is not None:
        assert store is not None
        try:
            budget = Budget(attempts, tuning, patience=tuning)
            row = measured(
                one, store, budget, warm=warm, dtype=dtype, merge=merge, join_rows=join_rows
            )
        except HawkError as error:
            row = Row(one.rsplit(":", 1)[1], str(error))
        print(LINE + json.dumps(asdict(row)))
        return
    sources = factories or [str(file) for file in sorted(GALLERY.glob("*.py"))]
    wanted = [each for source in sources for each in factories_of(source)]
    if names:
        wanted = [each for each in wanted if each.rsplit(":", 1)[1] in names]
    options = [f"--attempts={attempts}", f"--tuning={tuning}", "--warm" if warm else "--no-warm"]
    options += [] if dtype is None else [f"--dtype={dtype}"]
    options.append("--merge-launches" if merge else "--no-merge-launches")
    options.append("--join-rows" if join_rows else "--no-join-rows")
    with TemporaryDirectory() as temporary:
        rows = (
            _in_child(
                source,
                store or Path(temporary) / f"{number}.sqlite",
                seconds,
                options,
                log,
            )
            for number, source in enumerate(wanted)
        )
        known = _table(rows, Console(width=160))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in known], indent=1))


if __name__ == "__main__":
    typer.run(main)
