"""The gate for kernels of dynamic shapes: one kernel, judged at sampled lengths of its range.

The kernel is built, multi-buffered, planned and synchronised once, with its extent. At each sampled
length it is bound and judged as the kernel of static shapes that a launch runs there: its
certificate and its trials. That slices stay inside their operands at every length, and that buffers
fit, the builder and the planner have said for the whole range.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hawk_xdsl.dialects.kernel_text import KernelProgram, StageKernel, build, text_of
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import walk
from hawk_xdsl.dialects.kernel_text.signature import Signature
from hawk_xdsl.dialects.npu import NamedExtent, UndecidedOp, bound_kernel, size_at
from hawk_xdsl.gate.gate import Gate, Verdict, Witness, finished_stages, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Specification

PRIMES = (3, 37, 211)
"""Lengths that no tile divides; those within the range are tried."""


@dataclass(frozen=True)
class DynamicVerdict:
    """What the gate found at the sampled lengths.

    Attributes:
        text: of the kernel.
        extent: the range it is built for.
        verdicts: by length, up to the first refusal.
        kernels: planned and synchronised, with their extent; empty where they cannot be.
    """

    text: str
    extent: NamedExtent
    verdicts: Mapping[int, Verdict]
    kernels: tuple[StageKernel, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the kernel may be used in its range."""
        return bool(self.verdicts) and all(each.accepted for each in self.verdicts.values())

    @property
    def trust(self) -> Trust:
        """Why it is believed at the sampled lengths: as proved as at the least proved of them."""
        found = [verdict.trust for verdict in self.verdicts.values()]
        return Trust.TRIED if Trust.TRIED in found or not found else found[0]

    @property
    def summary(self) -> str:
        """``n0 in 1..512: proved at 1, 7, 8, 9, …``, or the first refusal."""
        for length, verdict in self.verdicts.items():
            if not verdict.accepted:
                return f"{self.extent.name} = {length}: {verdict.trap_message}"
        lengths = ", ".join(map(str, self.verdicts))
        return f"{self.extent}: {self.trust} at {lengths}"


def sampled_lengths(extent: NamedExtent, text: ast.KernelText) -> tuple[int, ...]:
    """Both ends, the primes, and the tile sizes of dynamic loops with their neighbours."""
    found = {extent.low, extent.high, extent.high - 1, *PRIMES}
    for node in walk(*text.stages):
        if isinstance(node, ast.Loop) and (factor := _factor(node.stop, extent.name)):
            for tile in {node.step // factor, -(-node.step // factor)}:
                found.update((tile - 1, tile, tile + 1))
    return tuple(sorted(length for length in found if extent.low <= length <= extent.high))


def _factor(stop: ast.Expression, name: str) -> int:
    """By how much a bound grows with the extent: 64 in ``n0*64``, 0 without it."""
    match stop:
        case ast.Variable(found):
            return int(found == name)
        case ast.Arithmetic("*", left, ast.Integer(factor)):
            return factor * _factor(left, name)
        case ast.Arithmetic("+", left, _):
            return _factor(left, name)
        case _:
            return 0


@dataclass(frozen=True)
class DynamicGate:
    """Checks kernel texts of an op whose shapes depend on one extent.

    Attributes:
        instance: the op at a length, with its specification.
        signature: what the names stand for, over the extent.
        target: where the kernels run.
        seed: of the trials.
        rules: what certificates may use.
        witness: a kernel that shows whether an op can be proved, as for ``Gate``.
    """

    instance: Callable[[int], tuple[UndecidedOp, Specification]]
    signature: Signature
    target: Target
    seed: int = 0
    rules: Sequence[Rule] = ()
    witness: Callable[[Specification], Witness | None] = lambda specification: None

    @property
    def extent(self) -> NamedExtent:
        """The only extent of the signature."""
        (extent,) = self.signature.extents
        return extent

    def check(self, tree: ast.KernelText, rewrites: Sequence[str] = ()) -> DynamicVerdict:
        """The verdict at the sampled lengths, the ends first; it ends with the first refusal.

        Raises:
            KernelTextError: the text breaks a rule at some length of the range.
            HawkError: its buffers do not fit at the upper bound, or the target lacks something.
        """
        text = text_of(tree)
        program = build(tree, self.signature, lambda core: max(1, self.target.cores[core]))
        finished = tuple(finished_stages(program, self.target))
        lengths = sampled_lengths(self.extent, tree)
        order = dict.fromkeys((lengths[-1], lengths[0], *lengths))
        verdicts: dict[int, Verdict] = {}
        for length in order:
            verdicts[length] = self._at(length, text, program, finished, rewrites)
            if not verdicts[length].accepted:
                break
        ordered = dict(sorted(verdicts.items()))
        return DynamicVerdict(text, self.extent, ordered, finished)

    def _at(
        self,
        length: int,
        text: str,
        program: KernelProgram,
        finished: Sequence[StageKernel],
        rewrites: Sequence[str],
    ) -> Verdict:
        op, specification = self.instance(length)
        gate = Gate(
            op,
            specification,
            signature_of(
                specification,
                self.signature.name,
                self.signature.target,
                self.signature.places,
            ),
            self.target,
            self.seed,
            self.rules,
            lambda: self.witness(specification),
        )
        values = {self.extent.name: length}

        def bound(stages: Iterable[StageKernel]) -> tuple[StageKernel, ...]:
            return tuple(replace(each, op=bound_kernel(each.op, values)) for each in stages)

        def made() -> tuple[KernelProgram, Iterable[StageKernel]]:
            temps = tuple(
                temp._replace(
                    shape=tuple(size_at(size, values) for size in self.signature.sizes_of(temp))
                )
                for temp in program.temps
            )
            return KernelProgram(bound(program.kernels), temps), bound(finished)

        return gate.check_kernels(text, made, rewrites)
