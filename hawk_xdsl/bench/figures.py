"""The figures of a benchmark run: one row for a condition, a split and a family."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.bench.other_shapes import OtherShape
from hawk_xdsl.bench.result import CaseResult, CaseVerdict
from hawk_xdsl.bench.statistics import (
    Estimate,
    geometric_mean_by_cluster,
    mean_by_cluster,
    share_by_cluster,
)
from hawk_xdsl.bench.suite import ShapeKind, Split

ALL_FAMILIES = "all"
BASELINE = "templates"
"""The condition whose cycles others are compared with."""


@dataclass(frozen=True)
class FigureRow:
    """The figures of the cases of a family and split under a condition.

    ``others`` is the share of right cases at shapes that were drawn beside the suite's; these count
    nowhere else, but for ``wrong``. ``over_bound`` is the geometric mean of cycles over the bound,
    of right cases at large shapes; ``over_templates`` that of cycles over those of templates alone,
    where both are right.
    ``tokens``, ``seconds``, ``gate_runs`` and ``timings`` are means a case; the last three are
    counts.
    """

    condition: str
    split: str
    family: str
    cases: int
    operators: int
    first: Estimate | None
    within: Estimate | None
    near: Estimate | None
    others: Estimate | None
    over_bound: Estimate | None
    over_templates: Estimate | None
    tokens: Estimate | None
    seconds: Estimate | None
    gate_runs: Estimate | None
    timings: Estimate | None
    rejected_lines: int
    cut_short: int
    wrong: int


def rows_of(results: Sequence[CaseResult]) -> list[FigureRow]:
    """The rows: by condition and split all families together, then each of them."""
    baseline = {
        (result.case, result.seed): result.cycles
        for result in results
        if result.condition == BASELINE and result.right and result.cycles
    }
    rows: list[FigureRow] = []
    for condition in dict.fromkeys(result.condition for result in results):
        for split in Split:
            part = [r for r in results if r.condition == condition and r.split == split]
            families = sorted({result.family for result in part})
            for family in (ALL_FAMILIES, *families) if part else ():
                chosen = [r for r in part if family in (ALL_FAMILIES, r.family)]
                rows.append(_row(condition, split, family, chosen, baseline))
    return rows


def _row(
    condition: str,
    split: str,
    family: str,
    every: Sequence[CaseResult],
    baseline: Mapping[tuple[str, int], float],
) -> FigureRow:
    others = [result for result in every if result.shape in tuple(OtherShape)]
    results = [result for result in every if result.shape not in tuple(OtherShape)]
    right = [result for result in results if result.right]
    both = [result for result in right if (result.case, result.seed) in baseline]
    large = [result for result in right if result.shape == ShapeKind.LARGE and result.bound]

    def share(of: Callable[[CaseResult], bool]) -> Estimate | None:
        return share_by_cluster((result.operator, of(result)) for result in results)

    def mean(of: Callable[[CaseResult], float]) -> Estimate | None:
        return mean_by_cluster((result.operator, of(result)) for result in results)

    return FigureRow(
        condition=condition,
        split=str(split),
        family=family,
        cases=len(results),
        operators=len({result.operator for result in results}),
        first=share(lambda result: result.right and result.first),
        within=share(lambda result: result.right),
        near=share(lambda result: result.near),
        others=share_by_cluster((result.operator, result.right) for result in others),
        over_bound=_ratio((r.operator, r.cycles, r.bound) for r in large),
        over_templates=_ratio((r.operator, r.cycles, baseline[r.case, r.seed]) for r in both),
        tokens=mean(lambda result: result.tokens),
        seconds=mean(lambda result: result.seconds),
        gate_runs=mean(lambda result: result.gate_runs),
        timings=mean(lambda result: result.timings),
        rejected_lines=sum(result.rejected_lines for result in results),
        cut_short=sum(result.cut_short for result in results),
        wrong=sum(result.verdict is CaseVerdict.WRONG for result in every),
    )


def _ratio(values: Iterable[tuple[str, float, float]]) -> Estimate | None:
    return geometric_mean_by_cluster((name, above / below) for name, above, below in values)


def traps_of(results: Iterable[CaseResult]) -> dict[tuple[str, str], Counter[str]]:
    """By condition and split, how often the gate refused a kernel for each reason."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        counted.setdefault((result.condition, result.split), Counter()).update(result.traps)
    return counted


def verdicts_of(results: Iterable[CaseResult]) -> dict[tuple[str, str], Counter[str]]:
    """By condition and split, how many cases ended how."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        counted.setdefault((result.condition, result.split), Counter())[str(result.verdict)] += 1
    return counted
