"""What the store keeps: verified kernels, the outcome of every attempt, evidence for entries."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from hawk_xdsl.files.typed import typed

SqlValue = str | int | float | None

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Message:
    """One turn of a chat: who speaks (system, user, assistant) and what is said."""

    role: str
    content: str


class AttemptVerdict(StrEnum):
    """How an attempt ended."""

    ACCEPTED = "accepted"  # verified and equal to the reference
    REJECTED = "rejected"  # a complete kernel text that the gate refused
    UNFINISHED = "unfinished"  # the model did not complete a kernel text


@dataclass(frozen=True)
class KernelKey:
    """What a verified kernel, or a failure, is valid for: digests of contents, no names."""

    spec_hash: str
    target_hash: str
    entries_hash: str  # of the entries in use
    verifier_hash: str  # of the code that decides verdicts


@dataclass(frozen=True)
class KernelRecord:
    """A kernel text that passed the whole gate; cycles are simulated."""

    spec_hash: str
    target_hash: str
    entries_hash: str
    verifier_hash: str
    target: str  # its name
    text: str
    source: str  # who wrote it: a template, a model
    cycles: int
    bound_cycles: float  # the roofline bound of the operation
    bottleneck: str  # pipe
    trust: str = ""  # what its verdict rested on
    schedule: str = ""  # as the IR has it; empty where no strategy wrote the kernel
    entries: tuple[str, ...] = ()  # names of the entries used
    created: float = field(default_factory=time.time)  # seconds since the epoch

    @property
    def key(self) -> KernelKey:
        """What the kernel is valid for."""
        return KernelKey(self.spec_hash, self.target_hash, self.entries_hash, self.verifier_hash)


@dataclass(frozen=True)
class FailureRecord:
    """That nobody found a kernel: who was asked, within which budget, and why the best one failed.

    A failure speaks for the same question asked with as much or less, never for one with more.
    """

    spec_hash: str
    target_hash: str
    entries_hash: str
    verifier_hash: str
    asked: str  # sources, retrieval, model, seed
    attempts: int
    patience: int  # of the schedule search
    seconds: float  # that the model might take
    code: str
    reason: str
    created: float = field(default_factory=time.time)  # seconds since the epoch


@dataclass(frozen=True)
class AnswerKey:
    """What an answer is to: digests of contents only, so that any worker's is everyone's."""

    kind: str  # op, lesson, case or estimate
    content_hash: str  # what it computes: a specification, a case of a suite
    target_hash: str
    code_hash: str  # of the package
    asked_hash: str  # who is asked, knowledge, seed, budget


@dataclass(frozen=True)
class AnswerRecord:
    """What came of a task of a campaign, or a long search; a failure is an answer too."""

    kind: str
    content_hash: str
    target_hash: str
    code_hash: str
    asked_hash: str
    verdict: str
    answer: str  # all of it, as JSON
    schedule: str = ""  # as the IR has it; empty where no strategy wrote a kernel
    microseconds: float | None = None  # simulated; None without a kernel
    created: float = field(default_factory=time.time)  # seconds since the epoch

    @property
    def key(self) -> AnswerKey:
        """What it is the answer to."""
        return AnswerKey(*(getattr(self, each.name) for each in fields(AnswerKey)))


@dataclass(frozen=True)
class Outcome:
    """One attempt to write a kernel: everything that went in and came out."""

    run_id: str
    spec_hash: str
    spec_text: str
    target: str
    verdict: AttemptVerdict
    source: str
    kernel_text: str = ""
    prompt: tuple[Message, ...] = ()  # empty where no model was asked
    trap_code: str | None = None
    trap_message: str | None = None
    cycles: int | None = None
    bottleneck: str | None = None
    entries: tuple[str, ...] = ()
    schedule: str = ""  # as the IR has it; empty where no strategy wrote the kernel
    model: str | None = None
    seed: int | None = None
    seconds: float = 0.0
    tokens: int = 0  # tokens that the model was asked for
    time: float = field(default_factory=time.time)  # seconds since the epoch


@dataclass(frozen=True)
class SpecRecord:
    """An op that was decided: enough to decide it again without the model it came from."""

    digest: str  # of the specification
    label: str
    text: str  # the specification
    op: str  # a module with the undecided op, as MLIR text


class Action(StrEnum):
    """What is done with an entry."""

    ADMIT = "admit"  # synthesized and verified: into the store
    REFUSE = "refuse"  # synthesized, but not verified: not into the store
    PRUNE = "prune"  # harmful: out of use
    MERGE = "merge"  # says what another one says: out of use
    ARBITRATE = "arbitrate"  # contradicts another one, and lost: out of use
    KEEP = "keep"  # suspected, and found to be of use


@dataclass(frozen=True)
class Curation:
    """One decision about an entry: what, why, and on what evidence; it can be taken back."""

    action: Action
    entry: str
    toml: str  # the entry as it was
    reason: str
    run_id: str
    evidence: str = "{}"  # JSON: figures, the prompt of an arbitration
    into_entry: str | None = None  # the entry that it was merged into
    time: float = field(default_factory=time.time)  # seconds since the epoch
    undone: float | None = None  # when it was taken back
    id: int = 0  # given by the store

    @property
    def takes_out(self) -> bool:
        """Whether the entry is out of use because of it."""
        return self.action in (Action.PRUNE, Action.MERGE, Action.ARBITRATE)


@dataclass(frozen=True)
class Evidence:
    """What using an entry has brought so far; cycles gained may be negative."""

    uses: int = 0
    wins: int = 0
    losses: int = 0
    cycles_gained: int = 0


def to_row(
    record: KernelRecord | FailureRecord | Outcome | Curation | AnswerRecord,
) -> dict[str, SqlValue]:
    """The columns of a record: its fields, tuples as JSON."""
    values = {spec.name: getattr(record, spec.name) for spec in fields(record)}
    return {name: _column(value) for name, value in values.items()}


def _column(value: Any) -> SqlValue:
    if isinstance(value, tuple):
        return json.dumps([vars(item) if isinstance(item, Message) else item for item in value])
    return str(value) if isinstance(value, StrEnum) else value


def from_row(kind: type[_Record], row: Mapping[str, object], table: str) -> _Record:
    """Inverse of :func:`to_row`; also for records that are kept column by column.

    Raises ``WrongValueError`` and ``JSONDecodeError`` for what somebody else wrote into the table.
    """
    values = dict(row)
    for name in _JSON_COLUMNS & values.keys():
        values[name] = json.loads(typed(str, values[name], f"{table}.{name}"))
    return typed(kind, values, table)


_JSON_COLUMNS = frozenset({"entries", "prompt"})
"""The columns of tuples."""
