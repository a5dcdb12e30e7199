"""The decide loop: reuse, then templates, then the local model, each through the gate."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.authoring import Author
from hawk_xdsl.generation.composition import Composer, Composition, NoInstructionError
from hawk_xdsl.generation.decision import Budget, Decision, Source, Sources
from hawk_xdsl.generation.gate import VERIFIER_VERSION, Finish, Gate, Verdict, signature_of
from hawk_xdsl.generation.op_text import op_as_text
from hawk_xdsl.generation.roofline import bound_of
from hawk_xdsl.generation.template import candidates
from hawk_xdsl.knowledge_store import (
    Entry,
    EntryKind,
    KernelKey,
    KernelRecord,
    KnowledgeStore,
    Message,
    Outcome,
    SpecRecord,
    StoreView,
)
from hawk_xdsl.knowledge_store import Verdict as RecordedVerdict
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.specification import Specification, specify

_NOBODY = {
    Sources.ALL: "no template fits, and the model wrote nothing",
    Sources.TEMPLATES: "no template fits",
    Sources.MODEL: "the model wrote nothing",
    Sources.REPLAY: "the store has no kernel for it",
}
"""Why an op is undecided if nothing was refused."""


class UndecidableError(HawkError):
    """Nobody found a kernel for an op, and it may not stay on the host."""


Progress = Callable[[str], None]
"""Told in one line what is being done now."""


@dataclass(frozen=True)
class Settings:
    """How to decide. The same settings, store and model give the same kernels."""

    sources: Sources = Sources.ALL
    budget: Budget = field(default_factory=Budget)
    host_fallback: bool = False
    seed: int = 0


@dataclass
class Decider:
    """Decides ops one after the other; what it learns is recorded, and seen by the next compile.

    ``target_given`` is the target as it was asked for, a name or a file: kernels name it so.
    ``author`` is asked for the local model only when an op gets that far.
    """

    target: Target
    target_given: str
    entries: Sequence[Entry]
    composer: Composer
    store: KnowledgeStore
    known: StoreView
    finish: Finish
    author: Callable[[], Author]
    settings: Settings
    progress: Progress = lambda line: None
    run_id: str = field(default_factory=lambda: uuid4().hex[:12])
    _decided: dict[str, Decision] = field(default_factory=dict[str, Decision])

    def decide(self, op: UndecidedOp, name: str) -> Decision:
        """The decision for one op; ``name`` is the symbol its kernels get.

        Raises ``UndecidableError`` if there is none and the op may not stay on the host.
        """
        label = op.label.data if op.label is not None else "op"
        started = time.monotonic()
        if op.host is not None:
            return Decision(label, Source.HOST, None, None, None, 0, 0.0, reason="marked host")
        try:
            specification = specify(op)
        except UnreadableError as error:
            return self.left_undecided(label, None, 0, str(error), started)
        if (before := self._decided.get(specification.digest)) is not None:
            return before
        self.store.record_spec(
            SpecRecord(specification.digest, label, specification.text, op_as_text(op))
        )
        decision = _Attempt(self, op, specification, label, name, started).decide()
        self._decided[specification.digest] = decision
        return decision

    def left_undecided(
        self,
        label: str,
        specification: Specification | None,
        attempts: int,
        reason: str,
        started: float,
        timed_out: bool = False,
    ) -> Decision:
        """The op on the host. Raises ``UndecidableError`` if that is not allowed."""
        if not self.settings.host_fallback:
            raise UndecidableError(f"no kernel for npu.undecided {label!r}: {reason}")
        return Decision(
            label,
            Source.HOST,
            specification,
            None,
            None,
            attempts,
            time.monotonic() - started,
            reason=reason,
            timed_out=timed_out,
        )


class _Attempt:
    """All attempts at one op."""

    def __init__(
        self,
        decider: Decider,
        op: UndecidedOp,
        specification: Specification,
        label: str,
        name: str,
        started: float,
    ) -> None:
        self._decider = decider
        self._specification = specification
        self._label = label
        self._started = started
        self._traps: list[str] = []
        signature = signature_of(specification, name, decider.target_given)
        settings = decider.settings
        self._gate = Gate(
            op, specification, signature, decider.target, settings.seed, decider.finish
        )
        self._signature = signature

    def decide(self) -> Decision:
        sources = self._decider.settings.sources
        found = self._reuse()
        if found is None and sources in (Sources.ALL, Sources.TEMPLATES):
            found = self._from_templates()
        timed_out = False
        if found is None and sources in (Sources.ALL, Sources.MODEL):
            found, timed_out = self._from_model()
        if found is None:
            reason = self._traps[-1] if self._traps else _NOBODY[sources]
            return self._decider.left_undecided(
                self._label,
                self._specification,
                self._gate.checks,
                reason,
                self._started,
                timed_out,
            )
        return found

    def _reuse(self) -> Decision | None:
        """The kernel that was verified before, verified again."""
        decider = self._decider
        key = KernelKey(self._specification.digest, decider.target.name, VERIFIER_VERSION)
        record = decider.known.get_kernel(key)
        if record is None:
            return None
        verdict = self._gate.check(record.text)
        if not verdict.accepted:
            self._traps.append(f"a kernel kept in the store: {verdict.trap_message}")
            decider.store.drop_kernel(key)
            return None
        return self._decision(Source.REUSED, verdict, record.entries, record.source)

    def _from_templates(self) -> Decision | None:
        """The fastest of the first tilings that pass, of the first template that has one."""
        for entry in self._templates():
            composition = self._composition()
            found = candidates(entry, self._specification, composition, self._decider.target)
            best: Verdict | None = None
            used: tuple[str, ...] = ()
            for candidate in found[: self._decider.settings.budget.tilings]:
                self._decider.progress(f"{self._label}: {entry.name} {_sizes(candidate.sizes)}")
                verdict = self._try(candidate.text, Source.TEMPLATE, candidate.entries)
                if verdict.accepted and (best is None or verdict.cycles < best.cycles):
                    best, used = verdict, candidate.entries
            if best is not None:
                return self._keep(Source.TEMPLATE, best, used)
        return None

    def _templates(self) -> list[Entry]:
        return [e for e in self._decider.entries if e.kind is EntryKind.TEMPLATE]

    def _composition(self) -> Composition | None:
        try:
            return self._decider.composer.compose(self._specification)
        except NoInstructionError as error:
            self._traps.append(str(error))
            return None

    def _from_model(self) -> tuple[Decision | None, bool]:
        """The first text of the local model that passes; each trap is in the next question."""
        budget = self._decider.settings.budget
        author = self._decider.author()
        deadline = time.monotonic() + budget.seconds
        session = author.open(self._specification, self._signature, self._decider.settings.seed)
        for attempt in range(budget.attempts):
            left = deadline - time.monotonic()
            if left <= 0:
                self._traps.append(f"the model used up its {budget.seconds:g} s")
                break
            self._decider.progress(f"{self._label}: asking {author.name}")
            draft = session.next(left, budget.attempts - attempt)
            if draft is None:
                break
            verdict = self._gate.check(draft.text) if draft.finished else None
            self._decider.store.record_outcome(
                self._outcome(
                    verdict,
                    Source.MODEL,
                    draft.text,
                    draft.entries,
                    prompt=draft.prompt,
                    model=author.name,
                    seconds=draft.seconds,
                    tokens=draft.tokens,
                )
            )
            if verdict is None:
                self._traps.append("the model did not finish a kernel")
                session.failed(draft.text, "unfinished", "the text did not end")
            elif verdict.accepted:
                return self._keep(Source.MODEL, verdict, draft.entries, author.name), False
            else:
                self._traps.append(verdict.trap_message or "")
                session.failed(draft.text, verdict.trap_code or "", verdict.trap_message or "")
        return None, time.monotonic() >= deadline

    def _try(self, text: str, source: Source, entries: tuple[str, ...]) -> Verdict:
        """One text through the gate, its outcome recorded."""
        started = time.monotonic()
        verdict = self._gate.check(text)
        seconds = time.monotonic() - started
        self._decider.store.record_outcome(
            self._outcome(verdict, source, text, entries, seconds=seconds)
        )
        for name in entries:
            self._decider.store.record_use(name, won=verdict.accepted)
        if not verdict.accepted:
            self._traps.append(verdict.trap_message or "")
        return verdict

    def _outcome(
        self,
        verdict: Verdict | None,
        source: Source,
        text: str,
        entries: tuple[str, ...],
        *,
        seconds: float,
        prompt: tuple[Message, ...] = (),
        model: str | None = None,
        tokens: int = 0,
    ) -> Outcome:
        if verdict is None:
            kind = RecordedVerdict.UNFINISHED
        else:
            kind = RecordedVerdict.ACCEPTED if verdict.accepted else RecordedVerdict.REJECTED
        accepted = verdict is not None and verdict.accepted
        return Outcome(
            run_id=self._decider.run_id,
            spec_hash=self._specification.digest,
            spec_text=self._specification.text,
            target=self._decider.target.name,
            verdict=kind,
            source=str(source),
            kernel_text=text,
            prompt=prompt,
            trap_code=verdict.trap_code if verdict else "unfinished",
            trap_message=verdict.trap_message if verdict else None,
            cycles=verdict.cycles if accepted and verdict else None,
            bottleneck=str(verdict.bottleneck) if accepted and verdict else None,
            entries=entries,
            model=model,
            seed=self._decider.settings.seed,
            seconds=seconds,
            tokens=tokens,
        )

    def _keep(
        self, source: Source, verdict: Verdict, entries: tuple[str, ...], origin: str = ""
    ) -> Decision:
        """The decision, its kernel kept for the next compile."""
        decision = self._decision(source, verdict, entries, origin)
        assert decision.bound is not None
        self._decider.store.put_kernel(
            KernelRecord(
                spec_hash=self._specification.digest,
                target=self._decider.target.name,
                verifier_version=VERIFIER_VERSION,
                text=verdict.text,
                source=origin or str(source),
                cycles=verdict.cycles,
                bound_cycles=decision.bound.cycles,
                bottleneck=str(verdict.bottleneck),
                entries=entries,
            )
        )
        return decision

    def _decision(
        self, source: Source, verdict: Verdict, entries: tuple[str, ...], origin: str
    ) -> Decision:
        return Decision(
            self._label,
            source,
            self._specification,
            verdict,
            bound_of(self._specification, self._decider.target),
            self._gate.checks,
            time.monotonic() - self._started,
            entries,
            origin,
        )


def _sizes(sizes: Mapping[str, int]) -> str:
    return " ".join(f"{axis}:{size}" for axis, size in sizes.items())
