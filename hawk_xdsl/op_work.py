"""Ops of a compile as work for an executor: each process opens a decider of its own."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors import Executor, Failure, Workplace, open_executor
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.ir_text import read_op
from hawk_xdsl.knowledge_store import (
    AnswerKey,
    AnswerRecord,
    Entry,
    Evidence,
    StorePlace,
    shared_store,
)
from hawk_xdsl.npu_target import Target
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.decided_op import DecidedOp, Elsewhere, OpTask
from hawk_xdsl.propose.decision import Decision
from hawk_xdsl.propose.settings import Settings

OP_SECONDS = 3600.0
"""Most that an op may take in another process: a safety stop."""


@dataclass(frozen=True)
class OpWork:
    """Decides ops as the decider that asks would, with its knowledge and into its store."""

    target: Target
    target_given: str
    settings: Settings
    store: StorePlace
    model: str | None
    run_id: str
    entries: Sequence[Entry]
    evidence: Mapping[str, Evidence]

    def open(self) -> Callable[[OpTask], DecidedOp]:
        """The function that decides; the decider stays open as long as the process lives."""
        stack = ExitStack()
        decider = stack.enter_context(
            open_decider(
                self.target,
                self.settings,
                store=self.store,
                model=self.model,
                entries=self.entries,
            )
        )
        decider.target_given = self.target_given
        decider.run_id = self.run_id
        decider.evidence = self.evidence
        asked = asked_of(decider)

        def decided(task: OpTask, opened: ExitStack = stack) -> DecidedOp:
            return _decided(decider, asked, task)

        return decided


def asked_of(decider: Decider) -> str:
    """A digest of who is asked, with which knowledge and budget; if afresh, in this run only."""
    settings = decider.settings
    run = decider.run_id if settings.fresh else ""
    return digest_of(
        (decider.asked, decider.entries_digest, settings.budget, settings.host_fallback, run)
    )


def _decided(decider: Decider, asked: str, task: OpTask) -> DecidedOp:
    """The decision, known or new; what is learned on the way is written with it, or not at all.

    A stored kernel is no better than its verdict now: the gate checks it again, here where ops are
    decided side by side.
    """
    store, target = decider.store, decider.target
    key = AnswerKey("op", task.digest, target.digest, code_digest(), asked)
    if (known := store.answer(key)) is not None:
        found = DecidedOp.from_json(known.answer)
        if decider.accepts(read_op(task.text), task.name, found):
            return found
    with store.held_back() as write:
        decision = decider.outcome(read_op(task.text), task.name)
        found = DecidedOp.of(decision)
        write(None if found.timed_out else _record(key, decision, found, target))
    return found


def _record(key: AnswerKey, decision: Decision, found: DecidedOp, target: Target) -> AnswerRecord:
    cycles = decision.cycles
    return AnswerRecord(
        **vars(key),
        verdict="accepted" if cycles is not None else "no kernel",
        answer=found.json,
        schedule=found.schedule,
        microseconds=None if cycles is None else target.microseconds(cycles),
    )


def elsewhere_of(
    decider: Decider, workplace: Workplace, model: str | None, stack: ExitStack
) -> Elsewhere:
    """Has ops decided at a workplace, which is opened when the first is to be.

    Raises ``HawkError`` if its machines do not share the decider's store.
    """
    opened: list[Executor] = []

    def executor() -> Executor:
        if not opened:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            opened.append(stack.enter_context(open_executor(workplace, Path(folder), forked=False)))
        return opened[0]

    def elsewhere(tasks: Sequence[OpTask]) -> Mapping[str, DecidedOp]:
        if not tasks:
            return {}
        cluster, place = executor(), shared_store(workplace, decider.store.place)
        if place is None:
            raise HawkError(
                "several machines need a store that they share: --store postgresql://…",
                file=decider.store.name,
            )
        work = OpWork(
            decider.target,
            decider.target_given,
            decider.settings,
            place,
            model,
            decider.run_id,
            decider.entries,
            decider.evidence,
        )
        found: dict[str, DecidedOp] = {}
        for task, outcome in cluster.run(work, tasks, seconds=OP_SECONDS):
            failed = isinstance(outcome, Failure)
            found[task.digest] = DecidedOp.failed(outcome.reason) if failed else outcome
            decider.progress(f"{task.name}: decided elsewhere, {len(found)} of {len(tasks)}")
        return found

    return elsewhere
