"""Attention as one mixed kernel: the text of the corpus, its values, and what runs it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from kernel_text_corpus import ATTENTION, PRODUCT_AND_EXP, max_blocks

from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import Simulation, Target, load_target, simulate
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")
ROWS, COLUMNS, WIDTH = 64, 192, 32


def inputs(seed: int = 0) -> list[np.ndarray]:
    """Queries, keys and values."""
    random = np.random.default_rng(seed)
    shapes = ((ROWS, WIDTH), (COLUMNS, WIDTH), (COLUMNS, WIDTH))
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


def attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """softmax(Q Kᵀ) V in f64."""
    scores = queries.astype(np.float64) @ keys.astype(np.float64).T
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) @ values


def built(change: Callable[[str], str] = lambda text: text) -> KernelOp:
    """The kernel of a changed text, as it is written."""
    return build(change(ATTENTION.text), ATTENTION.signature, max_blocks).kernels[0].op


def finished(change: Callable[[str], str] = lambda text: text) -> KernelOp:
    """The kernel of a changed text, planned and synchronised."""
    kernel = built(change)
    finish_kernel(kernel, TARGET)
    return kernel


def run(kernel: KernelOp, target: Target = TARGET) -> Simulation:
    """A run on random inputs."""
    return simulate(kernel, inputs(), target)


def with_hand_over(cycles: float) -> Target:
    """The target, whose flags between cores take so many cycles."""
    assert TARGET.cross is not None
    return replace(TARGET, cross=replace(TARGET.cross, hand_over=cycles))


def handed_over(**changes: str) -> KernelOp:
    """A product whose exponential the vector cores take, planned and synchronised.

    Each change is a line of the text, its blanks as underscores, and what stands in its place.
    """
    text = PRODUCT_AND_EXP.text
    for before, after in changes.items():
        line = f"{before.replace('_', ' ')}\n"
        assert line in text
        text = text.replace(line, after)
    kernel = build(text, PRODUCT_AND_EXP.signature, max_blocks).kernels[0].op
    finish_kernel(kernel, TARGET)
    return kernel
