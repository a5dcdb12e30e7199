"""Keeps torch to one thread while it runs a small model."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def one_torch_thread() -> Generator[None]:
    """Lets torch use one thread within the block.

    How many threads share a sum decides its last bits, and a last bit can decide a token: so a
    model gives the same texts whatever the number of cores. It costs little: a small model is
    hundreds of short steps that all threads end together, and its memory is the bound.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
