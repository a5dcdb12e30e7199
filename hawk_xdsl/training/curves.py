"""The course of a training as CSV and as a picture."""

import contextlib
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

CURVES_FILE = "training.csv"
PICTURE_FILE = "training.png"

LEARNED_BY_HEART = 1.2
"""The held-out loss at the end over its lowest: above this, lessons were learned by heart."""

_COLUMNS = {
    "step": "step",
    "seconds": "seconds",
    "loss": "loss",
    "eval_loss": "held_out_loss",
    "eval_token_accuracy": "held_out_token_accuracy",
    "eval_kernel_accuracy": "held_out_kernel_accuracy",
    "learning_rate": "learning_rate",
}
"""What the trainer calls it → what the file calls it."""


def summary_of(history: Sequence[Mapping[str, float]]) -> str:
    """How often all examples were seen, and whether they were learned by heart."""
    passes = max((row["epoch"] for row in history if "epoch" in row), default=0.0)
    text = f"{passes:.1f} passes over the examples"
    losses = [(row["eval_loss"], int(row["step"])) for row in history if "eval_loss" in row]
    if losses and losses[-1][0] > LEARNED_BY_HEART * min(losses)[0]:
        loss, step = min(losses)
        text += (
            f"; the held-out loss rose from {loss:.3f} at step {step} to {losses[-1][0]:.3f}: "
            "generate more lessons, or train for less"
        )
    return text


def write_curves(history: Sequence[Mapping[str, float]], directory: Path) -> None:
    """Writes the CSV, and the picture if matplotlib is there."""
    rows = [
        {name: row[key] for key, name in _COLUMNS.items() if key in row}
        for row in history
        if "loss" in row or "eval_loss" in row
    ]
    with (directory / CURVES_FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(_COLUMNS.values()))
        writer.writeheader()
        writer.writerows(rows)
    with contextlib.suppress(ImportError):
        _draw(rows, directory / PICTURE_FILE)


def _draw(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Loss and accuracies over steps. Raises ``ImportError`` without matplotlib."""
    from matplotlib.figure import Figure

    panels = {
        "loss": ("loss", "held_out_loss"),
        "accuracy": ("held_out_token_accuracy", "held_out_kernel_accuracy"),
    }
    figure = Figure(figsize=(5 * len(panels), 3.6), layout="constrained")
    axes = figure.subplots(1, len(panels))
    for place, (title, names) in zip(axes, panels.items(), strict=True):
        for name in names:
            points = [(row["step"], row[name]) for row in rows if name in row]
            place.plot([x for x, _ in points], [y for _, y in points], label=name)
        place.set_xlabel("steps")
        place.set_title(title)
        place.legend()
        place.grid(alpha=0.3)
    axes[0].set_yscale("log")
    figure.savefig(path, dpi=90)
