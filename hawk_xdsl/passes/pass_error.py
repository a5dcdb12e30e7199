"""The error a pass raises for its input: one line for ``hawk``, a diagnostic for ``xdsl-opt``."""

from xdsl.utils.exceptions import PassFailedException

from hawk_xdsl.errors import HawkError


class PassError(HawkError, PassFailedException):
    """A pass cannot handle the IR it was given; nothing in the module was changed."""
