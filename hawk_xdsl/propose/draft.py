"""A draft of a kernel, and who proposes drafts: the one interface of all that write kernels."""

from dataclasses import dataclass
from typing import Protocol

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.knowledge_store import Message
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class DraftFailure:
    """Why a proposer delivered no complete body: a stable code and one line."""

    code: str
    message: str


@dataclass(frozen=True)
class Draft:
    """A kernel body and how it came about; with ``failure`` it is not complete.

    ``origin`` is who wrote a text that was kept, ``model`` the model that wrote it now.
    ``about`` says in a few words what distinguishes it; ``schedule`` is what a strategy wrote it
    for. ``written`` is the text as a model wrote it in shorthand. ``seconds`` and ``tokens`` are
    what writing it took.
    """

    source: Source
    text: str
    entries: tuple[str, ...] = ()
    about: str = ""
    schedule: Schedule | None = None
    written: str = ""
    failure: DraftFailure | None = None
    prompt: tuple[Message, ...] = ()
    model: str | None = None
    origin: str = ""
    seconds: float = 0.0
    tokens: int = 0
    rejected_lines: int = 0

    @property
    def writer(self) -> str:
        """Who wrote it: a model's name, or its source."""
        return self.model or self.origin or str(self.source)


class Proposer(Protocol):
    """Proposes drafts for one op, the most promising first, and learns from what became of them."""

    def next(self) -> Draft | None:
        """The next draft; ``None`` if there is nothing more to try."""
        ...

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Gets each verdict, on the drafts of other proposers too."""
        ...
