"""Judges a kernel text line by line, as the builder, the verifiers and the target see it."""

from collections.abc import Callable, Sequence

from hawk_xdsl.dialects.kernel_text import KernelTextError, PrefixBuilder, Signature
from hawk_xdsl.language_model.sampling import Judge
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.legality import objection


class LineJudge:
    """A judge of one text; it keeps what it has built of it."""

    def __init__(self, signature: Signature, target: Target) -> None:
        self._signature = signature
        self._target = target
        self._lines: list[str] = []
        self._built = self._empty()

    def __call__(self, lines: Sequence[str], *, ended: bool) -> str | None:
        """See :class:`Judge`."""
        try:
            self._reach(lines)
            if ended:
                self._built.finish()
        except KernelTextError as error:
            return error.message
        return None

    def _reach(self, lines: Sequence[str]) -> None:
        if self._lines != list(lines[: len(self._lines)]):
            self._lines.clear()
            self._built = self._empty()
        for line in lines[len(self._lines) :]:
            self._built.append(line)
            self._lines.append(line)

    def _empty(self) -> PrefixBuilder:
        return PrefixBuilder(
            self._signature,
            lambda core: max(1, self._target.cores[core]),
            lambda op, core: objection(op, core, self._target),
        )


def line_judges(signature: Signature, target: Target) -> Callable[[], Judge]:
    """Makes a judge for each text of an op."""

    def judge() -> Judge:
        return LineJudge(signature, target)

    return judge


def shorthand_judges(shorthand: Shorthand, judges: Callable[[], Judge]) -> Callable[[], Judge]:
    """Judges of texts in shorthand, by what they stand for."""

    def made() -> Judge:
        judge = judges()

        def judged(lines: Sequence[str], *, ended: bool) -> str | None:
            try:
                text = shorthand.expanded("".join(f"{line}\n" for line in lines))
            except KernelTextError as error:
                return error.message
            return judge(text.splitlines(), ended=ended)

        return judged

    return made
