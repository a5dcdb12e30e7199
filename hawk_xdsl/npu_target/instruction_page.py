"""The page of all instructions, from the dialect's table and the tables of targets."""

from collections.abc import Iterator, Sequence

from hawk_xdsl.dialects.npu import INSTRUCTIONS, NPU, TileOp, VectorOp
from hawk_xdsl.npu_target.target import Target

_HEAD = """\
# Instructions

`hawk instructions > docs/instructions.md` writes this page from the table of instructions
(`hawk_xdsl/dialects/npu/instructions.py`) and the targets' files. `docs/npu_model.md` says how they
are modelled, `docs/extending.md` how to add one.

## Vector unit

A TILE is a buffer of ub, or a slice of one. In place: the destination may be exactly one of the
sources.
"""

_DTYPES = """
## Which dtypes a target has them for

A row is one of `[vector.ops]` in a target's file. `_scalar` is the instruction with a number or a
scalar as its second operand. Behind the dtypes: the good bits of an estimate, and the inputs for
which the result is defined.
"""

_OTHERS = """
## Moves, products and scalars

| instruction | unit | does |
|---|---|---|
"""


def instruction_page(targets: Sequence[Target]) -> str:
    """The page in Markdown, with a column of dtypes for each target."""
    return "".join(f"{line}\n" for line in _lines(targets))


def _lines(targets: Sequence[Target]) -> Iterator[str]:
    yield _HEAD
    yield "| instruction | an element of the result | function | in place |"
    yield "|---|---|---|---|"
    for row in INSTRUCTIONS:
        in_place = "yes" if row.in_place else ""
        function = row.computes if row.form.is_elementwise else ""
        cells = (f"`{row.mnemonic} {row.form}`", row.meaning, function, in_place)
        yield f"| {' | '.join(cells)} |"
    yield _DTYPES
    yield f"| row | {' | '.join(target.name for target in targets)} |"
    yield f"|---|{'---|' * len(targets)}"
    for name in (name for row in INSTRUCTIONS for name in row.cost_rows):
        dtypes = [_dtypes(name, target) for target in targets]
        if any(dtypes):
            yield f"| `{name}` | {' | '.join(dtypes)} |"
    yield _OTHERS.rstrip("\n")
    for op in NPU.operations:
        if issubclass(op, TileOp) and not issubclass(op, VectorOp):
            said = (op.__doc__ or "").partition("\n\n")[0]
            yield f"| `{op.name}` | {op.UNIT} | {' '.join(said.split())} |"


def _dtypes(name: str, target: Target) -> str:
    """The dtypes of a row, with the good bits of an estimate or the relations; then the domain."""
    known = target.vector.ops.get(name, {})
    accuracy = target.vector.accuracy.get(name, {})
    said: list[str] = []
    for dtype in known:
        found = accuracy.get(dtype)
        bits = f" ({found.bits:g} bits)" if found is not None and found.bits is not None else ""
        some = target.vector.relations.get(dtype, ()) if name.startswith("vcmp") else ()
        relations = f" ({', '.join(some)})" if some else ""
        said.append(f"{dtype}{bits}{relations}")
    domains = {str(found.domain) for found in accuracy.values() if found.domain is not None}
    return ", ".join(said) + "".join(f"; {domain}" for domain in sorted(domains))
