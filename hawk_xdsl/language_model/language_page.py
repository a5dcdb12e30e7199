"""The kernel language on one page, for a model that was not trained on it."""

from functools import cache
from importlib.resources import files
from string import Template

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.dialects.npu.instructions import INSTRUCTIONS, KINDS, InstructionRow
from hawk_xdsl.npu_target import Target


def language_page(target: Target) -> str:
    """How kernels are written in shorthand, and every instruction that a target has.

    The instructions are those of the table; what is written about them is the table's.
    """
    rows = [row for row in INSTRUCTIONS if any(cost in target.vector.ops for cost in row.cost_rows)]
    grouped: dict[str, list[InstructionRow]] = {}
    for row in rows:
        grouped.setdefault(str(row.form), []).append(row)
    lines = [
        f"- NAME = {'|'.join(row.mnemonic for row in group)} {form}{_words(group[0])}"
        for form, group in grouped.items()
    ]
    memory = target.space(Role.VECTOR)
    page = Template(_page()).substitute(statements="\n".join(lines), memory=memory)
    return page.strip("\n")


def _words(row: InstructionRow) -> str:
    """The words that a form chooses from."""
    kinds = KINDS.get(row.form)
    return "" if kinds is None else f" ({', '.join(kinds)})"


@cache
def _page() -> str:
    return (files("hawk_xdsl.language_model") / "language_page.txt").read_text(encoding="utf-8")
