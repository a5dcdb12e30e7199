"""The shorthand in which a kernel model writes: what follows from the operands is left out.

A small model copies numbers badly. In shorthand a kernel text says ``i0 parts 48`` for
``i0 in 0..7168 step 150``, ``x0[i0:, :]`` for ``x0[i0:150, 0:64]``, ``x0[2*i0:]`` for what a step
covers, ``t0[i0//step]`` for the number of a step, ``f32[i0]`` for its length, ``1/140.0`` for
``0.007142857142857143``, and a composite function of the knowledge (``b1 = erf b0``) in one
statement. :meth:`Shorthand.expanded` gives the kernel text that it stands for, line by line;
everything else sees only that.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hawk_xdsl.dialects.kernel_text import KernelTextError, Signature, with_rule
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.lines import Line, line_text
from hawk_xdsl.dialects.kernel_text.rewrite import renamed
from hawk_xdsl.language_model.composites import Composite, Composites, for_results
from hawk_xdsl.language_model.expansion import Expansion
from hawk_xdsl.language_model.literals import Literals
from hawk_xdsl.language_model.shortening import Shortening
from hawk_xdsl.language_model.shorthand_grammar import extensions, with_more
from hawk_xdsl.semantics.steps import is_step_name

NAMES = "[bvi][0-9]{1,2}|p[0-9]|part|once"
"""The names that a text in shorthand defines: buffers, axes, and the templates' own loops."""


@dataclass(frozen=True)
class Shorthand:
    """What the shorthand of one op's kernels leaves out.

    ``axes`` are the extents of the specification's axes, ``shapes`` those of the operands.
    """

    axes: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    composites: Mapping[str, Composite] = field(default_factory=dict[str, Composite])

    @staticmethod
    def of(signature: Signature, axes: Mapping[str, int], composites: Composites) -> "Shorthand":
        """The shorthand of the kernels of a signature."""
        operands = (*signature.inputs, *signature.outputs)
        chosen = for_results(composites, (output.dtype for output in signature.outputs))
        return Shorthand(dict(axes), {o.name: o.shape for o in operands}, chosen)

    def expanded(self, text: str) -> str:
        """The kernel text that a text stands for.

        Raises ``KernelTextError``, with the line of the shorthand, where nothing follows.
        """
        return _as_text(map(line_text, self._expanded(text)))

    def _expanded(self, text: str) -> Iterator[Line]:
        expansion = Expansion(self.axes, self.shapes, self.composites)
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                yield from expansion.lines(line)
            except KernelTextError as error:
                raise KernelTextError(error.message, line=number) from None

    def lines(self, text: str) -> list[Line]:
        """The lines of a text, in which composite functions stay calls. Raises as above."""
        return list(replace(self, composites={})._expanded(text))

    def printed(self, lines: Sequence[Line]) -> list[str]:
        """Each line in shorthand, composite functions aside; together they stand for the same.

        What cannot be said shorter stays as it is.
        """
        printer = Shortening(self.axes, self.shapes, [line for line in lines if line is not None])
        short = [line_text(None) if line is None else printer.line(line) for line in lines]
        whole = list(map(line_text, lines))
        return short if list(map(line_text, self.lines(_as_text(short)))) == whole else whole

    def shortened(self, text: str) -> str:
        """A kernel text in shorthand, composite functions aside; expands to the same text."""
        return _as_text(self.printed(self.lines(text)))

    def grammar(
        self,
        narrowed: str,
        literals: Literals | None = None,
        steps: Collection[str] | None = None,
    ) -> str:
        """A narrowed grammar that accepts shorthand too.

        Of numbers only ``literals`` if given, of names of steps only ``steps``.
        """
        names = NAMES if steps is None else "|".join([NAMES.replace("v", "", 1), *steps])
        text = with_rule(narrowed, "NAME", f"/{names}/")
        for rule in ("loop", "slice", "?term", "length"):
            text = with_more(text, rule, extensions()[rule])
        if literals is None:
            text = with_more(text, "!number", extensions()["!number"])
        else:
            words = "|".join(map(_escaped, literals.floats))
            text = with_rule(text, "FLOAT", f"/{words}/")
            if not literals.whole:
                text = with_rule(text, "number", 'FLOAT | "inf" | "-inf"')
        for rule, count in (("!unary", 1), ("!binary", 2)):
            for name, composite in self.composites.items():
                if composite.arity == count:
                    text = with_more(text, rule, f'"{name}"')
        return text


def _as_text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _escaped(word: str) -> str:
    """A literal in a regular expression of Lark."""
    return "".join(f"\\{sign}" if sign in "./+" else sign for sign in word)


def renumbered(lines: Sequence[Line]) -> list[Line]:
    """The same kernel with its buffers named ``b0, b1, …`` in the order in which they appear.

    Those that have the name of a step keep it. What is easiest to learn is a new buffer that always
    has the next number.
    """
    names: dict[str, str] = {}
    for line in lines:
        if isinstance(line, ast.Assign) and not is_step_name(line.name):
            names.setdefault(line.name, f"b{len(names)}")
    return [None if line is None else renamed(line, names) for line in lines]
