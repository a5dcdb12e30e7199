"""What the shell completes beyond options: names of targets, kernels of a compile."""

import json
from pathlib import Path

import typer


def complete_target(incomplete: str) -> list[str]:
    """The names of targets that begin so."""
    from hawk_xdsl.npu_target.target_file import available_targets

    return [name for name in available_targets() if name.startswith(incomplete)]


def complete_kernel(ctx: typer.Context, incomplete: str) -> list[str]:
    """The kernels of the directory that was typed before."""
    given: object = ctx.params.get("directory")
    try:
        text = (Path(str(given)) / "report.json").read_text(encoding="utf-8")
        rows = json.loads(text)["kernels"]
        names = [name for row in rows for name in str(row["kernel"]).split(", ")]
    except (OSError, ValueError, KeyError, TypeError):  # no compile: there is nothing to complete
        return []
    wanted = incomplete.removeprefix("@")
    return [name for name in dict.fromkeys(names) if name.removeprefix("@").startswith(wanted)]
