"""What is learned at run time from the seen half of a suite: entries, kept in the run's folder."""

from collections.abc import Sequence
from pathlib import Path

from hawk_xdsl.bench.result import Task
from hawk_xdsl.bench.runner import Runner
from hawk_xdsl.bench.suite import Case, Split
from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors import Failure, LocalProcesses, Opened
from hawk_xdsl.knowledge_store import KnowledgeStore, load_seed_entries
from hawk_xdsl.learning.replay import Replay
from hawk_xdsl.learning.synthesis import Synthesizer
from hawk_xdsl.propose.settings import Progress

SYNTHESIS_SECONDS = 600.0
"""Most seconds of synthesis after the seen operators were decided."""


def learn(
    runner: Runner,
    condition: str,
    cases: Sequence[Case],
    folder: Path,
    *,
    jobs: int,
    seconds: float,
    progress: Progress,
) -> None:
    """Gives the runner's condition the entries that one case of each seen operator teaches.

    The cases are the first of each operator in the given order. They share the store
    ``learned.CONDITION.sqlite`` of the folder, which keeps every decision of the synthesis too;
    once it is done it is not repeated.

    Raises ``HawkError`` if the synthesis ends with an error.
    """
    stem = f"learned.{condition.replace('/', '-')}"
    store, done = folder / f"{stem}.sqlite", folder / f"{stem}.done"
    if not done.exists():
        first: dict[str, Case] = {}
        for case in cases:
            if case.operator.split is Split.SEEN:
                first.setdefault(case.operator.name, case)
        tasks = [Task(condition, case.name, 0) for case in first.values()]
        study = Opened[Task, int](lambda task: runner.study(task, store))
        studied = LocalProcesses(jobs, folder).run(study, tasks, seconds=seconds)
        for number, (task, _) in enumerate(studied, start=1):
            progress(f"studying {number} of {len(tasks)}: {task.case}")
        progress("synthesising entries")
        maker = Opened[str, int](lambda target: _synthesise(target, store))
        makers = LocalProcesses(1, folder)
        for _, made in makers.run(maker, [runner.target], seconds=2 * SYNTHESIS_SECONDS):
            if isinstance(made, Failure):
                raise HawkError(f"synthesis failed: {made.reason}", file=str(store))
        done.write_text("", encoding="utf-8")
    with KnowledgeStore(store) as opened:
        runner.learned[condition] = opened.entries()


def _synthesise(target: str, store: Path) -> int:
    """How many decisions about entries the synthesis made."""
    with KnowledgeStore(store) as opened:
        synthesizer = Synthesizer(
            opened, load_seed_entries(), Replay(target), seconds=SYNTHESIS_SECONDS
        )
        return len(synthesizer.run())
