"""Which trials an op and a kernel of it have, each with its purpose."""

from math import inf

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_inputs import ROWS_A_KIND, Drawer, kinds_of
from hawk_xdsl.gate.trial_literals import SPECIALS
from hawk_xdsl.gate.trial_rows import ORDINARY, Purpose

MOST_SPECIAL_TRIALS = 18
"""Trials of special values that a kernel without a certificate has at most."""


def purposes_of(op: UndecidedOp) -> tuple[Purpose, ...]:
    """What an op is tried for, the most ordinary first."""
    drawer = Drawer(Features(op))
    if not any(source.rows.count * source.rows.length for source in drawer.sources):
        return (ORDINARY,)
    purposes = [ORDINARY]
    kinds = kinds_of(drawer.features)
    most = max((s.rows.count for s in drawer.sources if s.is_float), default=inf)
    if most >= ROWS_A_KIND * len(kinds):
        purposes.append(Purpose("mixed"))
    else:
        purposes.extend(Purpose(kind) for kind in kinds)
    purposes.extend(Purpose("edges", part) for part in range(drawer.edge_parts()))
    purposes.append(Purpose("ties"))
    reduced = [source.rows for source in drawer.sources if source.rows.length > 1]
    if reduced:
        few = max(rows.count for rows in reduced) < ROWS_A_KIND
        purposes.extend(Purpose("marks", part) for part in range(2 if few else 1))
    return tuple(purposes)


def purposes_of_literals(op: UndecidedOp, literals: tuple[float, ...]) -> tuple[Purpose, ...]:
    """What a kernel with literals of its own is tried for beyond that."""
    drawer = Drawer(Features(op, literals))
    few = min((s.rows.count for s in drawer.sources), default=0) < ROWS_A_KIND * len(literals)
    full = range(len(literals) if few else 1)
    lone = range(len(drawer.sources) * len(full))
    return (
        *(Purpose("edges", part) for part in range(drawer.edge_parts())),
        *(Purpose("full", part) for part in full),
        *(Purpose("lone", part) for part in lone),
    )


def special_purposes(op: UndecidedOp) -> tuple[Purpose, ...]:
    """Each special value in each input alone."""
    floats = [n for n, source in enumerate(Drawer(Features(op)).sources) if source.is_float]
    given = [n * len(SPECIALS) + which for n in floats for which in range(len(SPECIALS))]
    return tuple(Purpose("special", part) for part in given[:MOST_SPECIAL_TRIALS])
