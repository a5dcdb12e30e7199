"""Checks a rewrite: what composition makes of its replacement against what is replaced.

The replacement is composed as in a kernel (in f32 where a narrow float would be rounded twice, with
all other rewrites applied), run with the simulator's functions, and compared with the meaning of
what is replaced, in float64. Estimates are run every way that they may be off.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.dialects.dtype import CONDITION, FLOATS, INTEGERS, Array, DType
from hawk_xdsl.entry_check.composed import NotElementwiseError, computed
from hawk_xdsl.entry_check.identity import no_identity
from hawk_xdsl.entry_check.instances import Instance, instances
from hawk_xdsl.entry_check.meaning import NoMeaningError, meaning
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Artifact, Entry, EntryKind
from hawk_xdsl.knowledge_store.error_bound import ErrorBound
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.approximation import EVERY_WAY, FILLERS, Approximation

QUICK = 1 << 12
"""Values of f32, or combinations of several variables, that are tried where time counts."""

THOROUGH = 1 << 20
"""The same where it does not."""


@dataclass(frozen=True)
class MeasuredError:
    """The worst that was found of an entry at operands of one dtype.

    ``share`` is the error as a part of what the entry claims (more than 1 contradicts it);
    ``absolute``, ``relative`` and ``ulp`` are those of the same place, and ``inputs`` say where.
    """

    dtype: str
    share: float
    absolute: float
    relative: float
    ulp: float
    inputs: str
    given: float
    right: float


@dataclass(frozen=True)
class Finding:
    """What a check found: the worst by dtype; ``unchecked`` says why there is nothing.

    ``unlike`` says why it is no identity, if it claims to be one.
    """

    entry: Entry
    measured: tuple[MeasuredError, ...] = ()
    unchecked: str = ""
    unlike: str = ""

    @property
    def worst(self) -> MeasuredError | None:
        """The worst of all dtypes."""
        return max(self.measured, key=lambda found: found.share, default=None)

    @property
    def contradicted(self) -> bool:
        """Whether something is further off than the entry claims, or it is no identity."""
        return bool(self.unlike) or (self.worst is not None and self.worst.share > 1)


def contradiction(finding: Finding) -> str | None:
    """Why an entry cannot be admitted, as one line with the input that shows it."""
    worst = finding.worst
    if finding.unlike:
        return f"entry {finding.entry.name!r} claims to be an identity, but {finding.unlike}"
    if worst is None or not finding.contradicted:
        return None
    return (
        f"entry {finding.entry.name!r} claims {finding.entry.artifact.error or ErrorBound()}, but "
        f"gives {worst.given:.9g} instead of {worst.right:.9g} at {worst.inputs} in {worst.dtype}"
    )


def check_entry(entry: Entry, composer: Composer, target: Target, size: int = QUICK) -> Finding:
    """Measure a rewrite entry.

    Args:
        entry: what is checked; of another kind nothing is.
        composer: the rewrites and instructions that its replacement is composed with.
        target: says which instructions are estimates.
        size: how many values of f32, and how many combinations of several variables.

    Raises:
        HawkError: for a pattern that does not parse.
    """
    if entry.kind is not EntryKind.REWRITE:
        return Finding(entry, unchecked=f"a {entry.kind} computes nothing by itself")
    [rule] = Composer.of([entry], lambda mnemonic, dtype: False).rules
    if rule.before.op.startswith("_"):
        return Finding(entry, unchecked="a part of others, checked with them")
    measured: list[MeasuredError] = []
    why = "no instance of it"
    for dtype in _dtypes(entry):
        worst: MeasuredError | None = None
        for instance in instances(rule, dtype, size):
            try:
                right, declared = (
                    meaning(instance.before, instance.values, declared=rounded)
                    for rounded in (False, True)
                )
                for given in _given(composer.compose(instance.after), instance, target):
                    found = _measured(instance, given, (right, declared), entry.artifact)
                    worst = found if worst is None or found.share > worst.share else worst
            except NoMeaningError as error:
                why = f"no meaning is known of {error}"
            except (NoInstructionError, NotElementwiseError) as error:
                why = str(error)
            except HawkError as error:
                why = error.message
        if worst is not None:
            measured.append(worst)
    unlike = no_identity(rule, entry.artifact, size) if entry.artifact.identity else None
    return Finding(entry, tuple(measured), "" if measured else why, unlike or "")


def _dtypes(entry: Entry) -> tuple[str, ...]:
    when = entry.trigger
    if when.results or when.operands:
        return when.results or when.operands
    kept = tuple(dtype for dtype in when.dtypes if dtype != CONDITION)
    return kept or (*FLOATS, *(() if when.dtypes else INTEGERS))


def _given(composition: Composition, instance: Instance, target: Target) -> Iterator[Array]:
    """What the composition gives, for each way in which something is left open."""
    rows = target.vector.accuracy
    used = {instruction.mnemonic for instruction, _ in composition.chosen.values()} & set(rows)
    estimates = any(spec.bits is not None for name in used for spec in rows[name].values())
    for way in EVERY_WAY if estimates else EVERY_WAY[:1]:
        for filler in FILLERS if used else FILLERS[:1]:
            yield computed(composition, instance.values, target, Approximation(way, filler))


def _measured(
    instance: Instance, given: Array, wanted: tuple[Array, Array], artifact: Artifact
) -> MeasuredError:
    """The worst element; ``wanted`` are the exact values and those of the declared dtypes."""
    claimed = artifact.error or ErrorBound()
    given, right, declared = (array.reshape(-1) for array in np.broadcast_arrays(given, *wanted))
    wide, exact = given.astype(np.float64), right.astype(np.float64)
    with np.errstate(all="ignore"):
        off = np.abs(wide - exact)
        if instance.before.dtype in FLOATS:
            dtype = DType(instance.before.dtype).numpy
            unit = _spacing(exact, np.dtype(np.float32))
            share = _shares(wide, exact, dtype, claimed)
            share = np.where((wide == declared) | (np.isnan(wide) & np.isnan(declared)), 0.0, share)
        else:
            share, unit = np.where(off == 0, 0.0, np.inf), np.ones_like(off)
        if artifact.outside:
            share = np.where(np.isnan(wide) & _outside(instance, artifact).reshape(-1), 0.0, share)
        off = np.where((share == 0) & ~np.isfinite(off), 0.0, off)
        place = int(np.argmax(share))
        relative = off[place] / np.abs(exact[place])
    size = next(iter(instance.values.values())).size
    return MeasuredError(
        instance.dtype,
        float(share[place]),
        float(off[place]),
        float(relative) if off[place] else 0.0,
        float(off[place] / unit[place]),
        instance.at(place if size == right.size else place * (size // right.size)),
        float(wide[place]),
        float(exact[place]),
    )


def _outside(instance: Instance, artifact: Artifact) -> Array:
    """Where some variable is outside of its domain."""
    found = np.zeros(next(iter(instance.values.values())).shape, np.bool_)
    for name, (low, high) in artifact.domain:
        if name in instance.values:
            wide = instance.values[name].astype(np.float64)
            found |= ~((wide >= low) & (wide <= high))
    return found


def _shares(given: Array, right: Array, kind: np.dtype[np.generic], claimed: ErrorBound) -> Array:
    """Errors as parts of what is claimed; the rounding of the result comes on top of that."""
    unit = _spacing(right, np.dtype(np.float32))
    bound = claimed.absolute + claimed.relative * np.abs(right) + claimed.ulp * unit
    # The meaning itself is rounded to float64.
    bound = bound + (0.5 + 2.0**-20) * _spacing(right, kind)
    rounded = right.astype(kind).astype(np.float64)
    largest = float(ml_dtypes.finfo(kind).max)
    same = (given == rounded) | (np.isnan(given) & np.isnan(rounded))
    at_end = np.isinf(given) & (given * right > 0) & (np.abs(right) + bound >= largest)
    share = np.full(right.shape, np.inf) if claimed.exact else np.abs(given - right) / bound
    share = np.where(same | at_end, 0.0, share)
    return np.where(np.isnan(share), np.inf, share)


def _spacing(values: Array, kind: np.dtype[np.generic]) -> Array:
    """The distance of neighbours of a float dtype around values of float64."""
    limits = ml_dtypes.finfo(kind)
    with np.errstate(all="ignore"):
        exponents = np.floor(np.log2(np.maximum(np.abs(values), float(limits.tiny))))
        exponents = np.where(np.isfinite(exponents), exponents, 0.0)
    return np.exp2(exponents) * float(limits.eps)
