"""Runs a sample of the attacks on all kernels of the corpus; what was run before is not again."""

import hashlib
import json
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target
from mutation.attack import Attack, Kind
from mutation.attack_bench import ALL_KINDS, KINDS, AttackBench, Row
from mutation.corpus import corpus
from mutation.ruling import MakeJudge, Ruling, certificate_judge, gate_judge

JUDGES: dict[str, tuple[MakeJudge, tuple[Kind, ...]]] = {
    "gate": (gate_judge, KINDS),
    "certificate": (certificate_judge, ALL_KINDS),
}
"""Who may rule, and on which kinds of attacks."""

CONTROLS = 4
"""One control for so many mutants of a kind."""

Progress = Callable[[str], None]

_benches: list[AttackBench] = []
"""Made before the workers are forked, so that they have them too."""


@dataclass(frozen=True)
class Options:
    """What to run: ``kinds`` and ``only`` are words that a kind, or family/subject, contains."""

    out: Path
    count: int = 2200
    seed: int = 0
    jobs: int = 2
    judge: str = "gate"
    kinds: tuple[str, ...] = ()
    only: str = ""
    minutes: float | None = None
    target: str = "ascend910b1"


def package_digest() -> str:
    """A digest of the package and of these benchmarks: rows of another one are run again."""
    digest = hashlib.sha256()
    for root in (Path(str(files("hawk_xdsl"))), Path(__file__).parent):
        for file in sorted(root.rglob("*")):
            if file.suffix in (".py", ".toml", ".lark"):
                digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


Task = tuple[int, tuple[str, ...]]
"""The number of a bench, and the keys of its attacks."""


def attacked(options: Options, progress: Progress) -> tuple[list[Row], int]:
    """The rows of the sample, in the order of the corpus, and how many are left undone.

    Raises ``HawkError`` for an unknown target or if no kernel is chosen.
    """
    digest = package_digest()
    target = load_target(options.target)
    kernels = corpus(target, options.out / "corpus.jsonl", digest, progress, options.only)
    if not kernels:
        raise HawkError(f"no family or operator contains {options.only}")
    make, kinds = JUDGES[options.judge]
    _benches[:] = [AttackBench(kernel, target, options.seed, make, kinds) for kernel in kernels]
    chosen = sample(_benches, options)
    journal = options.out / f"{options.judge}.jsonl"
    rows = {row.key: row for row in _read(journal, digest, options.seed)}
    left = [(bench, tuple(key for key in keys if key not in rows)) for bench, keys in chosen]
    left = [task for task in left if task[1]]
    total, started = sum(len(keys) for _, keys in chosen), time.monotonic()
    with journal.open("a", encoding="utf-8") as file:
        for found in _run(left, options, started):
            for row in found:
                rows[row.key] = row
                kept = {"digest": digest, "seed": options.seed, **asdict(row)}
                file.write(json.dumps(kept) + "\n")
            file.flush()
            progress(f"{sum(key in rows for _, keys in chosen for key in keys)} of {total} attacks")
    done = [rows[key] for _, keys in chosen for key in keys if key in rows]
    return done, total - len(done)


def sample(benches: Sequence[AttackBench], options: Options) -> list[Task]:
    """Which attacks to run: every kind and family in turn, and controls of each."""
    buckets: dict[tuple[bool, str, str], list[tuple[int, str]]] = {}
    for number, bench in enumerate(benches):
        for attack in bench.attacks():
            if not options.kinds or any(word in attack.kind for word in options.kinds):
                key = (attack.harmless, attack.kind, bench.kernel.family)
                buckets.setdefault(key, []).append((number, bench.key(attack)))
    chosen: set[tuple[int, str]] = set()
    for harmless, count in ((False, options.count), (True, options.count // CONTROLS)):
        some = {key: found for key, found in buckets.items() if key[0] is harmless}
        chosen |= _in_turn(some, count, options.seed)
    tasks: dict[int, list[str]] = {}
    for number, bench in enumerate(benches):
        for attack in bench.attacks():
            if (number, bench.key(attack)) in chosen:
                tasks.setdefault(number, []).append(bench.key(attack))
    return [(number, tuple(keys)) for number, keys in tasks.items()]


def _in_turn(
    buckets: dict[tuple[bool, str, str], list[tuple[int, str]]], count: int, seed: int
) -> set[tuple[int, str]]:
    noise = np.random.default_rng(seed)
    keys = sorted(buckets)
    mixed = {
        keys[n]: [buckets[keys[n]][m] for m in noise.permutation(len(buckets[keys[n]]))]
        for n in noise.permutation(len(keys))
    }
    chosen: set[tuple[int, str]] = set()
    while any(mixed.values()) and len(chosen) < count:
        for found in mixed.values():
            if found and len(chosen) < count:
                chosen.add(found.pop())
    return chosen


def _run(tasks: Sequence[Task], options: Options, started: float) -> Iterator[list[Row]]:
    """The rows of each task; no task is started after the minutes."""

    def in_time() -> Iterator[Task]:
        for task in tasks:
            if options.minutes is None or time.monotonic() - started < 60 * options.minutes:
                yield task

    if options.jobs == 1:
        yield from map(rows_of, in_time())
        return
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.jobs, mp_context=fork) as pool:
        # A batch is small, so that little is started that the time does not allow to wait for.
        batch: list[Task] = []
        for task in in_time():
            batch.append(task)
            if len(batch) == 4 * options.jobs:
                yield from pool.map(rows_of, batch)
                batch = []
        yield from pool.map(rows_of, batch)


def rows_of(task: Task) -> list[Row]:
    """What becomes of some attacks of one bench."""
    number, wanted = task
    bench = _benches[number].fresh()
    return [_row(bench, attack) for attack in bench.attacks() if bench.key(attack) in wanted]


def _row(bench: AttackBench, attack: Attack) -> Row:
    """An error that is no trap is a mistake of the judge's: it is said as such."""
    try:
        return bench.row(attack)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        why = f"crash: {type(error).__name__} in {frame.name}: {error}"
        return Row(
            bench.key(attack), bench.kernel.name, bench.kernel.family, attack.kind,
            attack.harmless, attack.what, attack.text, str(Ruling.ACCEPTED), why, why,
        )  # fmt: skip


def _read(journal: Path, digest: str, seed: int) -> Iterator[Row]:
    """The rows kept so far; the half line of an interrupted run is none."""
    if not journal.exists():
        return
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            kept = json.loads(line)
        except ValueError:
            continue
        if (kept.pop("digest"), kept.pop("seed")) == (digest, seed):
            yield Row(**kept)


def table(rows: Iterable[Row], field: str) -> str:
    """Mutants and controls by kind or family, and what became of them."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(getattr(row, field), []).append(row)
    every = [row for some in grouped.values() for row in some]
    width = max(map(len, (field, *grouped)), default=6)
    head = "mutants  killed  equivalent  accepted wrong  controls passed"
    lines = [f"{field:{width}}  {head}"]
    for name, some in [*sorted(grouped.items()), ("all", every)]:
        found = Counter[str]()
        for row in some:
            found.update(
                name
                for name in ("harmless", "killed", "equivalent", "wrong", "passed")
                if getattr(row, name)
            )
        controls = f"{found['passed']} of {found['harmless']}"
        lines.append(
            f"{name:{width}}  {len(some) - found['harmless']:7}  {found['killed']:6}  "
            f"{found['equivalent']:10}  {found['wrong']:14}  {controls:>15}"
        )
    return "\n".join(lines)


def kernels_of(rows: Iterable[Row]) -> int:
    """How many kernels were attacked."""
    return len({row.subject for row in rows})
