"""A benchmark run: the tasks that are left, run, and written down one by one."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest

from hawk_xdsl.bench.case_work import CaseWork, SuiteCases, runner_of
from hawk_xdsl.bench.conditions import Condition, parse_condition
from hawk_xdsl.bench.result import CaseResult, CaseVerdict, Journal, Task
from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.study import learn
from hawk_xdsl.bench.suite import Case
from hawk_xdsl.executors import Executor, Failure, open_executor
from hawk_xdsl.executors.choose import LOCAL_JOBS
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.model_files import ModelFiles, find_model
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.settings import Progress, Sources


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
    cases = SuiteCases.of(options)
    asked = any(condition.sources.asks_model for condition in conditions)
    model = find_model(options.model) if asked else None
    journal = Journal(options.out, _setup(options, model))
    lists = [_tasks(each, conditions, options) for each in (cases.chosen, cases.others)]
    # In turn, so that what an interrupted run has done is a sample of both.
    tasks = [task for pair in zip_longest(*lists, fillvalue=()) for own in pair for task in own]
    done = {result.task: result for result in journal.results()}
    left = [task for task in tasks if task not in done]
    counts = (len(tasks) - len(left), len(tasks))
    progress(*counts, "")
    work = CaseWork.of(options)
    learned = _learned(options, conditions, left, cases, partial(progress, *counts))
    with open_executor(options.workplace, options.out) as executor:
        work = replace(work.sharing(options), learned=learned)
        for result in _results(executor, work, left, cases, options):
            journal.append(result)
            done[result.task] = result
            progress(
                sum(task in done for task in tasks),
                len(tasks),
                f"{result.condition} {result.case}: {result.verdict}",
            )
    found = tuple(done[task] for task in tasks if task in done)
    return SessionResults(conditions, found, len(tasks) - len(found))


def _learned(
    options: Options,
    conditions: Sequence[Condition],
    left: Sequence[Task],
    cases: SuiteCases,
    progress: Progress,
) -> Mapping[str, Sequence[Entry]]:
    """The entries of each condition with synthesis that has tasks left, learned on this machine."""
    needed = {task.condition for task in left}
    chosen = [each.name for each in conditions if each.synthesis and each.name in needed]
    if not chosen:
        return {}
    runner = runner_of(options, cases)
    for name in chosen:
        learn(
            runner,
            name,
            cases.of_suite,
            options.out,
            jobs=options.workplace.jobs or LOCAL_JOBS,
            seconds=options.case_seconds,
            progress=progress,
        )
    return runner.learned


def _setup(options: Options, model: ModelFiles | None) -> dict[str, object]:
    """What may not change within a folder: with it the results would."""
    return {
        "package": code_digest(),
        "operators": hashlib.sha256(options.operators.read_bytes()).hexdigest()[:16],
        "target": options.target,
        "model": None if model is None else model.fingerprint(),
        "attempts": options.attempts,
        "tuning": options.tuning,
    }


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


def _results(
    executor: Executor,
    work: CaseWork,
    tasks: Sequence[Task],
    cases: SuiteCases,
    options: Options,
) -> Iterator[CaseResult]:
    given = _until(tasks, options.minutes)
    for task, outcome in executor.run(work, given, seconds=options.case_seconds):
        if isinstance(outcome, Failure):
            yield _failed(cases.by_name[task.case], task, outcome)
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
