"""Which cases of a suite are run, and in what order: every beginning of it is a fair sample."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hawk_xdsl.bench.suite import Case


def in_fair_order(cases: Sequence[Case], seed: int) -> list[Case]:
    """All cases in an order whose beginnings are stratified by family, split, shape and dtype.

    Operators weigh the same: each gets one case before any gets another. Within a round, families
    and splits take turns in proportion to their operators, and the shape and dtype of the next
    case are those that the family and split had least, then those of all cases.
    """
    random = np.random.default_rng(seed)
    left: dict[str, list[Case]] = {}
    for case in cases:
        left.setdefault(case.operator.name, []).append(case)
    strata: dict[tuple[str, str], list[str]] = {}
    for name, own in left.items():
        operator = own[0].operator
        strata.setdefault((operator.family, operator.split), []).append(name)
    ranked: list[tuple[float, str]] = []
    for names in strata.values():
        # Evenly spread over the round, from a random start: a systematic sample of the operators.
        start = random.random()
        for place, at in enumerate(random.permutation(len(names))):
            ranked.append(((place + start) / len(names), names[int(at)]))
    order = [name for _, name in sorted(ranked)]
    taken: Counter[tuple[str, ...]] = Counter()
    chosen: list[Case] = []
    while any(left.values()):
        for name in order:
            if left[name]:
                noise = {case.name: float(random.random()) for case in left[name]}
                best = min(left[name], key=lambda case: (_crowding(case, taken), noise[case.name]))
                left[name].remove(best)
                taken.update(_strata(best))
                chosen.append(best)
    return chosen


def _strata(case: Case) -> list[tuple[str, ...]]:
    operator, shape, dtype = case.operator, str(case.shape), case.dtype
    return [
        (operator.family, operator.split, shape, dtype),
        (operator.family, operator.split, shape),
        (operator.family, operator.split, dtype),
        (shape, dtype),
    ]


def _crowding(case: Case, taken: Counter[tuple[str, ...]]) -> list[int]:
    return [taken[stratum] for stratum in _strata(case)]
