"""What can be proved of the kernels that composition writes for the suite, by family.

    python benchmarks/certificates.py -o out/certificates            # all cases; resumable
    python benchmarks/certificates.py --shapes small --only softmax

*proved*: the certificate needs no rewrite that approximates; *bounded*: it needs some, each of a
checked error; *tried*: there is none. *without rewrites*: proved by the laws of real numbers alone.
Ratio: seconds that the gate took in all, over those without its certificates.
"""

import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.suite import Case, Suite, load_suite
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.certificate import Prover
from hawk_xdsl.gate.gate import Gate
from hawk_xdsl.pipeline import compile_with
from hawk_xdsl.propose.settings import Budget, Settings, Sources

SUITE = Path(__file__).parent / "operators.py"
SETTINGS = Settings(sources=Sources.COMPOSITION, host_fallback=True, budget=Budget(tuning=0))


@dataclass(frozen=True)
class Row:
    """One accepted kernel, or why a case has none."""

    case: str
    family: str
    trust: str
    reason: str = ""
    rewrites: tuple[str, ...] = ()
    gate_seconds: float = 0.0
    proof_seconds: float = 0.0


class Stopwatch:
    """Seconds spent in the gate, and of them in the prover."""

    def __init__(self) -> None:
        self.gate = self.proof = 0.0
        check, prove = Gate.check, Prover.prove

        def timed_check(gate: Gate, *args: object) -> object:
            started = time.perf_counter()
            try:
                return check(gate, *args)
            finally:
                self.gate += time.perf_counter() - started

        def timed_proof(prover: Prover, *args: object) -> object:
            started = time.perf_counter()
            try:
                return prove(prover, *args)
            finally:
                self.proof += time.perf_counter() - started

        Gate.check, Prover.prove = timed_check, timed_proof


def rows_of(case: Case, imports: Imports, target: str, watch: Stopwatch) -> Iterator[Row]:
    """Decides a case with an empty store."""
    family = case.operator.family
    watch.gate = watch.proof = 0.0
    try:
        program = imports.program(case)
        with (
            tempfile.TemporaryDirectory() as folder,
            open_decider(target, SETTINGS, store=Path(folder) / "s.sqlite") as decider,
        ):
            placed = compile_with(decider, program).placed
    except HawkError as error:
        yield Row(case.name, family, "error", error.message)
        return
    seconds = (watch.gate / len(placed), watch.proof / len(placed)) if placed else (0.0, 0.0)
    for each in placed:
        verdict = each.decision.verdict
        if verdict is None:
            yield Row(case.name, family, "host", each.decision.reason)
        else:
            found = verdict.certificate
            yield Row(case.name, family, found.trust, found.reason, found.rewrites, *seconds)


def kept_rows(file: Path) -> list[Row]:
    """The rows of an earlier run."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [_row(line) for line in lines]


def _row(line: str) -> Row:
    given = json.loads(line)
    return Row(**{**given, "rewrites": tuple(given["rewrites"])})


def table(rows: list[Row]) -> Table:
    """Counts by family, and shares of all kernels."""
    shown = Table(
        "family", "kernels", "proved", "bounded", "tried", "without rewrites", "no kernel"
    )
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for family in (row.family, "all"):
            counts[family][row.trust] += 1
            counts[family]["plain"] += row.trust == "proved" and not row.rewrites
    for family in sorted(counts, key=lambda name: (name == "all", name)):
        found = counts[family]
        kernels = found["proved"] + found["bounded"] + found["tried"]
        parts = [found["proved"], found["bounded"], found["tried"], found["plain"]]
        if family == "all":
            cells = [f"{part} ({100 * part / max(kernels, 1):.0f} %)" for part in parts]
        else:
            cells = [str(part) for part in parts]
        shown.add_row(family, str(kernels), *cells, str(found["host"] + found["error"]))
    return shown


def chosen(suite: Suite, shapes: str, only: str) -> list[Case]:
    """The cases of some shapes whose operator or family is named; all without names."""
    names = set(only.split(",")) if only else set[str]()
    return [
        case
        for case in suite.cases()
        if str(case.shape) in shapes.split(",")
        and (not names or {case.operator.name, case.operator.family} & names)
    ]


def main(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="folder of rows and imports")
    ] = Path("out/certificates"),
    shapes: Annotated[str, typer.Option(help="of small, ragged and large")] = "small,ragged,large",
    only: Annotated[str, typer.Option(help="operators or families, separated by commas")] = "",
    target: str = "ascend910b1",
) -> None:
    """Prove what composition writes."""
    console, watch = Console(), Stopwatch()
    suite = load_suite(SUITE)
    imports = Imports(output / "imports", suite.path)
    file = output / "rows.jsonl"
    rows = kept_rows(file)
    done = {row.case for row in rows}
    cases = chosen(suite, shapes, only)
    output.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        for number, case in enumerate(cases, start=1):
            if case.name in done:
                continue
            found = list(rows_of(case, imports, target, watch))
            rows += found
            stream.writelines(json.dumps(asdict(row)) + "\n" for row in found)
            stream.flush()
            for row in found:
                if row.trust not in ("proved", "bounded"):
                    console.print(f"{number}/{len(cases)} {row.case}: {row.trust}: {row.reason}")
    wanted = {case.name for case in cases}
    rows = [row for row in rows if row.case in wanted]
    console.print(table(rows))
    gate, proof = sum(row.gate_seconds for row in rows), sum(row.proof_seconds for row in rows)
    if gate > proof:
        console.print(
            f"gate {gate:.0f} s, of them certificates {proof:.0f} s: "
            f"{gate / (gate - proof):.2f} × the time without them"
        )


if __name__ == "__main__":
    typer.run(main)
