"""Makes entries of what a store has seen: kernels that beat composition, repairs that worked."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from uuid import uuid4

from hawk_xdsl.codegen.learned_template import ELEMENTS, LEARNED_KERNEL, TILE_HOLE
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.verifier import verifier_digest
from hawk_xdsl.ir_text import read_op
from hawk_xdsl.knowledge_store import (
    Action,
    Artifact,
    Curation,
    Entry,
    EntryKind,
    KernelRecord,
    KnowledgeStore,
    SpecRecord,
    TileHole,
    Trigger,
    format_entry,
)
from hawk_xdsl.learning.derivation import UnderivableError, derived
from hawk_xdsl.learning.generalisation import Reading, readings
from hawk_xdsl.learning.repair import repairs
from hawk_xdsl.learning.replay import Effect, Replay
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.options import check_positive
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.resizing import UnresizableError, erased, resized
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.structure import Structure

FASTER = 0.98
"""What part of composition's cycles a kernel takes at most to be worth an entry."""

MOST_ELEMENTS = 1 << 17
"""Points of the loop nest of an op that a generalised kernel is verified on."""


class NotAdmitted(Exception):
    """Why a kernel makes no entry."""


@dataclass
class Synthesizer:
    """Makes entries from a store's kernels and outcomes for one target; adds those that hold."""

    store: KnowledgeStore
    packaged: Sequence[Entry]
    replay: Replay
    seconds: float = 600.0
    dry_run: bool = False
    progress: Callable[[str], None] = lambda line: None
    decided: Callable[[Curation], None] = lambda curation: None

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for a time that is none."""
        check_positive("seconds", self.seconds)

    def run(self, digests: Collection[str] | None = None) -> tuple[Curation, ...]:
        """Looks at what is kept and recorded of all ops, or of some; returns the decisions."""
        self._run_id = f"synthesis-{uuid4().hex[:8]}"
        self._deadline = time.monotonic() + self.seconds
        self._done: list[Curation] = []
        self._target = load_target(self.replay.target)
        self._entries = list(self.store.in_use(self.packaged))
        known = {entry.name for entry in (*self._entries, *self.store.entries())}
        specs = {spec.digest: spec for spec in self.store.specs()}
        wanted = set(specs) if digests is None else set(digests)
        outcomes = [
            outcome
            for outcome in self.store.outcomes()
            if outcome.target == self._target.name and outcome.spec_hash in wanted
        ]
        self._refused = {
            (c.entry, c.evidence) for c in self.store.curations() if c.action is Action.REFUSE
        }
        for repair in repairs(outcomes):
            if repair.name not in known:
                known.add(repair.name)
                self._record(Action.ADMIT, repair, "a repair that worked", {})
        kernels = [k for k in self.store.kernels() if k.spec_hash in wanted and self._valid(k)]
        for number, kernel in enumerate(kernels, start=1):
            self.progress(f"kernel {number} of {len(kernels)}")
            if time.monotonic() > self._deadline:
                self.progress(f"the {self.seconds:g} s are over; the rest was not looked at")
                break
            spec = specs.get(kernel.spec_hash)
            if spec is not None:
                self._from_kernel(kernel, spec, known)
        return tuple(self._done)

    def _valid(self, kernel: KernelRecord) -> bool:
        """Whether it was verified by this code on this target, whatever was known then."""
        valid = (self._target.digest, verifier_digest())
        return (kernel.target_hash, kernel.verifier_hash) == valid

    def _from_kernel(self, kernel: KernelRecord, spec: SpecRecord, known: set[str]) -> None:
        try:
            specification = specify(read_op(spec.op))
            name = f"kernel-{_digest(erased(specification), self._target.name)}"
        except (UnresizableError, UnreadableError, HawkError):
            return
        refusal: Mapping[str, object] = {"kernel": kernel.text}
        if name in known or (name, json.dumps(refusal)) in self._refused:
            return
        plain = self.replay.effect(spec, self._entries)
        if plain.right and kernel.cycles > FASTER * plain.cycles:
            return
        known.add(name)
        draft = Entry(name, EntryKind.TEMPLATE, _rationale(kernel, plain), Trigger(), Artifact())
        try:
            entry, facts = self._generalised(draft, kernel, specification)
        except NotAdmitted as error:
            nothing = Reading(kernel.text, Schedule(LEARNED_KERNEL.name), {})
            draft = _entry(draft, nothing, specification)
            self._record(Action.REFUSE, draft, str(error), refusal)
            return
        self._record(Action.ADMIT, entry, f"verified at {facts['shapes']}", facts)

    def _generalised(
        self, draft: Entry, kernel: KernelRecord, specification: Specification
    ) -> tuple[Entry, Mapping[str, object]]:
        """The first reading of a kernel that holds at other extents. Raises ``NotAdmitted``."""
        others = list(self._others(specification))
        if len(others) < 2:
            raise NotAdmitted("the op cannot be derived at two other sizes")
        reason = "no number of it can be a hole"
        for reading in readings(kernel.text, specification):
            entry = _entry(draft, reading, specification)
            made = candidates(Request(entry, specification, None, self._target))
            if "${" not in reading.text or not made:
                continue
            failed, effects = self._holds(entry, others)
            if not failed:
                facts = {
                    "shapes": "; ".join(_extents(each) for each, _ in others),
                    "effects": [{k: str(v) for k, v in asdict(e).items()} for e in effects],
                    "from": kernel.spec_hash,
                }
                return entry, facts
            reason = failed
        raise NotAdmitted(reason)

    def _holds(
        self, entry: Entry, others: Sequence[tuple[Specification, SpecRecord]]
    ) -> tuple[str, list[Effect]]:
        """Why an entry does not hold at other extents, if so, and what came of it."""
        effects: list[Effect] = []
        for specification, spec in others:
            self.progress(f"{entry.name} at {_extents(specification)}")
            effect = self.replay.effect(spec, [*self._entries, entry])
            if entry.name not in effect.entries:
                return f"not right, or no use, at {_extents(specification)}", effects
            plain = self.replay.effect(spec, self._entries)
            if plain.right and effect.cycles > plain.cycles * 1.01:
                return (
                    f"slower than composition at {_extents(specification)}: "
                    f"{effect.cycles} against {plain.cycles} cycles"
                ), effects
            effects.append(effect)
        return "", effects

    def _others(self, specification: Specification) -> Iterator[tuple[Specification, SpecRecord]]:
        """The same work at other extents, as ops."""
        for extents in other_extents(specification.axes):
            try:
                op, found = derived(resized(specification, extents), "derived")
            except (UnresizableError, UnderivableError):
                continue
            if erased(found) == erased(specification):
                yield found, SpecRecord(found.digest, "derived", found.text, op_as_text(op))

    def _record(
        self, action: Action, entry: Entry, reason: str, facts: Mapping[str, object]
    ) -> None:
        curation = Curation(
            action, entry.name, format_entry(entry), reason, self._run_id, json.dumps(facts)
        )
        if not self.dry_run:
            if action is Action.ADMIT:
                self.store.add_entry(entry)
            self.store.curate(curation)
        if action is Action.ADMIT:
            self._entries.append(entry)
        self._done.append(curation)
        self.decided(curation)


def other_extents(axes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Extents near those of an op, all different, of which the second and third are ragged."""
    small = dict(axes)
    while prod(small.values()) > MOST_ELEMENTS:
        longest = max(small, key=lambda axis: small[axis])
        small[longest] = -(-small[longest] // 2)
    for change in (
        lambda n: n // 2 // 8 * 8 if n >= 32 else n + 1,
        lambda n: (n * 3 // 4) | 1 if n >= 16 else n + 2,
        lambda n: (n * 5 // 8 + 2) | 1 if n >= 16 else max(2, n - 1),
    ):
        taken: set[int] = set()
        extents: dict[str, int] = {}
        for axis, size in small.items():
            wanted = change(size)
            while wanted in taken or wanted == axes[axis]:
                wanted += 8 if wanted % 8 == 0 else 2
            taken.add(wanted)
            extents[axis] = wanted
        yield extents


def _entry(draft: Entry, reading: Reading, specification: Specification) -> Entry:
    """The entry of a reading; its tile sizes are those of the kernel that it was made of."""
    tiles = tuple(TileHole(f"{TILE_HOLE}{axis}", (size,)) for axis, size in reading.schedule.tile)
    limits = (TileHole(ELEMENTS, (_largest(reading, specification),)),) if tiles else ()
    dtypes = tuple(sorted({operand.dtype for operand in specification.operands}))
    trigger = Trigger(str(Structure.KERNEL), specification.functions(), dtypes)
    artifact = Artifact(text=reading.text, before=erased(specification))
    return Entry(draft.name, draft.kind, draft.rationale, trigger, artifact, (*tiles, *limits))


def _largest(reading: Reading, specification: Specification) -> int:
    """The elements of a tile of the kernel that a reading was made of."""
    whole = prod(specification.axes.values()) // max(1, prod(reading.trips.values()))
    return max(1, whole) * prod(reading.schedule.sizes.values())


def _rationale(kernel: KernelRecord, plain: Effect) -> str:
    by = f"{plain.cycles} cycles" if plain.right else "nothing right"
    return (
        f"A kernel by {kernel.source} for {kernel.spec_hash} of {kernel.cycles} simulated cycles, "
        f"where composition has {by}, generalised to other extents and verified there."
    )


def _extents(specification: Specification) -> str:
    return "×".join(str(size) for size in specification.axes.values())


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
