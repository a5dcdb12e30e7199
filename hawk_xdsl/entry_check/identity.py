"""Checks that a rewrite is an identity of real numbers, so that all it is off is rounding."""

import numpy as np

from hawk_xdsl.dialects.dtype import WIDE_FLOAT, Array
from hawk_xdsl.entry_check.instances import Instance, instances
from hawk_xdsl.entry_check.meaning import NoMeaningError, meaning
from hawk_xdsl.knowledge_store import Artifact
from hawk_xdsl.semantics.rewriting import Rule

SAME = 1e-10
"""How far both sides of an identity may be apart in float64, relative to their size.

What approximates for f32 is further off somewhere: the best of the package's by 2e-8.
"""

WELL_SCALED = (1e-3, 1e30)
"""Sizes of results that are compared: smaller ones may be what cancellation left."""


def no_identity(rule: Rule, artifact: Artifact, size: int) -> str | None:
    """Why a rewrite is no identity, in one line with the values that show it.

    Both sides are evaluated in float64, where their rounding is far below f32's.

    Args:
        rule: what is checked.
        artifact: of the same entry: its domain.
        size: how many values of each variable.
    """
    compared = False
    for instance in instances(rule, WIDE_FLOAT, size):
        try:
            before = meaning(instance.before, instance.values)
            after = meaning(instance.after.roots[0], instance.values)
        except NoMeaningError as error:
            return f"no meaning is known of {error}"
        with np.errstate(all="ignore"):
            left, right = np.broadcast_arrays(before.astype(float), after.astype(float))
            judged = _judged(instance, artifact, left) & np.isfinite(right)
            apart = np.where(judged, np.abs(left - right) / np.abs(left), 0.0).reshape(-1)
        compared |= bool(judged.any())
        place = int(np.argmax(apart))
        if apart[place] > SAME:
            values = next(iter(instance.values.values())).size
            at = instance.at(place * (values // apart.size) if values != apart.size else place)
            given, wanted = right.reshape(-1)[place], left.reshape(-1)[place]
            return f"it gives {given:.17g} instead of {wanted:.17g} at {at} in float64"
    return None if compared else "it has no value to compare"


def _judged(instance: Instance, artifact: Artifact, left: Array) -> Array:
    """Where both sides are to be the same: in the domain, and neither tiny nor huge."""
    size = np.abs(left)
    found = np.isfinite(left) & (size > WELL_SCALED[0]) & (size < WELL_SCALED[1])
    for name, (low, high) in artifact.domain:
        if name in instance.values:
            values = instance.values[name].astype(float)
            inside = (values >= low) & (values <= high)
            found &= inside if inside.shape == found.shape else inside.all(-1, keepdims=True)
    return found
