"""Decides undecided ops: a kept kernel, else attempts of those who may be asked, on the gate."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from uuid import uuid4

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.gate.bound import work_and_bound
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.gate.verifier import verifier_digest
from hawk_xdsl.knowledge_store import (
    Entry,
    Evidence,
    FailureRecord,
    KernelKey,
    KernelRecord,
    KnowledgeStore,
    SpecRecord,
    StoreView,
)
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.prompt import PromptFormat
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.npu_target import Bound, Target
from hawk_xdsl.propose.assignment import Assignment, ProposerFactory, Proposers
from hawk_xdsl.propose.attempts import Attempts, attempt_of
from hawk_xdsl.propose.decided_op import DecidedOp, Elsewhere, OpTask
from hawk_xdsl.propose.decision import Decision, Effort, Source
from hawk_xdsl.propose.draft import Draft, Proposer
from hawk_xdsl.propose.history import History, Phase
from hawk_xdsl.propose.kept import older_kernels, schedule_of, speaks_for
from hawk_xdsl.propose.ledger import Ledger
from hawk_xdsl.propose.order import ProposerChain
from hawk_xdsl.propose.refusal import TRANSIENT, Refusal, furthest
from hawk_xdsl.propose.settings import Progress, Settings, Sources
from hawk_xdsl.propose.witness import composed_witness
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Specification, specify

_NOBODY = {
    Sources.ALL: "no template fits, and the model wrote nothing",
    Sources.MODEL: "the model wrote nothing",
    Sources.TEMPLATES: "no template fits",
    Sources.COMPOSITION: "no template fits",
    Sources.REPLAY: "the store has no kernel for it",
}
"""Why an op is undecided if nothing was refused."""


class UndecidableError(HawkError):
    """Nobody found a kernel for an op, and it may not stay on the host."""


@dataclass
class Decider:
    """Decides ops one after the other; what it learns is recorded, and seen by the next compile.

    ``target_given`` is the target as it was asked for, a name or a file: kernels name it so.
    ``author`` is asked for the local model only when an op gets that far; ``kernel_format`` is
    known before: that of a model which was trained to write kernels. ``learned`` are the names of
    the entries that do not come with the package. ``model_fingerprint`` tells the local model from
    others. ``plug_ins`` names the proposers of other packages among ``proposers``. ``elsewhere``
    decides ops in other processes, where that is asked for.
    """

    target: Target
    target_given: str
    entries: Sequence[Entry]
    composer: Composer
    store: KnowledgeStore
    known: StoreView
    author: Callable[[], Author]
    kernel_format: Callable[[], PromptFormat | None]
    model_fingerprint: Callable[[], str]
    settings: Settings
    proposers: Proposers
    plug_ins: Sequence[str] = ()
    learned: frozenset[str] = frozenset()
    progress: Progress = lambda line: None
    run_id: str = field(default_factory=lambda: uuid4().hex[:12])
    elsewhere: Elsewhere | None = None
    _decided: dict[str, Decision] = field(default_factory=dict[str, Decision])
    _answers: dict[str, DecidedOp] = field(default_factory=dict[str, DecidedOp])

    @cached_property
    def evidence(self) -> Mapping[str, Evidence]:
        """What every entry had brought before this compile."""
        return self.known.evidence()

    @cached_property
    def entries_digest(self) -> str:
        """A digest of the knowledge in use."""
        return digest_of(self.entries)

    @cached_property
    def asked(self) -> str:
        """Who is asked, as failures are remembered by; the budget is compared apart.

        The code is part of it: what one version found no kernel for the next may.
        """
        settings = self.settings
        words = [str(settings.sources), f"seed {settings.seed}", f"code {code_digest()}"]
        if settings.sources.asks_model:
            words += [f"retrieval {settings.retrieval}", f"model {self.model_fingerprint()}"]
        return ", ".join([*words, *(f"plug-in {name}" for name in self.plug_ins)])

    def failed_before(self, key: KernelKey, older: Sequence[KernelRecord]) -> FailureRecord | None:
        """The failure under a key that speaks for who would be asked now, if there is one."""
        failures = self.known.failures(key)
        asked = self.asked if failures else ""
        budget = self.settings.budget
        return next((each for each in failures if speaks_for(each, asked, budget, older)), None)

    @cached_property
    def checked_rules(self) -> Sequence[Rule]:
        """The rewrites that certificates may use: those of the package, whose errors are tested."""
        return [rule for rule in self.composer.rules if rule.name not in self.learned]

    def keep(self, entry: Entry) -> None:
        """Adds an entry that was found to the store, unless it has one of that name."""
        if all(each.name != entry.name for each in self.store.entries()):
            self.store.add_entry(entry)

    def prepare(self, ops: Sequence[tuple[UndecidedOp, str]]) -> None:
        """Has ops, each with its symbol, decided elsewhere at once, if others are asked at all."""
        if self.elsewhere is None:
            return
        tasks: dict[str, OpTask] = {}
        for op, name in ops:
            with suppress(UnreadableError):
                if op.host is None:
                    specification = specify(op, confine=not self.settings.host_fallback)
                    task = OpTask(specification.digest, name, op_as_text(op))
                    tasks.setdefault(specification.digest, task)
        known = self._decided.keys() | self._answers.keys()
        self._answers |= self.elsewhere([tasks[each] for each in tasks if each not in known])

    def accepts(self, op: UndecidedOp, name: str, answer: DecidedOp) -> bool:
        """Whether a stored answer holds now: it has no kernel, or the gate accepts its kernel."""
        if answer.kernel is None:
            return True
        specification = specify(op, confine=not self.settings.host_fallback)
        return _Op(self, op, specification, "answer", name).accepts(answer.kernel.text, answer)

    def decide(self, op: UndecidedOp, name: str) -> Decision:
        """The decision for one op; ``name`` is the symbol its kernels get.

        Raises ``UndecidableError`` if there is none and the op may not stay on the host.
        """
        return self._allowed(self.outcome(op, name))

    def outcome(self, op: UndecidedOp, name: str) -> Decision:
        """The same, whether or not the op may stay on the host."""
        label = op.label.data if op.label is not None else "op"
        if op.host is not None:
            return Decision(label, Source.HOST, None, None, None, 0.0, reason="marked host")
        started = time.monotonic()
        try:
            specification = specify(op, confine=not self.settings.host_fallback)
        except UnreadableError as error:
            return Decision(label, Source.HOST, None, None, None, 0.0, reason=str(error))
        before = self._decided.get(specification.digest)
        if before is None:
            this = _Op(self, op, specification, label, name)
            answer = self._answers.get(specification.digest)
            if answer is not None:
                before = this.recalled(answer)
            else:
                self.store.record_spec(
                    SpecRecord(specification.digest, label, specification.text, op_as_text(op))
                )
                before = replace(this.decide(), seconds=time.monotonic() - started)
            self._decided[specification.digest] = before
        return before

    def _allowed(self, decision: Decision) -> Decision:
        """The decision, unless it leaves on the host what may not stay there."""
        if decision.source is Source.HOST and not self.settings.host_fallback:
            raise UndecidableError(
                f"no kernel for npu.undecided {decision.label!r}: {decision.reason}"
            )
        return decision


class _Op:
    """One op to decide."""

    def __init__(
        self,
        decider: Decider,
        op: UndecidedOp,
        specification: Specification,
        label: str,
        name: str,
    ) -> None:
        self._decider = decider
        self._specification = specification
        self._label = label
        self._signature = signature_of(
            specification, name, decider.target_given, decider.target.places
        )
        settings = decider.settings
        self._gate = Gate(
            op,
            specification,
            self._signature,
            decider.target,
            settings.seed,
            decider.checked_rules,
            lambda: composed_witness(
                decider.composer, decider.entries, specification, decider.target
            ),
        )
        self._ledger = Ledger(
            decider.store,
            decider.run_id,
            specification,
            decider.target,
            settings.seed,
            KernelKey(
                specification.digest,
                decider.target.digest,
                decider.entries_digest,
                verifier_digest(),
            ),
            frozenset(rule.name for rule in decider.composer.rules),
        )
        self._work, self._bound = work_and_bound(specification, decider.target)
        self._refusals: list[Refusal] = []
        self._history = History()

    def accepts(self, text: str, answer: DecidedOp) -> bool:
        """Whether the gate accepts the kernel of an answer."""
        return self._gate.check(text, schedule=answer.attribute).program is not None

    def recalled(self, answer: DecidedOp) -> Decision:
        """What was decided elsewhere; a gate of the same code has accepted its kernel there."""
        verdict = None
        if answer.kernel is not None:
            program = self._gate.built(answer.kernel.text, answer.attribute)
            verdict = answer.kernel.verdict(program)
        decision = self._decision(answer.source, verdict, answer.effort)
        return replace(
            decision,
            seconds=answer.seconds,
            entries=answer.entries,
            schedule=answer.parsed_schedule,
            origin=answer.origin,
            reason=answer.reason,
            timed_out=answer.timed_out,
            remembered=answer.remembered,
            history=History(list(answer.attempts), list(answer.timings)),
        )

    def decide(self) -> Decision:
        decider, key = self._decider, self._ledger.key
        older: Sequence[KernelRecord] = ()
        if not decider.settings.fresh:
            kept = self._kept()
            if kept is not None:
                return kept
            replay = decider.settings.sources is Sources.REPLAY
            older = older_kernels(decider.known, key, decider.target, named=replay)
            failed = None if replay else decider.failed_before(key, older)
            if failed is not None:
                reason = f"{failed.reason} (remembered; --fresh asks again)"
                decision = self._decision(Source.HOST, None, Effort())
                return replace(decision, reason=reason, remembered=True)
        return self._sought(older)

    def _sought(self, older: Sequence[KernelRecord]) -> Decision:
        """What those who may be asked find, drafts that are kept of other times among them."""
        decider = self._decider
        given = self._assignment(older)
        first, then = (
            _made(each, given) for each in (decider.proposers.first, decider.proposers.then)
        )
        turn = max(1, decider.settings.budget.attempts * 3 // 4) if first and then else inf
        attempts = Attempts(
            self._label,
            self._gate,
            self._ledger,
            self._bound,
            decider.settings.budget,
            ProposerChain((ProposerChain(first), ProposerChain(then)), turn),
            decider.progress,
            self._history,
            refusals=self._refusals,
        )
        found = attempts.until_right()
        if found is not None and decider.settings.sources.tunes:
            # Kept kernels are known to be fast: they come before what templates estimate.
            found = attempts.tuned(found, ProposerChain((*reversed(first), *then)))
        spent = given.spending
        effort = replace(
            attempts.effort,
            gate_runs=self._gate.checks,
            timings=self._gate.timings,
            tokens=spent.tokens,
            rejected_lines=spent.rejected_lines,
        )
        if found is None:
            return replace(self._failed(effort, spent.timed_out), timed_out=spent.timed_out)
        draft, verdict = found.draft, found.verdict
        self._ledger.keep(draft, verdict, self._bound)
        decision = self._decision(draft.source, verdict, effort)
        return replace(
            decision,
            entries=draft.entries,
            schedule=draft.schedule,
            origin=draft.model or draft.origin,
            timed_out=spent.timed_out,
        )

    def _assignment(self, older: Sequence[KernelRecord]) -> Assignment:
        decider = self._decider
        return Assignment(
            self._specification,
            self._signature,
            decider.target,
            self._bound,
            decider.settings,
            decider.entries,
            decider.learned,
            decider.composer,
            lambda: decider.evidence,
            older,
            self._history.recording(self._gate.time),
            decider.author,
            decider.kernel_format,
            decider.keep,
            lambda line: decider.progress(f"{self._label}: {line}"),
        )

    def _kept(self) -> Decision | None:
        """The kernel that was verified before, verified again."""
        decider, key = self._decider, self._ledger.key
        record = decider.known.get_kernel(key)
        if record is None:
            return None
        schedule = schedule_of(record)
        attribute = None if schedule is None else schedule.attribute
        started = time.monotonic()
        trust = Trust(record.trust) if record.trust in tuple(Trust) else Trust.TRIED
        verdict = self._gate.check(record.text, record.entries, attribute, kept=trust)
        draft = Draft(
            Source.REUSED,
            record.text,
            record.entries,
            schedule=schedule,
            origin=record.source,
        )
        seconds = time.monotonic() - started
        self._history.attempts.append(attempt_of(Phase.KEPT, draft, verdict, seconds))
        if not verdict.accepted:
            reason = f"a kernel kept in the store: {verdict.trap_message}"
            self._refusals.append(Refusal(verdict.trap_code or "", reason))
            decider.store.drop_kernel(key)
            return None
        decision = self._decision(Source.REUSED, verdict, Effort(gate_runs=self._gate.checks))
        return replace(decision, entries=record.entries, schedule=schedule, origin=record.source)

    def _failed(self, effort: Effort, timed_out: bool) -> Decision:
        """That there is no kernel, remembered unless time or memory was the reason."""
        settings = self._decider.settings
        best = furthest(self._refusals) or Refusal("nobody", _NOBODY[settings.sources])
        transient = timed_out or any(each.code in TRANSIENT for each in self._refusals)
        if settings.sources is not Sources.REPLAY and not transient:
            self._ledger.fail(best, self._decider.asked, settings.budget)
        return replace(self._decision(Source.HOST, None, effort), reason=best.reason)

    def _decision(self, source: Source, verdict: Verdict | None, effort: Effort) -> Decision:
        bound: Bound | None = None if verdict is None else self._bound
        return Decision(
            self._label,
            source,
            self._specification,
            verdict,
            bound,
            0.0,
            effort,
            history=self._history,
            work=None if verdict is None else self._work,
        )


def _made(factories: Mapping[str, ProposerFactory], given: Assignment) -> list[Proposer]:
    """The proposers that have something to say about an op."""
    proposers = [make(given) for make in factories.values()]
    return [each for each in proposers if each is not None]
