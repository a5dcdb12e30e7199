"""Two compiles side by side: launches matched by what they compute."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from hawk_xdsl.inspection.document import NetworkDocument, NetworkFigures
from hawk_xdsl.report.rows import ReportRow


@dataclass(frozen=True)
class ComparedSide:
    """What one compile made of an op.

    Attributes:
        kernels: the symbols.
        launches: positions of all launches of them.
        microseconds: of all these launches together; 0 on the host.
        source: who decided.
        trust: why it is believed; ``None`` on the host.
        bound_share: the bound over the time of one.
        schedule: what it was written for.
        text: the kernel text.
    """

    kernels: tuple[str, ...]
    launches: tuple[int, ...]
    microseconds: float
    source: str
    trust: str | None
    bound_share: float | None
    schedule: str
    text: str


@dataclass(frozen=True)
class ComparedOp:
    """An op of either compile; a side is ``None`` where that compile has no such op.

    ``change`` is microseconds of this compile less those of the other.
    """

    computes: str
    specification: str
    here: ComparedSide | None
    there: ComparedSide | None
    change: float


@dataclass(frozen=True)
class NetworkComparison:
    """This compile (``here``) against another (``there``), the ops of the largest change first."""

    here: NetworkFigures
    there: NetworkFigures
    ops: tuple[ComparedOp, ...]

    @property
    def json(self) -> dict[str, object]:
        """As JSON's types."""
        return asdict(self)


def compare(here: NetworkDocument, there: NetworkDocument) -> NetworkComparison:
    """Matches the ops of two compiles by their specifications, or labels where these lack."""
    ours, theirs = _sides(here), _sides(there)
    ops: list[ComparedOp] = []
    for key in dict.fromkeys((*ours, *theirs)):
        own, other = ours.get(key), theirs.get(key)
        row = (own or other or ours[key])[0]
        left, right = (None if side is None else side[1] for side in (own, other))
        change = (left.microseconds if left else 0.0) - (right.microseconds if right else 0.0)
        ops.append(ComparedOp(row.computes, row.specification, left, right, round(change, 3)))
    ops.sort(key=lambda op: -abs(op.change))
    return NetworkComparison(here.network, there.network, tuple(ops))


def _sides(document: NetworkDocument) -> Mapping[str, tuple[ReportRow, ComparedSide]]:
    """What a compile made of each op, by its specification."""
    sides: dict[str, tuple[ReportRow, ComparedSide]] = {}
    for position, row in enumerate(document.decisions):
        launches = [n for n, each in enumerate(document.launches) if each.decision == position]
        times = [document.launches[n].microseconds or 0.0 for n in launches]
        side = ComparedSide(
            row.symbols,
            tuple(launches),
            round(sum(times), 3),
            row.source,
            row.trust,
            row.bound_share,
            row.schedule,
            row.text,
        )
        sides[row.specification or row.computes] = row, side
    return sides
