"""What a strategy is: the structures it works for, and its search space for one op."""

from dataclasses import dataclass
from typing import Protocol

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.search_space import SearchSpace
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure


@dataclass(frozen=True)
class Request:
    """What a kernel is wanted for.

    Attributes:
        entry: the template that asks: its constraints hold for every schedule.
        specification: what to compute.
        composition: the same as rewrites and instructions have it; ``None`` where they do not know
            how.
        target: for which target.
    """

    entry: Entry
    specification: Specification
    composition: Composition | None
    target: Target


class Strategy(Protocol):
    """A way to make loop nests. Template entries name it in ``artifact.strategy``."""

    @property
    def name(self) -> str:
        """As entries and schedules call it."""
        ...

    @property
    def structures(self) -> frozenset[Structure]:
        """What an entry's ``trigger.structure`` may be that names this strategy."""
        ...

    def check(self, entry: Entry) -> None:
        """Raises ``HawkError`` for an entry that has a constraint which the strategy ignores."""
        ...

    def space(self, request: Request) -> SearchSpace | None:
        """What it may choose; ``None`` where it makes no kernel of such a specification."""
        ...


def wrong_entry(entry: Entry, message: str) -> HawkError:
    """The error that a template entry gives, at the line that it stands on."""
    return HawkError(f"template {entry.name}: {message}", file=entry.origin or None)
