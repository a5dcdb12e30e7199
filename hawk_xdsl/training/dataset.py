"""Lessons as token sequences: what the model reads, and what it should have written."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from hawk_xdsl.language_model.prompt import (
    FailedAttempt,
    PromptFormat,
    PromptRequest,
    load_prompt_format,
)
from hawk_xdsl.training.erased import excluded_keys, is_held_out
from hawk_xdsl.training.lesson import Lesson

if TYPE_CHECKING:
    import torch

PROMPT_FILE = "kernel_prompt.toml"

CONTEXT = 1024
"""Tokens of prompt and kernel together."""

LONGEST_EXAMPLE = 480
"""Tokens of a sequence that is trained on: the longest ones cost most and teach least."""

MOST_OF_A_KEY = 12
"""Lessons of one erased key that are trained on."""

IGNORED = -100
"""A label that no loss is computed for."""

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Example:
    """One sequence: the first ``read`` tokens are the prompt, the others are learned."""

    tokens: tuple[int, ...]
    read: int


def prompt_format() -> PromptFormat:
    """The format that the kernel model is trained on."""
    return load_prompt_format(files("hawk_xdsl.training") / PROMPT_FILE)


def prompt_text(lesson: Lesson, attempt: FailedAttempt | None = None) -> str:
    """The prompt exactly as ``LocalModel`` renders it for a model without a chat template."""
    target = lesson.target
    request = PromptRequest(lesson.spec, target, lesson.steps, facts=(target,), attempt=attempt)
    most = 1 << 30
    prompt = prompt_format().build(request, count=lambda m: 0, budget=most, limit=most)
    return "".join(f"{message.content}\n\n" for message in prompt.messages)


def examples_of(lesson: Lesson, encode: Encode, end: int) -> Iterator[Example]:
    """The best kernel for the specification alone, and after each attempt that was refused."""
    best = lesson.best
    if best is None:
        return
    answer = [*encode(best.short), end]
    failures = [
        FailedAttempt(t.short, t.trap, t.message) for t in lesson.tries if t.trap is not None
    ]
    for failure in (None, *failures[:1]):
        prompt = encode(prompt_text(lesson, failure))
        if len(prompt) + len(answer) <= LONGEST_EXAMPLE:
            yield Example((*prompt, *answer), len(prompt))


@dataclass(frozen=True)
class DatasetSplit:
    """What is trained on and what is held out; no erased key is in both."""

    training: tuple[Lesson, ...]
    held_out: tuple[Lesson, ...]


def split_of(lessons: Iterable[Lesson], seed: int) -> DatasetSplit:
    """Lessons with a kernel, each specification once, not too many of one erased key.

    Those like an unseen operator of the benchmark are left out here too.
    """
    draw = random.Random(seed)
    shuffled = sorted(lessons, key=lambda lesson: (lesson.digest, lesson.target, lesson.number))
    draw.shuffle(shuffled)
    seen: set[tuple[str, str]] = set()
    kinds: Counter[str] = Counter()
    training: list[Lesson] = []
    held_out: list[Lesson] = []
    for lesson in shuffled:
        known = (lesson.digest, lesson.target)
        if lesson.best is None or known in seen or lesson.key in excluded_keys():
            continue
        seen.add(known)
        kinds[lesson.key] += 1
        if is_held_out(lesson.key):
            if kinds[lesson.key] <= 2:
                held_out.append(lesson)
        elif kinds[lesson.key] <= MOST_OF_A_KEY:
            training.append(lesson)
    return DatasetSplit(tuple(training), tuple(held_out))


def batches_of(examples: Sequence[Example], tokens: int, seed: int) -> list[list[Example]]:
    """Batches of examples of like length, each of at most so many tokens after padding."""
    draw = random.Random(seed)
    order = sorted(examples, key=lambda e: (len(e.tokens) + draw.uniform(0, 8), draw.random()))
    batches: list[list[Example]] = []
    for example in order:
        longest = len(example.tokens)
        if batches and (len(batches[-1]) + 1) * longest <= tokens:
            batches[-1].append(example)
        else:
            batches.append([example])
    draw.shuffle(batches)
    return batches


def padded(batch: Sequence[Example], end: int) -> dict[str, "torch.Tensor"]:
    """The tensors of a batch, shape [examples, longest]; prompts and padding have no label."""
    import torch

    width = max(len(example.tokens) for example in batch)
    tokens = torch.full((len(batch), width), end)
    labels = torch.full((len(batch), width), IGNORED)
    mask = torch.zeros((len(batch), width), dtype=torch.int64)
    for row, example in enumerate(batch):
        length = len(example.tokens)
        tokens[row, :length] = torch.tensor(example.tokens)
        labels[row, example.read : length] = torch.tensor(example.tokens[example.read :])
        mask[row, :length] = 1
    return {"input_ids": tokens, "labels": labels, "attention_mask": mask}
