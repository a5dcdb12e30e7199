"""Admits a rewrite that somebody proposes: the tightest claim and the widest domain that hold.

Nothing of the proposal is believed. The replacement is composed and measured like that of any
entry; the claim is chosen from a ladder, so that an entry says no more than what was measured.
"""

from dataclasses import dataclass, replace

import numpy as np

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.dtype import FLOATS
from hawk_xdsl.entry_check.check import QUICK, check_entry
from hawk_xdsl.entry_check.meaning import FLOAT
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Artifact, Entry, EntryKind, Trigger
from hawk_xdsl.knowledge_store.entry import Range
from hawk_xdsl.knowledge_store.error_bound import ErrorBound
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.pattern import parse_pattern

CLAIMS = (
    ErrorBound(ulp=2),
    ErrorBound(ulp=8),
    ErrorBound(absolute=2e-7, ulp=8),
    ErrorBound(absolute=2e-6, ulp=32),
)
"""What is claimed, the tightest first; what is further off than the last is refused."""

CAREFUL = 1 << 16
"""Values of f32 that a rewrite is admitted by: half the difference of exp(x) and exp(-x) is wrong
for sinh(x) between 88.7 and 89.4 only, and a quick check has no value there."""

DOMAINS: tuple[Range | None, ...] = (None, (-80.0, 80.0), (1e-30, 1e30), (1e-15, 1e15), (-1.0, 1.0))
"""Where a rewrite may hold, tried in this order: everywhere, or in a closed range."""


_MOST_UNDEFINED = 0.5
"""Share of a domain in which a function may be no finite number; acosh(x) is none below 1."""


@dataclass(frozen=True)
class Admission:
    """A proposed rewrite as an entry, or why it is none."""

    entry: Entry | None
    reason: str = ""


def admit(
    before: str,
    after: str,
    name: str,
    rationale: str,
    composer: Composer,
    target: Target,
) -> Admission:
    """The rewrite of ``before`` by ``after`` as an entry, if it is right in one of the domains.

    Args:
        before: a function of variables.
        after: what it is to be replaced by.
        name: of the entry.
        rationale: of the entry.
        composer: what the replacement is composed with.
        target: says which instructions are estimates.
    """
    try:
        variables = sorted(parse_pattern(before).variables)
        used = parse_pattern(after).variables
    except HawkError as error:
        return Admission(None, error.message)
    if not used or not used <= set(variables):
        return Admission(None, "it is no expression of the function's arguments")
    reason = ""
    for domain in DOMAINS:
        if domain is not None and not _is_defined(before, domain):
            continue
        ranges = () if domain is None else tuple((each, domain) for each in variables)
        entry = Entry(
            name,
            EntryKind.REWRITE,
            rationale,
            Trigger(ops=(parse_pattern(before).op,), dtypes=tuple(FLOATS)),
            Artifact(before=before, after=after, domain=ranges),
        )
        claimed, why = _claimed(entry, composer, target)
        if claimed is not None:
            return Admission(claimed)
        reason = reason or why
    return Admission(None, reason)


def _is_defined(before: str, domain: Range) -> bool:
    """Whether a function has finite values in most of a range: else nothing is checked there."""
    asked = parse_pattern(before)
    function = FLOAT.get(asked.op)
    if function is None:
        return False
    low, high = domain
    values = np.geomspace(low, high, 256) if low > 0 else np.linspace(low, high, 256)
    with np.errstate(all="ignore"):
        found = function(*[values] * len(asked.args))
    return float(np.mean(~np.isfinite(found))) <= _MOST_UNDEFINED


def _claimed(entry: Entry, composer: Composer, target: Target) -> tuple[Entry | None, str]:
    """The entry with the tightest claim that holds; else what is wrong with the widest one.

    The widest claim is checked quickly first: most proposals are far off.
    """
    found: Entry | None = None
    for claim, size in ((CLAIMS[-1], QUICK), *((each, CAREFUL) for each in reversed(CLAIMS))):
        tried = replace(entry, artifact=replace(entry.artifact, error=claim))
        try:
            finding = check_entry(tried, composer, target, size)
        except HawkError as error:
            return None, error.message
        if finding.unchecked:
            return None, finding.unchecked
        worst = finding.worst
        if worst is None or worst.share > 1 or worst.share != worst.share:
            if found is None and worst is not None:
                where = f"it gives {worst.given:.6g} instead of {worst.right:.6g} at {worst.inputs}"
                return None, where
            break
        found = tried if size == CAREFUL else None
    return found, ""
