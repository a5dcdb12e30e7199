"""Keeps what transformers prints (warnings, progress bars) from the user."""

import contextlib
import io
from collections.abc import Generator


@contextlib.contextmanager
def quiet() -> Generator[None]:
    """Within the block nothing of transformers is printed."""
    from transformers.utils import logging

    shown, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        # Reading GGUF shows a bar of its own, which has no switch.
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            logging.enable_progress_bar()
