"""The model card: what a model was trained on, how, and how far it came."""

from collections.abc import Mapping, Sequence
from typing import Any

_CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
tags: [npu, kernels, hawk-xdsl]
---

# A kernel model of hawk-xdsl

Writes bodies of NPU kernels in hawk-xdsl's kernel text, given an op's specification and a
target's name (`hawk_prompt.toml` has the form of the prompt). What it writes is a proposal: it is
used only after the gate has verified it. It knows no natural language.

- **Data**: {lessons} lessons, random ops with kernels that passed the gate; seeds {seeds};
  targets {targets}. {held_out} more lessons are held out: no erased expression is in both.
- **Recipe**: a Llama of {parameters:,} parameters, {steps} steps of at most {batch_tokens} tokens,
  Muon and AdamW at {learning_rate}, seed {seed}, {seconds} s on {device};
  `hawk_training.json` has everything. Trained on from: {start}.
- **On held-out lessons**, all tokens before given: {accuracy}.
- **Language**: form {form}, {words} words (`hawk_training.json`).
"""


def card_of(
    facts: Mapping[str, Any], history: Sequence[Mapping[str, float]], parameters: int
) -> str:
    """The card of a training, from its facts and the trainer's log."""
    last = next((row for row in reversed(history) if "eval_loss" in row), None)
    accuracy = "not measured"
    if last is not None:
        accuracy = (
            f"{last['eval_token_accuracy']:.1%} of the tokens and "
            f"{last['eval_kernel_accuracy']:.1%} of the whole kernels as the teacher's"
        )
    return _CARD.format(
        lessons=facts["lessons"],
        held_out=facts["held_out"],
        seeds=", ".join(map(str, facts["seeds"])),
        targets=", ".join(facts["targets"]),
        parameters=parameters,
        steps=facts["steps"],
        seconds=facts["seconds"],
        device=facts["device"],
        batch_tokens=facts["recipe"]["batch_tokens"],
        learning_rate=facts["recipe"]["learning_rate"],
        seed=facts["recipe"]["seed"],
        start=facts["start"] or "nothing, random weights",
        accuracy=accuracy,
        form=facts["form"],
        words=len(facts["words"]),
    )
