"""Damages verified kernels in every way it knows and counts what the gate lets through.

Prints a table by kind of mutation and one by family; ends with ``accepted wrong: 0``, or exits
with 1. See docs/mutants.md.
"""

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from mutation.bench import Bench, Mutant, Outcome
from mutation.compiled import compiled_subjects
from mutation.subjects import Subject, written_subjects

from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target

TARGET = "ascend910b1"
CRASH = "crash of the gate"

_benches: list[Bench] = []
"""One for each subject; made before the workers are forked, so that they have them too."""


def open_benches(subjects: Iterable[Subject], seed: int) -> list[Bench]:
    """A bench for each subject. Raises ``HawkError`` if the gate refuses one as it is."""
    target = load_target(TARGET)
    return [Bench(subject, target, seed) for subject in subjects]


def sample(benches: Sequence[Bench], count: int, seed: int) -> list[tuple[int, int]]:
    """Which mutants to try, as numbers of bench and mutant: every kind and family in turn."""
    buckets: dict[tuple[str, int], list[int]] = {}
    for bench, found in enumerate(benches):
        for number, mutant in enumerate(found.mutants()):
            buckets.setdefault((mutant.kind, bench), []).append(number)
    noise = np.random.default_rng(seed)
    shuffled = {key: noise.permutation(numbers).tolist() for key, numbers in buckets.items()}
    keys = [key for _, key in sorted((noise.random(), key) for key in shuffled)]
    chosen: list[tuple[int, int]] = []
    while len(chosen) < count and any(shuffled.values()):
        for kind, bench in keys:
            if shuffled[kind, bench] and len(chosen) < count:
                chosen.append((bench, shuffled[kind, bench].pop()))
    return sorted(chosen)


def outcomes(task: tuple[int, Sequence[int]]) -> list[Outcome]:
    """What becomes of some mutants of one bench."""
    number, wanted = task
    bench = _benches[number]
    mutants = list(bench.mutants())
    return [_outcome(bench, mutants[position]) for position in wanted]


def _outcome(bench: Bench, mutant: Mutant) -> Outcome:
    """An error that is no trap is a mistake of the gate's, whatever it is: it is reported."""
    try:
        return bench.outcome(mutant)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} in {frame.name}: {error}"
        return Outcome(
            bench.subject.family, mutant.what, mutant.kind, difference=f"{CRASH}: {place}"
        )


def run(chosen: Sequence[tuple[int, int]], jobs: int) -> Iterator[list[Outcome]]:
    """The outcomes of all chosen mutants, some at a time."""
    tasks: list[tuple[int, list[int]]] = []
    for bench, number in chosen:
        if not tasks or tasks[-1][0] != bench or len(tasks[-1][1]) == 10:
            tasks.append((bench, []))
        tasks[-1][1].append(number)
    if jobs == 1:
        yield from map(outcomes, tasks)
        return
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=fork) as pool:
        yield from pool.map(outcomes, tasks)


def table(title: str, rows: dict[str, list[Outcome]]) -> str:
    """How many of each row were killed, by which trap, equivalent, or accepted wrong."""
    width = max(map(len, (title, *rows)))
    lines = [f"{title:{width}}  mutants  killed  equivalent  wrong  killed by"]
    total = [outcome for row in rows.values() for outcome in row]
    for name, row in [*sorted(rows.items()), ("all", total)]:
        traps = Counter(outcome.trap for outcome in row if outcome.trap is not None)
        wrong = sum(outcome.difference is not None for outcome in row)
        killed = sum(traps.values())
        equivalent = len(row) - killed - wrong
        by = ", ".join(f"{code} {count}" for code, count in traps.most_common())
        lines.append(f"{name:{width}}  {len(row):7}  {killed:6}  {equivalent:10}  {wrong:5}  {by}")
    return "\n".join(lines)


def grouped(found: Iterable[Outcome], field: str) -> dict[str, list[Outcome]]:
    """Outcomes by family or by kind."""
    rows: dict[str, list[Outcome]] = {}
    for outcome in found:
        rows.setdefault(getattr(outcome, field), []).append(outcome)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="mutants, spread over all kinds")
    parser.add_argument("--seed", type=int, default=0, help="of the sample and of all inputs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", help="families whose name contains this")
    parser.add_argument("--written", action="store_true", help="without the encoder's kernels")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    subjects = list(written_subjects())
    if not options.written:
        subjects += compiled_subjects(load_target(TARGET))
    if options.only:
        subjects = [subject for subject in subjects if options.only in subject.family]
    try:
        _benches[:] = open_benches(subjects, options.seed)
    except HawkError as error:
        print(error, file=sys.stderr)
        return 1
    chosen = sample(_benches, options.count, options.seed)
    found: list[Outcome] = []
    for some in run(chosen, options.jobs):
        found += some
        if len(found) // 100 > (len(found) - len(some)) // 100:
            print(f"{len(found)} of {len(chosen)} mutants", file=sys.stderr, flush=True)
    print(table("kind", grouped(found, "kind")), end="\n\n")
    print(table("family", grouped(found, "family")), end="\n\n")
    wrong = [outcome for outcome in found if outcome.difference is not None]
    for outcome in wrong:
        print(f"accepted: {outcome.family}, {outcome.kind}: {outcome.mutant}")
        print(f"    but {outcome.difference}")
    killed = sum(outcome.trap is not None for outcome in found)
    print(f"{len(found)} mutants of {len(_benches)} kernels in {time.monotonic() - started:.0f} s")
    print(f"killed: {killed}")
    print(f"equivalent: {len(found) - killed - len(wrong)}")
    print(f"accepted wrong: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
