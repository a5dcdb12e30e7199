"""Leaves cores to others while torch runs a small model."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def half_of_torch_threads() -> Generator[None]:
    """Lets torch use half of its threads within the block, at least one.

    A small model is hundreds of short steps that all threads end together. With a thread on every
    core, one other busy process made decoding ten times slower; on an idle machine half of them
    cost little (a seventh, with one of two cores), for the memory is the bound.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)
