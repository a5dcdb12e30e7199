"""The one error that kernel text, its building and its printing can cause."""

from hawk_xdsl.errors import HawkError


class KernelTextError(HawkError):
    """Kernel text that is ill-formed, breaks a rule, or IR that has no text form.

    ``line`` counts from 1 in the text as it was given; None for IR without a text.
    """
