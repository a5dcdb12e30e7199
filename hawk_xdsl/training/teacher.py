"""The teacher without a model: composition and search write kernels, the gate decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import KernelTextError, Signature
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.ir_text import read_op
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.abbreviation import Abbreviation
from hawk_xdsl.language_model.composites import Composite, Composites, composites_of
from hawk_xdsl.language_model.literals import known_floats
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.npu_target import Target, available_targets, load_target
from hawk_xdsl.propose.templates import TemplateProposer
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.semantics.structure import structures
from hawk_xdsl.training.erased import erased_key, is_held_out
from hawk_xdsl.training.lesson import Lesson, Try

SYMBOL = "kernel"


class ChangedLessonError(HawkError):
    """A lesson whose op cannot be decided again."""


@dataclass(frozen=True)
class GatedOp:
    """An op with what it means, and the gate that its kernels must pass."""

    op: UndecidedOp
    specification: Specification
    target: Target
    composites: Composites = field(default_factory=dict[str, Mapping[str, Composite]])
    floats: Sequence[str] = ()
    gate_seed: int = 0

    @staticmethod
    def of(op: UndecidedOp, teacher: "Teacher") -> "GatedOp":
        """The case of an op for a teacher's target. Raises ``UnreadableError``."""
        return GatedOp(op, specify(op), teacher.target, teacher.composites, teacher.floats)

    @staticmethod
    def again(lesson: Lesson, teacher: "Teacher") -> "GatedOp":
        """The case of a held-out lesson of a teacher's target.

        Raises ``ChangedLessonError`` if the op is not kept, or is specified in other words now.
        """
        if not lesson.op:
            raise ChangedLessonError("only held-out lessons keep their op")
        case = GatedOp.of(read_op(lesson.op), teacher)
        if case.specification.digest != lesson.digest:
            raise ChangedLessonError("made with other specifications: generate anew")
        return case

    @cached_property
    def signature(self) -> Signature:
        """The header of its kernels."""
        return signature_of(self.specification, SYMBOL, self.target.name, self.target.places)

    @cached_property
    def gate(self) -> Gate:
        """The same gate as a compile's."""
        return Gate(
            self.op,
            self.specification,
            self.signature,
            self.target,
            self.gate_seed,
        )

    @cached_property
    def shorthand(self) -> Shorthand:
        """The shorthand of its kernels."""
        return Shorthand.of(self.signature, self.specification.axes, self.composites)

    def tried(self, short: str, source: str) -> Try:
        """A text in shorthand through the gate."""
        try:
            text = self.shorthand.expanded(short)
        except KernelTextError as error:
            return Try("", "syntax", error.message, 0, source, short)
        return as_try(self.gate.check(text), source, short)

    def lesson(self, seed: int, number: int, tries: Iterable[Try]) -> Lesson:
        """What was found out about the op."""
        return Lesson(
            seed=seed,
            number=number,
            target=self.target.name,
            key=erased_key(self.specification),
            digest=self.specification.digest,
            spec=self.specification.text,
            steps=steps_of(self.specification).text,
            structure=str(structures(self.specification)[0]),
            bound=bound_of(self.specification, self.target).cycles,
            tries=tuple(tries),
            op=op_as_text(self.op) if is_held_out(erased_key(self.specification)) else "",
        )


def as_try(verdict: Verdict, source: str, short: str) -> Try:
    """A verdict as it is kept."""
    return Try(
        verdict.text,
        verdict.trap_code,
        (verdict.trap_message or "")[:MESSAGE_LENGTH],
        verdict.cycles,
        source,
        short,
    )


WRONG = "wrong-result"
"""What the gate says about a kernel that runs and computes something else."""

LONGEST_KERNEL = 700
"""Characters of a kernel in shorthand; longer ones are not for so small a model."""

MESSAGE_LENGTH = 200
"""Characters of a trap's message that a lesson keeps."""


@dataclass(frozen=True)
class Teacher:
    """Knowledge and a target: composition proposes kernels, best estimate first.

    At most ``attempts`` kernels of an op are tried until one is right.
    """

    entries: Sequence[Entry]
    target: Target
    attempts: int = 3

    @staticmethod
    def of(entries: Sequence[Entry], target: str, attempts: int = 3) -> "Teacher":
        """A teacher for a target, by its name or file. Raises ``HawkError``."""
        return Teacher(entries, load_target(target), attempts)

    @cached_property
    def composer(self) -> Composer:
        """The rewrites and instructions of its knowledge."""
        return Composer.for_target(self.entries, self.target)

    @cached_property
    def composites(self) -> Composites:
        """The composite functions that its knowledge defines."""
        return composites_of(self.entries, self.composer, self.target)

    @cached_property
    def floats(self) -> Sequence[str]:
        """The floats that its knowledge writes."""
        return known_floats(self.entries)

    def tries(self, case: GatedOp, tuning: int) -> list[Try]:
        """The kernels it comes up with for an op, in the order tried.

        After the first right one, ``tuning`` more are tried, for a faster one.
        """
        specification, target = case.specification, self.target
        proposer = TemplateProposer(self.entries, self.composer, specification, target)
        abbreviation = Abbreviation(
            self.entries, specification, case.signature, target, self.composer, self.composites
        )
        found: list[Try] = []
        seen: set[str] = set()
        left = self.attempts
        while left > 0 and (draft := proposer.next()) is not None:
            if draft.failure is not None:
                continue
            template = draft.entries[0] if draft.entries else ""
            short = abbreviation.short(draft.text, template, draft.schedule)
            if short in seen:
                continue
            if len(short) > LONGEST_KERNEL:
                break
            seen.add(short)
            verdict = case.gate.check(case.shorthand.expanded(short))
            proposer.learn(draft, verdict)
            found.append(as_try(verdict, str(draft.source), short))
            left -= 1
            if verdict.trap_code == WRONG:
                break  # other tile sizes would be as wrong
            if verdict.accepted:
                left = min(left, tuning) if sum(t.right for t in found) > 1 else tuning
        return found


class Teachers(dict[str, Teacher]):
    """A teacher for each target that is asked for by its name, all with the same knowledge.

    ``targets`` are names or files; other targets are those of the package.
    """

    def __init__(self, entries: Sequence[Entry], targets: Iterable[str] = ()) -> None:
        super().__init__()
        self.entries = entries
        for given in targets:
            teacher = Teacher.of(entries, given)
            self[teacher.target.name] = teacher

    def __missing__(self, target: str) -> Teacher:
        if target not in available_targets():
            raise HawkError(f"there are lessons for {target}: give its file with --target")
        self[target] = Teacher.of(self.entries, target)
        return self[target]
