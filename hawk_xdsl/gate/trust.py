"""Why a kernel is believed: what the gate can say beyond that its trials passed."""

from enum import StrEnum


class Trust(StrEnum):
    """From the strongest to the weakest."""

    PROVED = "proved"
    """A certificate: kernel and op compute the same, by exact rewrites only, up to f32 rounding."""

    BOUNDED = "bounded"
    """A certificate that also uses rewrites which approximate, each with a checked error bound."""

    TRIED = "tried"
    """No certificate: the kernel was right on every input of the trials."""
