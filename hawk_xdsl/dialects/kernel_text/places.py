"""What a target declares that a kernel text can name: memory spaces and kinds of cores."""

from collections.abc import Collection
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Core, Role, Scope

VECTOR_WORD = "vector"
"""The word for the kind of core that has the vector unit, on every target."""

MATRIX_WORD = "cube"
"""The word for the kind of core that has the matrix unit, on every target."""

MIXED_WORD = str(Core.MIXED)
"""The word for a kernel with a body for each of several kinds of cores."""

_NAMED = (Role.VECTOR, Role.MATRIX, Role.ACCUMULATOR)

UB, L1, L0C = (role.word for role in _NAMED)
"""The words for the memory of the vector unit, of the matrix unit's factors, of its results."""

PLACE_WORDS = (VECTOR_WORD, MATRIX_WORD, *(role.word for role in _NAMED))
"""The words for places that every target understands."""


@dataclass(frozen=True)
class Places:
    """The memory spaces and kinds of cores of a target, by the names that a text can use.

    A text may use the target's own names, or the words for their roles, which every target
    understands: ``load x[0:8, 0:64] into spm`` is ``… into ub`` where ``spm`` holds vector tiles.

    Attributes:
        spaces: the memory spaces of the cores.
        vector_core: the kind of core that has the vector unit.
        matrix_core: the kind of core that has the matrix unit.
        vector_cores: how many vector cores work on a block of a mixed kernel, beside one of the
            other kind.
    """

    spaces: tuple[Scope, ...] = (Scope.UB, Scope.L1, Scope.L0C)
    vector_core: Core = Core.VECTOR
    matrix_core: Core = Core.CUBE
    vector_cores: int = 2

    def space(self, name: str) -> Scope | None:
        """The memory space of a name or a role's word; ``None`` if there is none."""
        for scope in self.spaces:
            if scope.name == name:
                return scope
        for role in _NAMED:
            if role.word == name:
                return next((scope for scope in self.spaces if scope.has(role)), None)
        return None

    def core(self, name: str) -> Core | None:
        """The kind of core of a name or a unit's word; ``None`` if there is none."""
        if name in (self.vector_core, self.matrix_core):
            return Core(name)
        return {VECTOR_WORD: self.vector_core, MATRIX_WORD: self.matrix_core}.get(name)

    def cores_a_block(self, core: Core) -> int:
        """How many cores of a kind work on one block of a mixed kernel."""
        return self.vector_cores if core == self.vector_core else 1

    def space_names(self, *roles: Role) -> list[str]:
        """The names and words of the memory spaces that play one of the roles, words first."""
        words = [role.word for role in roles if any(scope.has(role) for scope in self.spaces)]
        names = [scope.name for scope in self.spaces if scope.has(*roles)]
        return _unique([*words, *names])

    def core_names(self) -> list[str]:
        """The names and words of the kinds of cores, words first."""
        return _unique([MATRIX_WORD, VECTOR_WORD, self.matrix_core, self.vector_core])


def _unique(names: Collection[str]) -> list[str]:
    return [str(name) for name in dict.fromkeys(names)]
