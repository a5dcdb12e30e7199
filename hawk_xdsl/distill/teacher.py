"""The teacher without a model: composition and search write kernels, the gate decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.parser import Parser

from hawk_xdsl.dialects.kernel_text import Signature
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.distill.erased import erased_key, is_held_out
from hawk_xdsl.distill.lesson import Lesson, Try, renumbered
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.by_template import TemplateProposer
from hawk_xdsl.generation.composing.composition import Composer
from hawk_xdsl.generation.judging.gate import Gate, Verdict, signature_of
from hawk_xdsl.generation.judging.roofline import bound_of
from hawk_xdsl.generation.op_text import op_as_text
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.passes.finishing import finish_kernel
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.structure import structures
from hawk_xdsl.universe import context

SYMBOL = "kernel"


class ChangedLessonError(HawkError):
    """A lesson whose op cannot be decided again."""


@dataclass(frozen=True)
class Case:
    """An op with what it means, and the gate that its kernels must pass."""

    op: UndecidedOp
    specification: Specification
    target: Target
    gate_seed: int = 0

    @staticmethod
    def of(op: UndecidedOp, target: Target) -> "Case":
        """The case of an op. Raises ``UnreadableError``."""
        return Case(op, specify(op), target)

    @staticmethod
    def again(lesson: Lesson) -> "Case":
        """The case of a held-out lesson.

        Raises ``ChangedLessonError`` if the op is not kept, or is specified in other words now.
        """
        if not lesson.op:
            raise ChangedLessonError("only held-out lessons keep their op")
        module = Parser(context(), lesson.op).parse_module()
        op = next(op for op in module.walk() if isinstance(op, UndecidedOp))
        case = Case.of(op, load_target(lesson.target))
        if case.specification.digest != lesson.digest:
            raise ChangedLessonError("made with other specifications: generate anew")
        return case

    @cached_property
    def signature(self) -> Signature:
        """The header of its kernels."""
        return signature_of(self.specification, SYMBOL, self.target.name)

    @cached_property
    def gate(self) -> Gate:
        """The same gate as a compile's."""
        return Gate(
            self.op,
            self.specification,
            self.signature,
            self.target,
            self.gate_seed,
            lambda kernel: finish_kernel(kernel, self.target),
        )

    def tried(self, text: str, source: str) -> Try:
        """A text through the gate."""
        return as_try(self.gate.check(text), source)

    def lesson(self, seed: int, number: int, tries: Iterable[Try]) -> Lesson:
        """What was found out about the op."""
        return Lesson(
            seed=seed,
            number=number,
            target=self.target.name,
            key=erased_key(self.specification),
            digest=self.specification.digest,
            spec=self.specification.text,
            structure=str(structures(self.specification)[0]),
            bound=bound_of(self.specification, self.target).cycles,
            tries=tuple(tries),
            op=op_as_text(self.op) if is_held_out(erased_key(self.specification)) else "",
        )


def as_try(verdict: Verdict, source: str) -> Try:
    """A verdict as it is kept."""
    return Try(
        verdict.text,
        verdict.trap_code,
        (verdict.trap_message or "")[:MESSAGE_LENGTH],
        verdict.cycles,
        source,
    )


WRONG = "wrong-result"
"""What the gate says about a kernel that runs and computes something else."""

LONGEST_KERNEL = 900
"""Characters of a kernel; longer ones are not for so small a model."""

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
        return Composer.of(self.entries, lambda m, dtype: supports(self.target, m, dtype))

    def tries(self, case: Case, tuning: int) -> list[Try]:
        """The kernels it comes up with for an op, in the order tried.

        After the first right one, ``tuning`` more are tried, for a faster one.
        """
        proposer = TemplateProposer(self.entries, self.composer, case.specification, self.target)
        found: list[Try] = []
        seen: set[str] = set()
        left = self.attempts
        while left > 0 and (draft := proposer.next()) is not None:
            text = renumbered(draft.text)
            if draft.trouble is not None or text in seen:
                continue
            if len(text) > LONGEST_KERNEL:
                break
            seen.add(text)
            verdict = case.gate.check(text)
            proposer.learn(draft, verdict)
            found.append(as_try(verdict, str(draft.source)))
            left -= 1
            if verdict.trap_code == WRONG:
                break  # other tile sizes would be as wrong
            if verdict.accepted:
                left = min(left, tuning) if sum(t.right for t in found) > 1 else tuning
        return found
