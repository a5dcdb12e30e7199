"""What came of a case under a condition, and the journal that keeps it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from hawk_xdsl.bench.suite import Case
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading, writing
from hawk_xdsl.files.typed import typed
from hawk_xdsl.files.whole_file import write_whole

NEAR = 3.0
"""Times the bound within which a right kernel counts as near it."""


class CaseVerdict(StrEnum):
    """How a case ended."""

    RIGHT = "right"  # all ops on the NPU, and equal to PyTorch in float64 on fresh inputs
    HOST = "host"  # an op has no kernel; those that have are right
    WRONG = "wrong"  # accepted by the gate, and not equal on fresh inputs
    IMPORT = "import"  # the front end cannot lower it
    ERROR = "error"  # an error that is no verdict
    CRASH = "crash"  # the process ended
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Task:
    """A case to run under a condition with a seed; all by name."""

    condition: str
    case: str
    seed: int


@dataclass(frozen=True)
class CaseResult:
    """One case under one condition with one seed.

    ``first`` says whether the first attempt at every op was right; ``attempts`` sums over ops,
    as ``tuning``, ``gate_runs``, ``timings``, ``tokens`` and ``rejected_lines`` do. ``cycles``
    are simulated, of all launches on fresh inputs; ``bound`` sums the bounds of the launched
    ops: each kernel reads and writes global memory. Both are 0 unless the case is right.
    ``cut_short`` ops ended because the model's time was over: with more of it they might have
    become something else.
    """

    condition: str
    case: str
    seed: int
    operator: str
    family: str
    split: str
    shape: str
    dtype: str
    verdict: CaseVerdict
    reason: str = ""
    ops: int = 0
    host_ops: int = 0
    first: bool = False
    attempts: int = 0
    tuning: int = 0
    gate_runs: int = 0
    timings: int = 0
    cycles: float = 0.0
    bound: float = 0.0
    tokens: int = 0
    rejected_lines: int = 0
    seconds: float = 0.0
    cut_short: int = 0
    traps: Mapping[str, int] = field(default_factory=dict[str, int])

    @staticmethod
    def of(task: Task, case: Case, verdict: CaseVerdict, reason: str = "") -> "CaseResult":
        """A result without figures."""
        operator = case.operator
        return CaseResult(
            condition=task.condition,
            case=task.case,
            seed=task.seed,
            operator=operator.name,
            family=operator.family,
            split=str(operator.split),
            shape=str(case.shape),
            dtype=case.dtype,
            verdict=verdict,
            reason=reason,
        )

    @property
    def task(self) -> Task:
        """What was asked for."""
        return Task(self.condition, self.case, self.seed)

    @property
    def right(self) -> bool:
        """Whether the case is right within the budget."""
        return self.verdict is CaseVerdict.RIGHT

    @property
    def near(self) -> bool:
        """Whether it is right, and at most ``NEAR`` times the bound."""
        return self.right and self.cycles <= NEAR * self.bound


class Journal:
    """Results in a JSON Lines file, each written when it is known.

    ``setup`` is what all results of a file must share; it is kept beside them. What is ``None`` in
    it plays no part, so far.
    Raises ``HawkError`` if the folder holds results of another setup.
    """

    def __init__(self, folder: Path, setup: Mapping[str, object]) -> None:
        self._file = folder / "results.jsonl"
        about = folder / "setup.json"
        with writing(folder, "results here"):
            folder.mkdir(parents=True, exist_ok=True)
        before: dict[str, object] = {}
        if about.exists():
            with reading(about, "the setup of the results", todo="choose another folder"):
                text = about.read_text(encoding="utf-8")
                before = typed(dict[str, object], json.loads(text))
        known = {name: value for name, value in setup.items() if value is not None}
        changed = [name for name in known if before.get(name) not in (None, known[name])]
        if changed:
            raise HawkError(
                f"holds results of another {', '.join(changed)}: choose another folder",
                file=str(folder),
            )
        with writing(folder, "results here"):
            write_whole(about, json.dumps({**before, **known}, indent=2) + "\n")
            self._drop_half_line()

    def append(self, result: CaseResult) -> None:
        """Keeps a result."""
        with writing(self._file, "a result"), self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def results(self) -> Iterator[CaseResult]:
        """The results kept so far."""
        if not self._file.exists():
            return
        todo = "remove the line"
        with reading(self._file, "the results"):
            lines = self._file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            with reading(self._file, f"the result in line {number}", todo=todo):
                result = typed(CaseResult, json.loads(line))
            yield result

    def _drop_half_line(self) -> None:
        """An interrupted run may have left a line without its end."""
        if self._file.exists():
            data = self._file.read_bytes()
            if not data.endswith(b"\n"):
                self._file.write_bytes(data[: data.rfind(b"\n") + 1])
