"""Whole networks: what compiles, how fast, how far from PyTorch, and in how many seconds.

    python benchmarks/networks.py                              # the gallery in examples/gallery
    python benchmarks/networks.py --real                       # at the sizes that people run
    python benchmarks/networks.py --factories FILE.py          # every factory of other files
    python benchmarks/networks.py --factories FILE.py:bert     # or one of them
    python benchmarks/networks.py --dtype float16              # with all floats in another dtype

A factory is a function without arguments that returns a module and its example inputs. Each is
compiled in a process of its own with a limit of seconds: cold, from an empty store, then warm, in
another process, from the store that the cold compile left. Seconds are those from PyTorch's module
to finished kernels, without the imports of Python; those of the processor stand beside those of the
clock, which other work on the machine stretches. `on host` counts the ops that got no kernel.

`kernels` is the simulated time of the kernels one after the other, `µs` that of the network with
its launches, `of bound` how near that is to the network's own bound. *Before* is the same compiled
with every contraction alone: no epilogues, no mixed kernels, a launch for each kernel; its kernels
are written and searched for as all others are.

Errors are max|y−ŷ|/max|ŷ| against PyTorch in float64, of the compiled network and of PyTorch in the
network's own dtype; `exact` counts results of integers and booleans that differ.
"""

import ast
import copy
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import geometric_mean
from tempfile import TemporaryDirectory
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import eager_reference, import_torch
from hawk_xdsl.pipeline import Compiled, compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"
REAL_SIZES = Path(__file__).with_name("real_sizes.py")

LINE = "HAWK "
"""What the line of a child's output begins with that holds its row."""


@dataclass(frozen=True)
class Row:
    """A network. Seconds are of the wall clock, ``…_cpu`` of the processor; microseconds simulated.

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
    kernels: float = 0.0
    microseconds: float = 0.0
    bound: float | None = None
    launches_before: int | None = None
    kernels_before: float = 0.0
    before: float = 0.0
    error: float | None = None
    own: float | None = None
    unequal: int = 0
    importing: float = 0.0
    cold: float = 0.0
    cold_cpu: float = 0.0
    warm: float | None = None
    warm_cpu: float = 0.0

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


@dataclass(frozen=True)
class Options:
    """What a child measures: with which budget, floats in which dtype, and which parts of it.

    ``values``: run the network on the simulator and compare it, else it is timed only. ``again``:
    compile only, from a store that has the kernels. ``before``: the cut without fusion too.
    """

    budget: Budget
    dtype: str | None
    values: bool = True
    again: bool = False
    before: bool = True


def measured(source: str, store: Path, options: Options) -> Row:
    """The row of a factory, in this process, with its floats in ``dtype`` if one is given."""
    module, inputs = made(source)
    if options.dtype is not None:
        dtype = getattr(torch, options.dtype)
        torch.set_default_dtype(dtype)  # of what forward makes itself; this process ends after it
        module, inputs = _cast(module, inputs, dtype)
    file, name = source.rsplit(":", 1)
    settings = Settings(Sources.COMPOSITION, options.budget, host_fallback=True)
    begun, begun_cpu = time.monotonic(), _processor()
    program = import_torch(module, inputs, name=name, file=file)
    importing = time.monotonic() - begun
    _say(f"imported in {importing:.1f} s")
    compiled = compile_program(program, settings=settings, store=store, progress=_say)
    row = Row(
        name,
        ops=len(compiled.placed),
        hosted=tuple(
            f"{placed.decision.label}: {placed.decision.reason}"
            for placed in compiled.placed
            if placed.decision.verdict is None
        ),
        importing=importing,
        cold=time.monotonic() - begun,
        cold_cpu=_processor() - begun_cpu,
    )
    if options.again:
        return row
    row = (
        _run(row, compiled, program, (module, inputs)) if options.values else _timed(row, compiled)
    )
    return _with_before(row, program, settings, store) if options.before else row


def _processor() -> float:
    """Seconds of the processor that this process and its children have had."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _timed(row: Row, compiled: Compiled) -> Row:
    """The row with simulated times, without values."""
    record, us = compiled.timed(), compiled.target.microseconds
    return replace(
        row,
        launches=sum(launch.joins is None for launch in record.launches),
        kernels=us(record.kernel_cycles),
        microseconds=us(record.kernel_cycles + record.launch_cycles),
        bound=None if record.bound_cycles is None else us(record.bound_cycles),
    )


def _run(
    row: Row,
    compiled: Compiled,
    program: Program,
    made: tuple[torch.nn.Module, tuple[torch.Tensor, ...]],
) -> Row:
    """The row with simulated times and errors."""
    run = compiled.run(program.example_inputs, _say)
    assert program.reference is not None
    plain = program.reference(program.example_inputs)
    precise = _in_float64(*made)
    if precise is None or len(precise) != len(plain):  # buffers that it changes are results too
        precise = plain
    error, own = error_between(run.outputs, precise), error_between(plain, precise)
    exact = error_between(run.outputs, plain)
    us = compiled.target.microseconds
    return replace(
        row,
        launches=run.time.launches,
        kernels=us(run.time.kernels),
        microseconds=us(run.time.cycles),
        bound=None if run.time.bound is None else us(run.time.bound),
        error=error.maximum if error.floats else None,
        own=own.maximum if own.floats else None,
        unequal=sum(each.wrong for each in exact.unequal),
    )


def _with_before(row: Row, program: Program, settings: Settings, store: Path) -> Row:
    """The row with the times of the cut in which every contraction is alone."""
    _say("without epilogues, mixed kernels and merged launches")
    cut = {"merge_launches": False, "join_rows": False, "join_operands": False}
    apart = replace(settings, **cut, epilogues=False)
    found = compile_program(program, settings=apart, store=store, progress=_say)
    timed = _timed(row, found)
    return replace(
        row,
        launches_before=timed.launches,
        kernels_before=timed.kernels,
        before=timed.microseconds,
    )


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def made(source: str) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The module and the inputs that ``FILE.py:factory`` returns. Raises ``HawkError``."""
    file, name = source.rsplit(":", 1)
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(Path(file).parent))
    spec.loader.exec_module(module)
    factory: Callable[[], object] = getattr(module, name)
    pair = factory()
    if not isinstance(pair, tuple) or not isinstance(pair[0], torch.nn.Module):
        raise HawkError(f"{name} must return a module and its inputs")
    return pair[0], pair[1]


def _cast(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor], dtype: torch.dtype
) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The module and its inputs with all floats in a dtype, and dtypes that it keeps for casts."""
    for part in module.modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.dtype) and value.is_floating_point:
                setattr(part, name, dtype)
    given = tuple(x.to(dtype) if x.is_floating_point() else x for x in inputs)
    return module.to(dtype), given


def _in_float64(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor]
) -> tuple[Array, ...] | None:
    """What the module gives in float64; ``None`` if it insists on dtypes of its own."""
    wide, given = _cast(copy.deepcopy(module), inputs, torch.float64)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return eager_reference(wide, given)([x.numpy() for x in given])
    except RuntimeError:
        return None
    finally:
        torch.set_default_dtype(before)


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
        with (log / f"{Path(source.rsplit(':', 1)[0]).stem}-{name}.log").open("a") as file:
            file.write(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith(LINE):
            given = json.loads(line.removeprefix(LINE))
            given["hosted"] = tuple(given["hosted"])
            return Row(**given)
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    traced = "traceback: " if "Traceback" in done.stderr else ""
    return Row(name, traced + lines[-1], cold=time.monotonic() - begun)


def _in_children(
    source: str, store: Path, seconds: int, options: Sequence[str], log: Path | None, *, warm: bool
) -> Row:
    """The row of a factory from one process, and how long another takes with its kernels."""
    row = _in_child(source, store, seconds, options, log)
    if row.why or not warm:
        return row
    again = _in_child(source, store, seconds, [*options, "--again"], log)
    return replace(row, why=again.why, warm=again.cold, warm_cpu=again.cold_cpu)


COLUMNS = (
    *("network", "result", "ops", "host", "launches", "before", "kernels µs", "before", "µs"),
    *("before", "times", "bound µs", "of bound", "error", "PyTorch's", "exact"),
    *("import s", "cold s", "CPU", "warm s", "CPU"),
)


def _cells(row: Row) -> Iterator[str]:
    """The cells of a row in the table."""
    yield from (row.name, row.result)
    if row.why:
        yield from [""] * (len(COLUMNS) - 6)
        yield from (f"{row.cold:.1f}", "", "", "")
        return
    compared = row.launches_before is not None
    yield from (str(row.ops), str(len(row.hosted)), str(row.launches))
    yield str(row.launches_before) if compared else ""
    for now, before in ((row.kernels, row.kernels_before), (row.microseconds, row.before)):
        yield from (f"{now:,.1f}", f"{before:,.1f}" if compared else "")
    yield f"{row.before / row.microseconds:.2f}" if compared and row.microseconds else ""
    yield "" if row.bound is None else f"{row.bound:,.1f}"
    share = row.bound is not None and row.microseconds
    yield f"{(row.bound or 0.0) / row.microseconds:.0%}" if share else ""
    yield from ("" if each is None else f"{each:.1e}" for each in (row.error, row.own))
    yield from (str(row.unequal), f"{row.importing:.1f}", f"{row.cold:.1f}", f"{row.cold_cpu:.1f}")
    yield from ("", "") if row.warm is None else (f"{row.warm:.1f}", f"{row.warm_cpu:.1f}")


def _table(rows: Iterator[Row], console: Console) -> list[Row]:
    """Prints a row as soon as it is known, then all of them as a table."""
    known: list[Row] = []
    for row in rows:
        known.append(row)
        console.print(f"{row.name}: {row.result} {row.why}", markup=False, highlight=False)
        for line in row.hosted:
            console.print(f"    {line}", markup=False, highlight=False)
    table = Table(*COLUMNS)
    for row in known:
        table.add_row(*_cells(row))
    console.print(table)
    for row in known:
        if row.why:
            console.print(f"{row.name}: {row.why}", markup=False, highlight=False)
    compared = [row for row in known if row.launches_before is not None and row.microseconds]
    if compared:
        kernels = geometric_mean(row.kernels_before / row.kernels for row in compared)
        whole = geometric_mean(row.before / row.microseconds for row in compared)
        console.print(
            f"the cut before takes {whole:.2f} × as long, its kernels alone {kernels:.2f} × "
            f"(geometric means of {len(compared)})"
        )
    counts = {r: sum(row.result == r for row in known) for r in ("ok", "host", "wrong", "refused")}
    console.print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return known


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Only networks of these names.")] = None,
    factories: Annotated[
        list[str] | None, typer.Option(help="FILE.py or FILE.py:factory instead of the gallery.")
    ] = None,
    real: Annotated[
        bool, typer.Option("--real", help="Networks at real sizes instead of the gallery.")
    ] = False,
    seconds: Annotated[int, typer.Option(help="The most a network may take.")] = 1800,
    attempts: Annotated[int, typer.Option(help="Kernels tried per op until one is right.")] = 8,
    tuning: Annotated[int, typer.Option(help="Kernels tried per op after that.")] = 0,
    warm: Annotated[bool, typer.Option(help="Compile once more from the store.")] = True,
    values: Annotated[
        bool, typer.Option(help="Run the network and compare it; without, it is timed only.")
    ] = True,
    before: Annotated[
        bool, typer.Option(help="Compile it with every contraction alone too, for comparison.")
    ] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows here.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Turn all floats into it: float32, float16, bfloat16.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Where progress of each network goes.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="A store to keep; default: empty ones.")
    ] = None,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
    again: Annotated[bool, typer.Option("--again", hidden=True)] = False,
) -> None:
    """Compile networks, run them on the NPU simulator and compare them with PyTorch."""
    if one is not None:
        assert store is not None
        try:
            budget = Budget(attempts, tuning, patience=tuning)
            row = measured(one, store, Options(budget, dtype, values, again, before))
        except HawkError as error:
            row = Row(one.rsplit(":", 1)[1], str(error))
        print(LINE + json.dumps(asdict(row)))
        return
    given = [str(REAL_SIZES)] if real else [str(file) for file in sorted(GALLERY.glob("*.py"))]
    wanted = [each for source in factories or given for each in factories_of(source)]
    if names:
        wanted = [each for each in wanted if each.rsplit(":", 1)[1] in names]
    options = [f"--attempts={attempts}", f"--tuning={tuning}"]
    options += [] if dtype is None else [f"--dtype={dtype}"]
    options += ["--values" if values else "--no-values", "--before" if before else "--no-before"]
    with TemporaryDirectory() as temporary:
        rows = (
            _in_children(
                source,
                store or Path(temporary) / f"{number}.sqlite",
                seconds,
                options,
                log,
                warm=warm,
            )
            for number, source in enumerate(wanted)
        )
        known = _table(rows, Console(width=220))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in known], indent=1))


if __name__ == "__main__":
    typer.run(main)
