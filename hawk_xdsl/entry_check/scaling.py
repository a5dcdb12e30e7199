"""Whether a proposed replacement is right but for a constant factor or summand.

Example: for sinh(x) a model wrote ``exp(x) - exp(-x)``. The quotient of both is 0.5 at every
argument, so ``(exp(x) - exp(-x)) * 0.5`` is worth a check. Nothing is believed here: what is
returned is one more proposal.
"""

from collections.abc import Iterator

import numpy as np

from hawk_xdsl.dialects.dtype import WIDE_FLOAT, Array
from hawk_xdsl.entry_check.instances import instances
from hawk_xdsl.entry_check.meaning import NoMeaningError, meaning
from hawk_xdsl.semantics.pattern import parse_pattern
from hawk_xdsl.semantics.rewriting import Rule

_SAMPLES = 1 << 10
_SAME = 1e-5
"""By how much quotients may differ that count as one; the check measures what is off in the end."""

_DIGITS = 12
"""Of the constant: more than f32 has, fewer than the median of rounded quotients is sure of."""


def scaled(before: str, after: str) -> Iterator[str]:
    """``after`` times, or plus, the constant by which it differs from ``before``, if it is one.

    Raises ``HawkError`` for a pattern that does not parse.
    """
    rule = Rule("", parse_pattern(before), parse_pattern(after))
    for instance in instances(rule, WIDE_FLOAT, _SAMPLES):
        [result] = instance.after.results
        try:
            pair = [meaning(term, instance.values) for term in (instance.before, result.term)]
        except NoMeaningError:
            return
        right, given = (np.broadcast_to(each, pair[0].shape).reshape(-1) for each in pair)
        with np.errstate(all="ignore"):
            for sign, found in (("*", right / given), ("+", right - given)):
                usual = np.isfinite(found) & (np.abs(right) > 1e-3) & (np.abs(right) < 1e3)
                constant = _constant(found[usual])
                if constant is not None:
                    yield f"({after}) {sign} {_written(constant)}"


def _constant(values: Array) -> float | None:
    """The one number that all values are, to a few digits; ``None`` for 0, 1 and for several."""
    if len(values) < 8:
        return None
    middle = float(np.median(values))
    same = np.abs(values - middle) <= _SAME * abs(middle)
    return middle if same.all() and middle not in (0.0, 1.0) else None


def _written(number: float) -> str:
    return f"{number:.{_DIGITS}g}"
