"""A benchmark run: the tasks that are left, run, and written down one by one."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path

from hawk_xdsl.bench.conditions import Condition, parse_condition
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.other_shapes import other_cases
from hawk_xdsl.bench.result import CaseResult, CaseVerdict, Journal, Task
from hawk_xdsl.bench.runner import Runner
from hawk_xdsl.bench.sample import in_fair_order
from hawk_xdsl.bench.study import learn
from hawk_xdsl.bench.suite import Case, load_suite
from hawk_xdsl.bench.workers import Failure, Workers
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import ModelFiles, find_model
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.options import check_count, check_positive, check_seed
from hawk_xdsl.propose.settings import Budget, Sources

CASES = 300
"""Cases that end within the hour on two cores, with the packaged model."""

MODEL_CASES = 20
"""Cases of each condition that asks nobody but the model."""

MINUTES = 60.0
"""A sample starts no case after them."""


@dataclass(frozen=True)
class Options:
    """What to measure and how.

    ``cases`` is the number of cases of each condition, ``None`` for all; ``model_cases`` that of
    conditions that ask only the model. ``minutes``: no task is started after them. ``only``
    restricts the cases to those whose ``/family/split/operator/shape/dtype/`` contains all words
    of one of these. ``other_shapes`` adds each operator at shapes that are in no suite.
    """

    operators: Path
    out: Path
    conditions: tuple[str, ...]
    target: str = "ascend910b1"
    model: str | None = None
    cases: int | None = CASES
    model_cases: int | None = MODEL_CASES
    seeds: tuple[int, ...] = (0,)
    attempts: int = Budget.attempts
    tuning: int = Budget.tuning
    model_seconds: float = Budget.seconds
    case_seconds: float = 300.0
    minutes: float | None = None
    jobs: int = 2
    only: tuple[str, ...] = ()
    other_shapes: bool = False

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for numbers that are none."""
        for name, least in (("attempts", 1), ("tuning", 0), ("jobs", 1)):
            check_count(name, getattr(self, name), least)
        for name in ("cases", "model_cases"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), 0)
        for name in ("model_seconds", "case_seconds"):
            check_positive(name, getattr(self, name))
        if self.minutes is not None:
            check_positive("minutes", self.minutes)
        for seed in self.seeds:
            check_seed("seeds", seed)


@dataclass(frozen=True)
class SessionResults:
    """All results of a run's folder that were asked for, and how many tasks are left."""

    conditions: tuple[Condition, ...]
    results: tuple[CaseResult, ...]
    left: int


TaskProgress = Callable[[int, int, str], None]
"""Gets how many tasks are done, of how many, and what was done last."""


def measure(
    options: Options, progress: TaskProgress = lambda done, total, last: None
) -> SessionResults:
    """Runs what is not in the folder yet.

    Raises ``HawkError`` for anything wrong with the options, the suite, the model or the folder.
    """
    conditions = tuple(parse_condition(text) for text in options.conditions)
    load_target(options.target)
    suite = load_suite(options.operators)
    asked = any(condition.sources.asks_model for condition in conditions)
    model = find_model(options.model) if asked else None
    journal = Journal(options.out, _setup(options, model))
    cases = in_fair_order(suite.cases(), seed=0)
    chosen = _chosen(cases, options)
    others: list[Case] = []
    if options.other_shapes:
        names = {case.operator.name for case in chosen[: options.cases]}
        others = in_fair_order(other_cases(suite, load_seed_entries(), names), seed=0)
    lists = [_tasks(each, conditions, options) for each in (chosen, others)]
    # In turn, so that what an interrupted run has done is a sample of both.
    tasks = [task for pair in zip_longest(*lists, fillvalue=()) for own in pair for task in own]
    done = {result.task: result for result in journal.results()}
    left = [task for task in tasks if task not in done]
    progress(len(tasks) - len(left), len(tasks), "")
    runner = Runner(
        cases={case.name: case for case in (*cases, *others)},
        conditions={condition.name: condition for condition in conditions},
        imports=Imports(options.out / "imports", options.operators),
        target=options.target,
        model=cache(partial(_loaded, model)),
        given=options.model,
        budget=Budget(
            options.attempts, options.tuning, options.model_seconds, patience=options.tuning
        ),
    )
    counts = (len(tasks) - len(left), len(tasks))
    for name in dict.fromkeys(task.condition for task in left):
        if runner.conditions[name].synthesis:
            learn(
                runner,
                name,
                cases,
                options.out,
                jobs=options.jobs,
                seconds=options.case_seconds,
                progress=partial(progress, *counts),
            )
    for result in _results(runner, left, options):
        journal.append(result)
        done[result.task] = result
        progress(
            sum(task in done for task in tasks),
            len(tasks),
            f"{result.condition} {result.case}: {result.verdict}",
        )
    found = tuple(done[task] for task in tasks if task in done)
    return SessionResults(conditions, found, len(tasks) - len(found))


def _loaded(model: ModelFiles | None) -> LocalModel:
    assert model is not None, "only conditions that ask the model get here"
    return LocalModel.load(model)


def _setup(options: Options, model: ModelFiles | None) -> dict[str, object]:
    """What may not change within a folder: with it the results would."""
    return {
        "package": _package(),
        "operators": hashlib.sha256(options.operators.read_bytes()).hexdigest()[:16],
        "target": options.target,
        "model": None if model is None else model.fingerprint(),
        "attempts": options.attempts,
        "tuning": options.tuning,
    }


def _package() -> str:
    """A digest of what decides: the package's code and knowledge, without this benchmark's."""
    root = Path(str(files("hawk_xdsl")))
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root)
        if file.suffix in (".py", ".toml", ".lark") and inside.parts[0] not in ("bench", "cli"):
            digest.update(str(inside).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _chosen(cases: Sequence[Case], options: Options) -> list[Case]:
    found = [
        case
        for case in cases
        if not options.only or any(_matches(case, words.split()) for words in options.only)
    ]
    if not found:
        raise HawkError(f"no case matches {', '.join(options.only)}", file=str(options.operators))
    return found


def _matches(case: Case, words: Sequence[str]) -> bool:
    described = f"/{case.operator.family}/{case.operator.split}/{case.name}/"
    return all(word in described for word in words)


def _tasks(
    cases: Sequence[Case], conditions: Iterable[Condition], options: Options
) -> list[list[Task]]:
    """Case by case, so that what an interrupted run has done compares the conditions."""
    limits = {condition: _limit(condition, options) for condition in conditions}
    return [
        [
            Task(condition.name, case.name, seed)
            for condition, limit in limits.items()
            for seed in options.seeds
            if limit is None or number < limit
        ]
        for number, case in enumerate(cases)
    ]


def _limit(condition: Condition, options: Options) -> int | None:
    if condition.sources is not Sources.MODEL or options.model_cases is None:
        return options.cases
    if options.cases is None:
        return options.model_cases
    return min(options.cases, options.model_cases)


def _results(runner: Runner, tasks: Sequence[Task], options: Options) -> Iterator[CaseResult]:
    workers = Workers(
        runner.run, jobs=options.jobs, seconds=options.case_seconds, folder=options.out
    )
    for task, outcome in workers.run(_until(tasks, options.minutes)):
        if isinstance(outcome, Failure):
            yield _failed(runner.cases[task.case], task, outcome)
        else:
            yield outcome


def _until(tasks: Iterable[Task], minutes: float | None) -> Iterator[Task]:
    started = time.monotonic()
    for task in tasks:
        if minutes is not None and time.monotonic() - started > 60 * minutes:
            return
        yield task


def _failed(case: Case, task: Task, failure: Failure) -> CaseResult:
    verdict = CaseVerdict.TIMEOUT if failure.timed_out else CaseVerdict.CRASH
    return CaseResult.of(task, case, verdict, failure.reason)
