"""Keeps the time of a training by the Trainer, in every checkpoint too, and ends it in time."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from hawk_xdsl.training import checkpoints

if TYPE_CHECKING:
    from hawk_xdsl.training.train import Clock


class Timed(TrainerCallback):
    """Writes to a clock; ``last`` is the checkpoint that the training goes on from."""

    def __init__(self, clock: "Clock", work: Path, last: Path | None) -> None:
        self.clock = clock
        self.work = work
        self.last = last

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock where the checkpoint left it."""
        self.clock.before = 0.0 if self.last is None else checkpoints.seconds_of(self.last)
        self.clock.started = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the training when its steps or its time are over."""
        if self.clock.share() >= 1.0:
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Marks a checkpoint as whole, with the seconds until it."""
        checkpoints.seal(self.work / f"checkpoint-{state.global_step}", self.clock.seconds())

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Adds the seconds to what was logged."""
        state.log_history[-1]["seconds"] = round(self.clock.seconds(), 1)
