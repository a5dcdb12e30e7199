"""A kernel that shows whether an op can be proved: the one that composition writes first."""

from collections.abc import Sequence

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Witness
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification


def composed_witness(
    composer: Composer, entries: Sequence[Entry], specification: Specification, target: Target
) -> Witness | None:
    """The kernel of the best estimate of the first strategy that fits; ``None`` if none does."""
    try:
        composition = composer.compose(specification)
    except (HawkError, NoInstructionError):
        composition = None
    names = () if composition is None else composition.entries
    for entry in entries:
        if entry.kind is not EntryKind.TEMPLATE:
            continue
        try:
            made = candidates(Request(entry, specification, composition, target))
        except HawkError:
            continue
        if made:
            return Witness(made[0].text, (*names, *made[0].entries))
    return None
