"""What the vendor's tools say of one launch, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

NOT_ASKED = "not asked"
"""What a step says that needs an earlier one to succeed."""


@dataclass(frozen=True)
class ToolAnswer:
    """One question to the vendor's tools.

    Attributes:
        passed: whether the answer is what is wanted.
        said: the answer in a few words, or the tool's own message.
    """

    passed: bool
    said: str


@dataclass(frozen=True)
class VendorVerdict:
    """What the vendor's tools say of one launch.

    Attributes:
        kernel: its name: that of the kernel, or of several that are stages of it.
        core: the kind of core, ``mixed`` for several.
        verified: whether their verifier accepts the kernel, as written and as planned by us.
        planned: whether their compiler plans, pads and synchronises it.
        order: flags and barriers of ours and of their solver for our addresses; it fails if theirs
            orders two pipes more often than ours.
        our_values: whether the kernel as planned by us computes what the NPU simulator says.
        their_values: the same of the kernel as planned by them.
        seconds: how long all took.
        stages: the kernels of a launch of several.
    """

    kernel: str
    core: str
    verified: ToolAnswer
    planned: ToolAnswer
    order: ToolAnswer
    our_values: ToolAnswer
    their_values: ToolAnswer
    seconds: float
    stages: tuple[str, ...] = ()

    def is_of(self, kernel: str) -> bool:
        """Whether a kernel is this one, or a stage of this launch."""
        return kernel == self.kernel or kernel in self.stages

    @property
    def steps(self) -> Mapping[str, ToolAnswer]:
        """The steps by what they are called in the table."""
        return {
            "verifier": self.verified,
            "plans": self.planned,
            "flags/barriers, theirs": self.order,
            "values": self.our_values,
            "values, their plan": self.their_values,
        }

    @property
    def passed(self) -> bool:
        """Whether they accept it and it computes the same; the order is only shown."""
        asked = (self.verified, self.planned, self.our_values, self.their_values)
        return all(step.passed for step in asked)

    @property
    def document(self) -> dict[str, object]:
        """As JSON."""
        return {**asdict(self), "passed": self.passed}


def print_verdicts(verdicts: Sequence[VendorVerdict], console: Console) -> None:
    """A row for each kernel, how many passed each step, and the messages of those that did not."""
    table = Table(title="The vendor's tools", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("kernel", no_wrap=True)
    table.add_column("core", no_wrap=True)
    headings = list(verdicts[0].steps) if verdicts else []
    for heading in headings:
        table.add_column(heading)
    for verdict in verdicts:
        shown = [
            step.said if step.passed else f"[red]{_short(step)}[/red]"
            for step in verdict.steps.values()
        ]
        table.add_row(f"@{verdict.kernel}", verdict.core, *shown)
    console.print(table)
    for heading in headings:
        passed = sum(verdict.steps[heading].passed for verdict in verdicts)
        console.print(f"{heading}: {passed} of {len(verdicts)}", highlight=False)
    for verdict in verdicts:
        for name, step in verdict.steps.items():
            if not step.passed and step.said != NOT_ASKED:
                line = f"@{verdict.kernel}: {name}: {step.said}"
                console.print(line, markup=False, highlight=False)


def _short(step: ToolAnswer) -> str:
    return step.said if len(step.said) <= 12 else "no, see below"
