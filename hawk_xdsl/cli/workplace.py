"""The options that say where a campaign's tasks are computed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hawk_xdsl.executors import Workplace


@dataclass(frozen=True)
class WorkplaceOptions:
    """Processes of this machine, or of a Ray cluster."""

    jobs: Annotated[
        int | None,
        typer.Option(help="Processes at a time.", show_default="2; all CPUs of a cluster"),
    ] = None
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Run on a Ray cluster: its address, auto, or local to start one here "
            "(docs/campaigns.md).",
            show_default="processes of this machine",
        ),
    ] = None

    def workplace(self) -> "Workplace":
        """Both as one. Raises ``OptionError`` for wrong values."""
        from hawk_xdsl.executors import Workplace

        return Workplace(self.jobs, self.ray)

    def asked(self) -> "Workplace | None":
        """The same; ``None`` if neither was said: then this process computes."""
        return None if (self.jobs, self.ray) == (None, None) else self.workplace()
