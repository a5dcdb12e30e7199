"""The course of a training as CSV and as a picture."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from hawk_xdsl.errors import HawkError

CURVES_FILE = "training.csv"
PICTURE_FILE = "training.png"

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


def write_curves(history: Sequence[Mapping[str, float]], directory: Path) -> None:
    """Writes the CSV, and the picture if matplotlib is there. Raises ``OSError``."""
    rows = [
        {name: row[key] for key, name in _COLUMNS.items() if key in row}
        for row in history
        if "loss" in row or "eval_loss" in row
    ]
    with (directory / CURVES_FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(_COLUMNS.values()))
        writer.writeheader()
        writer.writerows(rows)
    draw_training(rows, directory / PICTURE_FILE)


def draw_training(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Loss and accuracies over steps. Raises ``HawkError`` without matplotlib."""
    panels = {
        "loss": ("loss", "held_out_loss"),
        "accuracy": ("held_out_token_accuracy", "held_out_kernel_accuracy"),
    }
    figure, axes = _figure(len(panels))
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


def _figure(panels: int):
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise HawkError("pictures need matplotlib: pip install 'hawk-xdsl[train]'") from None
    figure = Figure(figsize=(5 * panels, 3.6), layout="constrained")
    return figure, figure.subplots(1, panels, squeeze=False)[0]
