"""Trains the kernel model with the Hugging Face Trainer: seeded, resumable, within a time."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hawk_xdsl.files.boundary import reading
from hawk_xdsl.language_model import model_files
from hawk_xdsl.language_model.language import FACTS_FILE, Language, language, language_of
from hawk_xdsl.language_model.quiet import quiet
from hawk_xdsl.options import check_count, check_positive, check_seed
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.training import checkpoints
from hawk_xdsl.training.card import card_of
from hawk_xdsl.training.checkpoints import TrainingError
from hawk_xdsl.training.curves import summary_of, write_curves
from hawk_xdsl.training.dataset import (
    CONTEXT,
    IGNORED,
    PROMPT_FILE,
    DatasetSplit,
    Example,
    batches_of,
    examples_of,
    padded,
)
from hawk_xdsl.training.tokenizer import make_tokenizer

if TYPE_CHECKING:
    import torch
    from torch.utils.data import Dataset
    from transformers import (
        EvalPrediction,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        TrainingArguments,
    )

EVALUATED = 80
"""Held-out examples that the curves are measured on."""

LEARNING_RATE = 4e-3
"""Where a training from nothing starts; it falls to nothing."""

GOING_ON_RATE = 1e-3
"""The same for one that goes on from a model: at the full rate it would forget first."""

WARM_UP = 30
"""Steps in which the learning rate rises."""


@dataclass(frozen=True)
class ModelSize:
    """The size of the model."""

    hidden: int = 256
    layers: int = 6
    inner: int = 704
    heads: int = 4


SHAPES = {"small": ModelSize(128, 4, 384, 4), "standard": ModelSize()}
"""About 0.9 million parameters, for minutes of a shared core; and 5.0 million."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train. It ends after ``steps`` or ``minutes``, whichever comes first.

    A training bounded by minutes is not reproducible to the last bit; one bounded by steps is.
    ``batch_tokens`` counts padding too.
    """

    seed: int = 0
    steps: int = 100_000
    minutes: float = float("inf")
    learning_rate: float = LEARNING_RATE
    batch_tokens: int = 4096
    shape: ModelSize = field(default_factory=ModelSize)
    checkpoint_steps: int = 200
    evaluation_steps: int = 200

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for numbers that are none."""
        check_seed("seed", self.seed)
        check_count("batch-tokens", self.batch_tokens)
        check_positive("learning-rate", self.learning_rate)


@dataclass
class Clock:
    """How much of a training is done, by steps or by time, resumed ones included."""

    recipe: TrainingSettings
    before: float = 0.0
    started: float = 0.0
    step: int = 0

    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.before + time.monotonic() - self.started

    def share(self) -> float:
        """How much is done; 1 is the end."""
        return max(self.step / self.recipe.steps, self.seconds() / (60 * self.recipe.minutes))

    def rate(self, step: int) -> float:
        """The learning rate's factor: up in the warm-up, then down to nothing."""
        self.step = step
        return min(1.0, (step + 1) / WARM_UP) * max(0.0, 1.0 - self.share())


def train(
    split: DatasetSplit,
    model: Path,
    recipe: TrainingSettings,
    *,
    start: Path | None = None,
    resume: bool = False,
    progress: Progress = lambda line: None,
) -> None:
    """Trains on a split and writes the model directory, at once and only when it is done.

    Checkpoints are kept beside it in ``MODEL.training`` until then. ``start`` is a model whose
    weights to go on from, with the words that it was taught.

    Raises:
        TrainingError: there is nothing to train on, a training was interrupted here and neither
            ``resume`` was asked for nor its directory removed, or the checkpoint to resume is of
            another language or recipe.
        LanguageError: ``start`` is a model for another language.
    """
    model = model.absolute()
    check_place(model)
    if not (recipe.steps > 0 and recipe.minutes > 0):
        raise TrainingError("a training takes at least one step, and some time")
    taught = language() if start is None else language_of(start)
    work, facts = checkpoints.checkpoints_of(model), _facts(split, recipe, start, taught)
    last: Path | None = None
    if resume:
        last = checkpoints.last_whole(work, facts)
    else:
        checkpoints.check_new(work)
    from transformers import set_seed

    set_seed(recipe.seed)
    tokenizer = make_tokenizer(taught.words)
    end = tokenizer.eos_token_id
    assert isinstance(end, int)

    def encoded(lessons: Sequence[Any]) -> list[Example]:
        found = (examples_of(lesson, tokenizer.encode, end) for lesson in lessons)
        return [example for examples in found for example in examples]

    examples = encoded(split.training)
    if not examples:
        raise TrainingError("no lesson here has a right kernel: nothing to train on")
    network = _network(recipe.shape, len(tokenizer), end) if start is None else _loaded(start)
    progress(
        f"{len(examples)} examples, {sum(p.numel() for p in network.parameters()):,} parameters"
    )
    if last is None:
        checkpoints.begin(work, facts)
    clock = Clock(recipe)
    history = _fit(network, examples, encoded(split.held_out)[:EVALUATED], work, clock, end, last)
    progress(summary_of(history))
    facts |= {"seconds": round(clock.seconds()), "steps": clock.step, "device": _device()}
    _save(network, tokenizer, model, facts, history)
    shutil.rmtree(work)


def _save(
    network: "LlamaForCausalLM",
    tokenizer: "PreTrainedTokenizerFast",
    model: Path,
    facts: dict[str, Any],
    history: list[dict[str, float]],
) -> None:
    """Writes the whole model directory beside its place, then moves it there."""
    import torch

    partial = model.with_name(f"{model.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    cast("torch.nn.Module", network).to(torch.bfloat16)
    network.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    _write_beside(partial, facts, card_of(facts, history, network.num_parameters()))
    write_curves(history, partial)
    replaced(partial, model)


def replaced(partial: Path, directory: Path) -> None:
    """Moves a whole directory to its place; one that was there before is removed after that."""
    before = directory.with_name(f"{directory.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if directory.exists():
        os.replace(directory, before)
    os.replace(partial, directory)
    shutil.rmtree(before, ignore_errors=True)


def check_place(model: Path) -> None:
    """Raises ``TrainingError`` if a model cannot be written there: something else is there."""
    if (model / FACTS_FILE).exists() or not model.exists():
        return
    if not model.is_dir() or any(model.iterdir()):
        raise TrainingError(
            "there is something else here: choose another --output", file=str(model)
        )


def _device() -> str:
    """What trains, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"{threads} CPU thread{'s' if threads > 1 else ''}"


def _facts(
    split: DatasetSplit, recipe: TrainingSettings, start: Path | None, taught: Language
) -> dict[str, Any]:
    return {
        "form": taught.form,
        "words": list(taught.words),
        "recipe": asdict(recipe),
        "lessons": len(split.training),
        "held_out": len(split.held_out),
        "targets": sorted({lesson.target for lesson in split.training}),
        "seeds": sorted({lesson.seed for lesson in split.training}),
        "start": None if start is None else start.name,
    }


def _network(shape: ModelSize, vocabulary: int, end: int) -> "LlamaForCausalLM":
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=shape.hidden,
            intermediate_size=shape.inner,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=end,
        )
    )


def _loaded(directory: Path) -> "LlamaForCausalLM":
    import torch
    from transformers import LlamaForCausalLM

    # What transformers raises on damaged files has no common kind.
    with reading(directory, "the model to go on from", errors=(Exception,)):
        return LlamaForCausalLM.from_pretrained(
            directory, local_files_only=True, dtype=torch.float32, use_safetensors=True
        )


def _fit(
    network: "LlamaForCausalLM",
    examples: Sequence[Example],
    held_out: Sequence[Example],
    work: Path,
    clock: Clock,
    end: int,
    last: Path | None,
) -> list[dict[str, float]]:
    """Runs the Trainer, from the last checkpoint if there is one; returns its log."""
    import torch
    from transformers import LlamaForCausalLM, Trainer

    from hawk_xdsl.training.optimizer import optimizer_of
    from hawk_xdsl.training.timed import Timed

    recipe = clock.recipe
    optimizer = optimizer_of(cast("torch.nn.Module", network), recipe.learning_rate)
    trainer = Trainer(
        model=network,
        args=_arguments(recipe, work, evaluates=bool(held_out)),
        # An item of a dataset is a whole batch here; a list is a dataset to the Trainer.
        train_dataset=cast("Dataset[Any]", batches_of(examples, recipe.batch_tokens, recipe.seed)),
        eval_dataset=cast("Dataset[Any]", batches_of(held_out, recipe.batch_tokens, recipe.seed)),
        data_collator=lambda items: padded(items[0], end),
        compute_metrics=_accuracies,
        preprocess_logits_for_metrics=lambda logits, labels: logits.argmax(-1),
        optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, clock.rate)),
        callbacks=[Timed(clock, work, last)],
    )
    clock.started = time.monotonic()
    if last is not None and checkpoints.step_of(last) >= recipe.steps:
        # The Trainer would make one more step.
        clock.step, clock.before = recipe.steps, checkpoints.seconds_of(last)
        with reading(last, "the checkpoint", errors=(Exception,), kind=TrainingError):
            kept = LlamaForCausalLM.from_pretrained(last, use_safetensors=True)
            network.load_state_dict(kept.state_dict())
        return checkpoints.history_of(last)
    with quiet():
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    return list(trainer.state.log_history)


def _arguments(recipe: TrainingSettings, work: Path, *, evaluates: bool) -> "TrainingArguments":
    import torch
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(work),
        max_steps=recipe.steps,
        per_device_train_batch_size=1,  # an item is a batch already
        per_device_eval_batch_size=1,
        max_grad_norm=1.0,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        save_steps=recipe.checkpoint_steps,
        save_total_limit=2,  # the newest may be half-written
        eval_strategy="steps" if evaluates else "no",
        eval_steps=recipe.evaluation_steps,
        logging_steps=20,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def _accuracies(found: "EvalPrediction") -> dict[str, float]:
    """The share of tokens, and of whole kernels, predicted right with all tokens before given."""
    predicted = np.asarray(found.predictions)[:, :-1]
    labels = np.asarray(found.label_ids)[:, 1:]
    counted = labels != IGNORED
    right = (predicted == labels) | ~counted
    return {
        "token_accuracy": float(right[counted].mean()),
        "kernel_accuracy": float(right.all(axis=1).mean()),
    }


def _write_beside(directory: Path, facts: dict[str, Any], card: str) -> None:
    text = (files("hawk_xdsl.training") / PROMPT_FILE).read_text(encoding="utf-8")
    (directory / model_files.PROMPT_FILE).write_text(text, encoding="utf-8")
    (directory / "README.md").write_text(card, encoding="utf-8")
    (directory / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
