"""Which names of a stage are truth values that stay bits: see ``npu_target.masks``."""

from collections.abc import Iterator, Sequence

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import names, statements

LOGIC = ("vand", "vor", "vnot")


def bit_masks(body: Sequence[ast.Statement]) -> frozenset[str]:
    """The names that are written by comparisons and logic only, and read by selections only."""
    nodes = list(statements(body))
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    if not any(isinstance(node.value, ast.Compare) for node in assigned):
        return frozenset()
    bytes_ = {name for node in assigned for name in _as_bytes(node)}
    bytes_ |= {name for node in nodes if isinstance(node, ast.Store) for name in names(node.source)}
    logic = [set(_named(node)) for node in assigned if node.value.mnemonic in LOGIC]
    compared = {node.name for node in assigned if isinstance(node.value, ast.Compare)}
    made = compared | {node.name for node in assigned if node.value.mnemonic in LOGIC}
    bytes_ |= {name for group in logic for name in group if name not in made}
    while joined := [group for group in logic if group & bytes_ and not group <= bytes_]:
        bytes_ = bytes_.union(*joined)
    return frozenset(made - bytes_)


def _named(node: ast.Assign) -> Iterator[str]:
    """A statement's result and operands."""
    yield node.name
    yield from names(node.value)


def _as_bytes(node: ast.Assign) -> Iterator[str]:
    """The names that a statement reads, or writes, otherwise than as bits."""
    value = node.value
    if value.mnemonic in LOGIC:
        return
    if not isinstance(value, ast.Compare):
        yield node.name
    if isinstance(value, ast.Elementwise) and value.mnemonic == "vsel":
        condition, *values = value.operands
        whole = isinstance(condition, ast.Tile) and condition.slices is None
        yield from names(*values, *([] if whole else [condition]))
    else:
        yield from names(value)
