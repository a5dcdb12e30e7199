"""The inputs a kernel is tried on and what it must give: the region's own reference, in float64."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.op_features import Features, literals_of
from hawk_xdsl.gate.tolerance import Expected
from hawk_xdsl.gate.trial_drawn import Drawn
from hawk_xdsl.gate.trial_literals import with_middles
from hawk_xdsl.gate.trial_purposes import purposes_of, purposes_of_literals, special_purposes
from hawk_xdsl.gate.trial_rows import Purpose
from hawk_xdsl.reference.evaluate import evaluate_region
from hawk_xdsl.reference.value_types import Precision

PROVED = frozenset({"ties", "marks"})
"""Purposes of trials that a certificate makes needless."""

LITERALS_AT_ONCE = 8
"""Literals of a kernel that one set of trials is for."""

MOST_PARTS = 64
OWN_TRIALS = 1000
"""The number of the first trial that is for one kernel; it seeds the inputs."""


@dataclass(frozen=True)
class Trial:
    """One set of inputs with what each result must be, in the shapes of the op's tensors."""

    name: str
    inputs: tuple[Array, ...]
    expected: tuple[Expected, ...]

    def mistake(self, outputs: Sequence[Array]) -> str | None:
        """What is wrong with a kernel's outputs, as one line, or ``None``."""
        for position, (given, expected) in enumerate(zip(outputs, self.expected, strict=True)):
            found = expected.mistake(given.reshape(expected.declared.shape))
            if found is not None:
                return f"result {position} on {self.name} inputs: {found}"
        return None


class Trials:
    """The trials of one undecided op, each made when first needed, the same for the same seed.

    ``ranges`` are those that inputs of the op are confined to, by number.
    """

    def __init__(
        self,
        op: UndecidedOp,
        digest: str,
        seed: int,
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self._op = op
        self._ranges = ranges
        self._seed = int.from_bytes(hashlib.sha256(f"{digest}:{seed}".encode()).digest()[:8], "big")
        self._made: dict[int, Trial] = {}
        self._special: dict[int, Trial] = {}

    @cached_property
    def _purposes(self) -> tuple[Purpose, ...]:
        return purposes_of(self._op)

    def __len__(self) -> int:
        return len(self._purposes)

    def __getitem__(self, number: int) -> Trial:
        if number not in self._made:
            self._made[number] = self._make(number, self._purposes[number])
        return self._made[number]

    def __iter__(self) -> Iterator[Trial]:
        """The trials, the most ordinary inputs first: one that fails needs no later ones."""
        return (self[number] for number in range(len(self)))

    def beyond_proofs(self) -> Iterator[tuple[int, Trial]]:
        """The trials after the first of what no certificate speaks of: roundings and specials.

        Which elements count, and which of equal ones, it does.
        """
        for number, purpose in enumerate(self._purposes):
            if number and purpose.name not in PROVED:
                yield number, self[number]

    def doubt(self, *, proved: bool = False) -> str | None:
        """Why these trials prove nothing, as one line.

        A result is nowhere a finite number that is judged, or the same number everywhere, even for
        NaN, although the region computes it from its inputs. What is ``proved`` may be the same
        everywhere, and those of its trials that were made are looked at first.
        """
        if proved and self._doubt_about(list(self._made.values()), proved=True) is None:
            return None
        return self._doubt_about(list(self), proved=proved)

    def _doubt_about(self, trials: Sequence[Trial], *, proved: bool) -> str | None:
        features = Features(self._op)
        for position, _ in enumerate(self._op.results):
            seen = [trial.expected[position] for trial in trials]
            if not any(expected.declared.size for expected in seen):
                continue
            values = [np.asarray(e.exact, np.float64)[e.judged] for e in seen]
            finite = np.concatenate([found[np.isfinite(found)] for found in values])
            if not finite.size:
                return f"result {position} has no finite element on any of the inputs tried"
            if proved:
                continue
            same = all(np.array_equal(found, np.full_like(found, finite[0])) for found in values)
            if same and finite.size > 1 and features.depends_on_inputs(position):
                return f"result {position} is {finite[0]:g} on all of the inputs tried"
        return None

    def of_kernel(self, literals: Collection[float]) -> Iterator[Trial]:
        """Trials of a kernel that nothing is proved of: where a mistake would hide.

        On each special value in each input alone, and on the kernel's own literals, which are not
        the op's.
        """
        for number, purpose in enumerate(special_purposes(self._op)):
            if number not in self._special:
                self._special[number] = self._make(OWN_TRIALS - 1 - number, purpose)
            yield self._special[number]
        own = sorted(number for number in literals if np.isfinite(number))
        own = with_middles([number for number in own if number not in self._literals])
        for start in range(0, len(own), LITERALS_AT_ONCE):
            chosen = tuple(own[start : start + LITERALS_AT_ONCE])
            for number, purpose in enumerate(purposes_of_literals(self._op, chosen)):
                yield self._make(start * MOST_PARTS + number + OWN_TRIALS, purpose, chosen)

    @cached_property
    def _literals(self) -> frozenset[float]:
        return frozenset(literals_of(self._op))

    def _make(self, number: int, purpose: Purpose, literals: tuple[float, ...] = ()) -> Trial:
        drawn = Drawn(self._op, purpose, [self._seed, number], self._ranges, literals)
        declared = evaluate_region(self._op.body, drawn.inputs, Precision.DECLARED)
        expected = tuple(
            Expected(judged.value, result, judged.error, partial(drawn.endless_error, position))
            for position, (judged, result) in enumerate(zip(drawn.judged, declared, strict=True))
        )
        name = f"kernel's {purpose}" if literals else str(purpose)
        return Trial(name, drawn.inputs, expected)
