"""Proves that a planned kernel computes its op: both run over symbols and must agree everywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2, prod

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.kernel_text import KernelProgram
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.certificate.algebra import Algebra
from hawk_xdsl.gate.certificate.field import PRIMES, Field, Words, mixed
from hawk_xdsl.gate.certificate.input_view import InputView
from hawk_xdsl.gate.certificate.kernel import KernelRun
from hawk_xdsl.gate.certificate.leaves import merged
from hawk_xdsl.gate.certificate.readings import has_narrow_floats, in_f32
from hawk_xdsl.gate.certificate.region import Inputs, Meaning, RegionValues
from hawk_xdsl.gate.certificate.remembered import distinct, held_by
from hawk_xdsl.gate.certificate.steps import Keys, justified, replayed
from hawk_xdsl.gate.certificate.symbols import (
    UNWRITTEN,
    Symbols,
    UnprovableError,
    unwritten,
)
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.semantics.intervals import Intervals
from hawk_xdsl.semantics.rewriting import RewriteStep, Rule, rewritten
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Term, walk

Integers = npt.NDArray[np.int64]

FEW = 4096
"""Conditions decided by coins below which several draws are made: each must fall both ways."""

DRAWS = 4

LARGE_INDEX = 1 << 30
"""Below it are the words that stand for indices: an i32 that has room for a little arithmetic."""


@dataclass(frozen=True)
class Certificate:
    """What the prover found out about one kernel.

    Attributes:
        trust: ``tried`` means that there is no certificate.
        reason: why there is none, in one line.
        rewrites: the entries that the proof uses, in no order.
        error: the base-2 logarithm of the probability that a wrong kernel gets a certificate.
        differs: the op can be evaluated over symbols, and no rewrites make it this kernel.
    """

    trust: Trust
    reason: str = ""
    rewrites: tuple[str, ...] = ()
    error: float = 0.0
    differs: bool = False


@dataclass(frozen=True)
class _Values:
    """Words of all results by name, and those of the exponents whose exponential may overflow."""

    results: Mapping[str, Words]
    exponents: Words

    def exponents_within(self, others: "_Values") -> bool:
        """Whether others have all exponents; where both have the same ones, a sum tells."""
        mine, theirs = self.exponents, others.exponents
        if mine.size == theirs.size and mixed(mine).sum() == mixed(theirs).sum():
            return True
        return bool(held_by(distinct(mine), distinct(theirs)).all())


@dataclass(frozen=True, eq=False)
class _Reading:
    meaning: Meaning
    rewrites: tuple[str, ...]


class Prover:
    """Proves kernels of one specification; what the op computes is evaluated once.

    Args:
        specification: what is to be computed.
        rules: the rewrites that may be used.
        indices: for a number of a draw, the operands' integer values by name: indices must be
            numbers.
        likely: more names of rewrites that kernels may come from, asked for where others fail.
    """

    def __init__(
        self,
        specification: Specification,
        rules: Sequence[Rule],
        indices: Callable[[int], Mapping[str, Integers]],
        likely: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._specification = specification
        self._rules = tuple(rules)
        self._indices = indices
        self._likely = likely
        gathers = [term for term in walk(specification.roots) if term.op == "gather"]
        self._tables = frozenset(term.operand for term in gathers)
        self._index_names = _read_by([arg for term in gathers for arg in term.args])
        self._field = Field(len(PRIMES))
        self._intervals = Intervals.of_specification(specification)
        self._readings: dict[object, _Reading | str] = {}
        self._expected: dict[tuple[_Reading, int, bool], _Values] = {}
        self._coins = 0

    def prove(
        self, program: KernelProgram, kernels: Sequence[KernelOp], names: Sequence[str] = ()
    ) -> Certificate:
        """The certificate of a kernel; ``names`` are rewrites that it is likely to come from."""
        with np.errstate(all="ignore"):
            if not self._index_names:
                return self._proved(program, kernels, names, bounded=True)
            if not self._index_names & self._tables:
                found = self._proved(program, kernels, names, bounded=False)
                if found.trust is not Trust.TRIED:
                    return found
            found = self._proved(program, kernels, names, bounded=True)
            if found.trust is Trust.TRIED:
                return found
            return Certificate(Trust.TRIED, "proved but for its indices, which were tried")

    def kept(self, trust: Trust, names: Sequence[str]) -> Certificate | None:
        """The certificate of a kernel that was proved before with such trust, without its proof."""
        for reading in self._choices(names) if trust is not Trust.TRIED else ():
            if not isinstance(reading, str):
                found = self._certificate(reading)
                if found.trust is trust:
                    return found
        return None

    def _proved(
        self,
        program: KernelProgram,
        kernels: Sequence[KernelOp],
        names: Sequence[str],
        *,
        bounded: bool,
    ) -> Certificate:
        try:
            found = self._run(program, kernels, 0, bounded)
        except UnprovableError as error:
            return Certificate(Trust.TRIED, f"the kernel has {error}", differs=True)
        reason, differs = "it differs from the op under every choice of rewrites", False
        for reading in self._choices(names):
            if isinstance(reading, str):
                reason = reading
                continue
            try:
                if not self._agrees(reading, 0, bounded, found):
                    differs = True
                    continue
                further = (
                    self._agrees(reading, draw, bounded, self._run(program, kernels, draw, bounded))
                    for draw in range(1, self._draws())
                )
                if all(further):
                    return self._certificate(reading)
                differs = True
            except UnprovableError as error:
                reason = f"the op has {error}"
        return Certificate(Trust.TRIED, reason, differs=differs)

    def _draws(self) -> int:
        """How often everything is drawn: where coins decide, twice with opposite ones, or more."""
        if not self._coins:
            return 1
        return DRAWS if self._coins < FEW else 2

    def _certificate(self, reading: _Reading) -> Certificate:
        used = [rule for rule in self._rules if rule.name in reading.rewrites]
        exact = all(rule.exact or rule.identity for rule in used)
        degree = max(_degree(root, self._specification.axes) for root in reading.meaning.roots)
        error = sum(log2(min(1.0, degree / prime)) for prime in PRIMES[: self._field.primes])
        return Certificate(Trust.PROVED if exact else Trust.BOUNDED, "", reading.rewrites, error)

    def _choices(self, names: Sequence[str]) -> Iterator[_Reading | str]:
        """Readings to try, each once: precisions, and which rewrites."""
        for rules in self._rule_sets(names):
            for wide in (True, False) if has_narrow_floats(self._specification.roots) else (True,):
                key = (tuple(rule.name for rule in rules), wide)
                if key not in self._readings:
                    self._readings[key] = self._reading(rules, wide)
                yield self._readings[key]

    def _rule_sets(self, names: Sequence[str]) -> Iterator[tuple[Rule, ...]]:
        """The rules named, the usual ones, none, the likely ones, and all; none of these twice.

        All are tried only where an optional one applies: the others are the usual ones.
        """
        usual = tuple(rule for rule in self._rules if not rule.optional)
        sets = dict.fromkeys([self._named(names), usual, ()])
        yield from sets
        likely = self._named(self._likely())
        if likely not in sets:
            yield likely
        ops = {term.op for term in walk(self._specification.roots)}
        if self._rules not in (*sets, likely) and any(
            rule.before.op in ops for rule in self._rules if rule.optional
        ):
            yield self._rules

    def _named(self, names: Sequence[str]) -> tuple[Rule, ...]:
        wanted = frozenset(names)
        return tuple(rule for rule in self._rules if rule.name in wanted)

    def _reading(self, rules: Sequence[Rule], wide: bool) -> _Reading | str:
        roots = self._specification.roots
        roots = in_f32(roots) if wide else roots
        if not rules:
            return _Reading(Meaning(self._specification, tuple(roots)), ())
        steps: list[RewriteStep] = []
        try:
            rewritten(roots, rules, holds=self._intervals.within, steps=steps)
        except HawkError as error:
            return error.message
        keys, results = Keys(), [result.dtype for result in self._specification.outputs]
        kept = [s for s in steps if justified(s, results, self._intervals.within, keys)]
        after = replayed(roots, kept, keys)
        if after is None:
            return "rewrites that do not end, or give up digits that decide"
        names = tuple(sorted({step.rule.name for step in kept}))
        return _Reading(Meaning(self._specification, after), names)

    def _inputs(self, algebra: Algebra, draw: int, bounded: bool) -> Inputs:
        """The operands; where indices are not ``bounded``, they are random words."""
        numbers: dict[str, Integers] = {}
        if self._index_names and bounded:
            every = self._indices(draw)
            numbers = {name: every[name] for name in self._index_names}
        elif self._index_names:
            random = np.random.default_rng([draw, 0x1D])
            shapes = {o.name: o.shape for o in self._specification.operands}
            numbers = {
                name: random.integers(0, LARGE_INDEX, shapes[name])
                for name in sorted(self._index_names)
            }
        return Inputs(algebra, self._specification.operands, numbers, self._tables, bounded)

    def _agrees(self, reading: _Reading, draw: int, bounded: bool, found: _Values) -> bool:
        expected = self._meant(reading, draw, bounded)
        return found.exponents_within(expected) and all(
            np.array_equal(expected.results[name], words) for name, words in found.results.items()
        )

    def _meant(self, reading: _Reading, draw: int, bounded: bool) -> _Values:
        key = (reading, draw, bounded)
        if key not in self._expected:
            algebra = Algebra(self._field, draw)
            inputs = self._inputs(algebra, draw, bounded)
            words = {
                r.name: np.zeros(prod(r.shape), np.uint64) for r in self._specification.outputs
            }
            for result, places, values in RegionValues(reading.meaning, algebra, inputs).results():
                words[result.name][places] = values
            self._coins = max(self._coins, algebra.coins)
            self._expected[key] = _Values(words, _joined(algebra.exponents))
        return self._expected[key]

    def _run(
        self, program: KernelProgram, kernels: Sequence[KernelOp], draw: int, bounded: bool
    ) -> _Values:
        algebra = Algebra(self._field, draw, guards=True)
        inputs = self._inputs(algebra, draw, bounded)
        shapes = _shapes(program, kernels)
        arrays: dict[str, Symbols | InputView] = {
            operand.name: InputView.whole(operand.name, shapes.get(operand.name, operand.shape))
            for operand in self._specification.operands
        }
        planes = self._field.planes
        for result in self._specification.outputs:
            shape = shapes.get(result.name, result.shape)
            arrays[result.name] = unwritten(merged(result.dtype), planes, shape)
        for temp in program.temps:
            arrays[temp.name] = unwritten(temp.dtype, planes, temp.shape)
        for stage, kernel in zip(program.kernels, kernels, strict=True):
            run = KernelRun(kernel, algebra, inputs.at)
            run.run([arrays[name] for name in (*stage.reads, *stage.writes)])
        found: dict[str, Words] = {}
        for result in self._specification.outputs:
            symbols = arrays[result.name]
            assert isinstance(symbols, Symbols)
            if (symbols.flags & UNWRITTEN).any():
                raise UnprovableError("results that are not written")
            found[result.name] = algebra.words(symbols).reshape(-1)
        self._coins = max(self._coins, algebra.coins)
        return _Values(found, _joined(algebra.exponents))


def _shapes(program: KernelProgram, kernels: Sequence[KernelOp]) -> dict[str, tuple[int, ...]]:
    """The shapes that kernels see their operands in: of a dynamic one at length 1 with the 1."""
    return {
        name: argument.type.get_shape()
        for stage, kernel in zip(program.kernels, kernels, strict=True)
        for name, argument in zip(stage.operands, kernel.buffers, strict=True)
        if isinstance(argument.type, MemRefType)
    }


def _joined(parts: Sequence[Words]) -> Words:
    return np.concatenate([part.reshape(-1) for part in parts]) if parts else _NOTHING


_NOTHING = np.zeros(0, np.uint64)


def _read_by(roots: Sequence[Term]) -> frozenset[str]:
    """The operands that terms are computed from."""
    return frozenset(term.operand for term in walk(roots) if term.op in ("read", "gather"))


def _degree(root: Term, axes: Mapping[str, int]) -> float:
    """At most the degree of a term as a quotient of polynomials."""
    degrees: dict[Term, float] = {}
    for term in walk((root,)):
        of_args = [degrees[arg] for arg in term.args]
        match term.op:
            case "const" | "index":
                degree = 0.0
            case "add" | "sub" | "mul" | "div":
                degree = sum(of_args)
            case "reduce_prod":
                degree = of_args[0] * prod(axes[axis] for axis in term.bound)
            case "neg" | "cast" | "reduce_sum" | "scan_sum" | "select":
                degree = max(of_args)
            case _:
                degree = 1.0
        degrees[term] = degree
    return max(1.0, degrees[root])
