"""What bad knowledge costs, and what pruning makes of it, on an operator suite.

Decides a stratified sample of cases by composition at a fixed budget: with the package's knowledge;
with the planted entries of planted.toml added; and after ``hawk knowledge prune``. Right means
accepted, not on the host, and equal to float64 PyTorch on three seeds the gate never saw.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hawk_xdsl.bench.experience import Tried, experience
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.sample import in_fair_order
from hawk_xdsl.bench.suite import load_suite
from hawk_xdsl.knowledge_store import KnowledgeStore, load_entries, load_seed_entries
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import SMOLLM, find_model
from hawk_xdsl.learning.pruning import Pruner, ReplayLimits
from hawk_xdsl.learning.replay import Replay

HERE = Path(__file__).parent


@dataclass(frozen=True)
class State:
    """The cases under one state of the knowledge."""

    name: str
    entries: int
    tried: Sequence[Tried]
    seconds: float

    @property
    def accuracy(self) -> float:
        """Percent of cases that are right."""
        return 100 * sum(t.right for t in self.tried) / max(1, len(self.tried))


def main() -> None:
    """Runs the three states and prints them, and what became of each planted entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operators", type=Path, default=HERE / "operators.py")
    parser.add_argument("--planted", type=Path, default=HERE / "planted.toml")
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--attempts", type=int, default=8)
    parser.add_argument("--target", default="ascend910b1")
    parser.add_argument("--model", default=SMOLLM)
    parser.add_argument("--shapes", default="small,ragged,large")
    parser.add_argument("-o", "--output", type=Path, default=Path("out/pruning"))
    given = parser.parse_args()
    console = Console(width=120)
    suite = load_suite(given.operators)
    shapes = given.shapes.split(",")
    cases = [c for c in in_fair_order(suite.cases(), seed=0) if c.shape in shapes][: given.cases]
    imports = Imports(given.output / "imports", given.operators)

    def decided(name: str, store: Path) -> State:
        """All cases with a store, one after the other."""
        started = time.monotonic()
        tried: list[Tried] = []
        cases_left = experience(cases, imports, given.target, store, attempts=given.attempts)
        with console.status(name) as status:
            for each in cases_left:
                tried.append(each)
                status.update(f"{name}: {len(tried)} of {len(cases)}")
        with KnowledgeStore(store) as opened:
            entries = len(opened.in_use(load_seed_entries()))
        return State(name, entries, tried, time.monotonic() - started)

    with tempfile.TemporaryDirectory() as folder:
        clean = decided("the package's", Path(folder) / "clean.sqlite")
        store = Path(folder) / "planted.sqlite"
        planted = load_entries([given.planted])
        with KnowledgeStore(store) as opened:
            for entry in planted:
                opened.add_entry(entry)
        bad = decided("with planted entries", store)
        with KnowledgeStore(store) as opened, console.status("pruning") as status:
            evidence = opened.evidence()
            done = Pruner(
                opened,
                load_seed_entries(),
                Replay(given.target),
                lambda: LocalModel.load(find_model(given.model)),
                ReplayLimits(seconds=1200),
                progress=status.update,
            ).run()
            for kernel in opened.kernels():
                opened.drop_kernel(kernel.key)
        pruned = decided("after pruning", store)
    print_states(console, (clean, bad, pruned))
    names = {entry.name for entry in planted}
    left = names - {c.entry for c in done if c.takes_out}
    for entry in planted:
        seen = evidence.get(entry.name)
        fate = [f"{c.action}: {c.reason}" for c in done if c.entry == entry.name]
        used = "never used" if seen is None else f"used {seen.uses} times, {seen.wins} right"
        console.print(f"{entry.name} ({used}) → {'; '.join(fate) or 'not judged'}", markup=False)
    for curation in done:
        if curation.takes_out and curation.entry not in names:
            console.print(f"also out: {curation.entry}: {curation.reason}", markup=False)
    console.print(
        f"{len(names) - len(left)} of {len(names)} planted entries out of use; accuracy moved by "
        f"{pruned.accuracy - clean.accuracy:+.1f} points from {clean.accuracy:.1f} % "
        f"(before pruning {bad.accuracy - clean.accuracy:+.1f})"
    )


def print_states(console: Console, states: Sequence[State]) -> None:
    """One row for each state, seen and unseen operators apart."""
    table = Table()
    for heading in ("knowledge", "entries", "right", "seen", "unseen", "wrong", "attempts", "s"):
        table.add_column(heading, justify="left" if heading == "knowledge" else "right")
    for state in states:
        table.add_row(
            state.name,
            str(state.entries),
            f"{state.accuracy:.1f} %",
            *(_share(state.tried, split) for split in ("seen", "unseen")),
            str(sum(t.wrong for t in state.tried)),
            str(sum(t.attempts for t in state.tried)),
            f"{state.seconds:.0f}",
        )
    console.print(table)


def _share(tried: Sequence[Tried], split: str) -> str:
    own = [t for t in tried if t.case.operator.split == split]
    return f"{sum(t.right for t in own)}/{len(own)}"


if __name__ == "__main__":
    main()
