"""Damages and attacks verified kernels in every way it knows and counts what the gate lets through.

Prints tables by kind and by family; ends with ``accepted wrong: 0``, or exits with 1. What was run
is kept, and not run again by the same code. See docs/mutants.md.
"""

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from mutation import attack_run
from mutation.attack_bench import Row
from mutation.bench import Bench, Mutant, Outcome
from mutation.compiled import compiled_subjects
from mutation.ruling import Ruling
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


def sample(
    benches: Sequence[Bench], count: int, seed: int, kinds: Sequence[str] = ()
) -> list[tuple[int, int]]:
    """Which mutants to try, as numbers of bench and mutant: every kind and family in turn.

    ``kinds``: only those that contain one of these words.
    """
    buckets: dict[tuple[str, int], list[int]] = {}
    for bench, found in enumerate(benches):
        for number, mutant in enumerate(found.mutants()):
            if not kinds or any(word in mutant.kind for word in kinds):
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
    lines = [f"{title:{width}}  mutants  killed  equivalent  as exact  wrong  killed by"]
    total = [outcome for row in rows.values() for outcome in row]
    for name, row in [*sorted(rows.items()), ("all", total)]:
        traps = Counter(outcome.trap for outcome in row if outcome.trap is not None)
        wrong = sum(outcome.difference is not None for outcome in row)
        killed = sum(traps.values())
        exact = sum(outcome.rounding is not None for outcome in row)
        equivalent = len(row) - killed - exact - wrong
        by = ", ".join(f"{code} {count}" for code, count in traps.most_common())
        lines.append(
            f"{name:{width}}  {len(row):7}  {killed:6}  {equivalent:10}  {exact:8}  {wrong:5}  {by}"
        )
    return "\n".join(lines)


def grouped(found: Iterable[Outcome], field: str) -> dict[str, list[Outcome]]:
    """Outcomes by family or by kind."""
    rows: dict[str, list[Outcome]] = {}
    for outcome in found:
        rows.setdefault(getattr(outcome, field), []).append(outcome)
    return rows


def damaged(options: argparse.Namespace) -> list[Outcome]:
    """The outcomes of a sample of the damages. Raises ``HawkError`` if a subject is refused."""
    subjects = list(written_subjects())
    if not options.written:
        subjects += compiled_subjects(load_target(TARGET))
    if options.only:
        subjects = [subject for subject in subjects if options.only in subject.family]
    _benches[:] = open_benches(subjects, options.seed)
    chosen = sample(_benches, options.count, options.seed, options.kinds)
    found: list[Outcome] = []
    for some in run(chosen, options.jobs):
        found += some
        if len(found) // 100 > (len(found) - len(some)) // 100:
            print(f"{len(found)} of {len(chosen)} mutants", file=sys.stderr, flush=True)
    return found


def damage_report(found: Sequence[Outcome]) -> tuple[int, int]:
    """Prints what became of the damages; how many are accepted wrong, and how many there are."""
    print(table("kind", grouped(found, "kind")), end="\n\n")
    print(table("family", grouped(found, "family")), end="\n\n")
    for outcome in found:
        if outcome.rounding is not None:
            print(f"as exact as the kernel: {outcome.family}, {outcome.kind}: {outcome.mutant}")
            print(f"    though {outcome.rounding}")
    wrong = [outcome for outcome in found if outcome.difference is not None]
    for outcome in wrong:
        print(f"accepted: {outcome.family}, {outcome.kind}: {outcome.mutant}")
        print(f"    but {outcome.difference}")
    return len(wrong), len(found)


def attack_report(rows: Sequence[Row], left: int) -> tuple[int, int]:
    """Prints what became of the attacks; accepted wrong, and controls that did not pass."""
    print(attack_run.table(rows, "kind"), end="\n\n")
    print(attack_run.table(rows, "family"), end="\n\n")
    wrong = [row for row in rows if row.wrong]
    for row in wrong:
        print(f"accepted: {row.subject}, {row.kind}: {row.what}\n    but {row.difference}")
    refused = [row for row in rows if row.harmless and row.ruling == Ruling.REFUSED]
    for row in refused:
        print(f"refused: {row.subject}, {row.kind}: {row.what}\n    though right: {row.why}")
    if left:
        print(f"not run for lack of time: {left}; the same command goes on from here")
    return len(wrong), len(refused)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=2200, help="attacked kernels of the suite")
    parser.add_argument("--count", type=int, default=1000, help="damaged kernels")
    parser.add_argument("--seed", type=int, default=0, help="of the sample and of all inputs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="families or operators that contain this")
    parser.add_argument("--kinds", nargs="*", default=[], help="kinds that contain one of these")
    parser.add_argument("--judge", choices=attack_run.JUDGES, default="gate", help="who rules")
    parser.add_argument("--minutes", type=float, help="start no attack after them")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/mutants"), help="rows kept")
    parser.add_argument("--written", action="store_true", help="damage no encoder's kernels")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    wanted = attack_run.Options(
        options.out, options.attacks, options.seed, options.jobs, options.judge,
        tuple(options.kinds), options.only, options.minutes, TARGET,
    )  # fmt: skip
    wrong = refused = mutants = 0
    try:
        if options.count and options.judge == "gate":
            wrong, mutants = damage_report(damaged(options))
        if options.attacks:
            rows, left = attack_run.attacked(wanted, partial(print, file=sys.stderr, flush=True))
            more, refused = attack_report(rows, left)
            wrong, mutants = wrong + more, mutants + sum(not row.harmless for row in rows)
            print(f"attacked: {attack_run.kernels_of(rows)} kernels")
    except HawkError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{mutants} mutants in {time.monotonic() - started:.0f} s")
    print(f"controls refused: {refused}")
    print(f"accepted wrong: {wrong}")
    return 1 if wrong or refused else 0


if __name__ == "__main__":
    sys.exit(main())
