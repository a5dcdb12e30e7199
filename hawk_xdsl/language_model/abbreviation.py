"""Kernels of templates as a model would write them: in its shorthand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.strategies import candidate_at
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import Signature
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.composites import Composites, composer_with
from hawk_xdsl.language_model.shorthand import Shorthand, renumbered
from hawk_xdsl.npu_target import Target
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.steps import steps_of


@dataclass(frozen=True)
class Abbreviation:
    """Puts the templates' kernels of one op into shorthand, composite functions included."""

    entries: Sequence[Entry]
    specification: Specification
    signature: Signature
    target: Target
    composer: Composer
    composites: Composites

    @cached_property
    def shorthand(self) -> Shorthand:
        """The shorthand of the op's kernels."""
        return Shorthand.of(self.signature, self.specification.axes, self.composites)

    @cached_property
    def _composition(self) -> Composition | None:
        try:
            composer = composer_with(self.shorthand.composites, self.composer)
            return composer.compose(self.specification, steps_of(self.specification).names)
        except (NoInstructionError, HawkError):
            return None

    def short(self, text: str, template: str, schedule: Schedule | None) -> str:
        """A kernel in shorthand; what it stands for may hold other buffers than the kernel.

        A buffer has the name of the step of the specification that it holds the value of.

        Args:
            text: the kernel.
            template: the name of the template that it came from, if it did.
            schedule: what the template's strategy wrote it for.
        """
        lines = self.shorthand.lines(self._with_calls(template, schedule) or text)
        return "".join(f"{line}\n" for line in self.shorthand.printed(renumbered(lines)))

    def _with_calls(self, template: str, schedule: Schedule | None) -> str | None:
        """The same template and schedule, with composite functions as calls."""
        entry = next((e for e in self.entries if e.name == template), None)
        if entry is None or self._composition is None or schedule is None:
            return None
        request = Request(entry, self.specification, self._composition, self.target)
        try:
            made = candidate_at(request, schedule)
        except HawkError:
            return None
        return None if made is None else made.text
