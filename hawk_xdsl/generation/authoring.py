"""Asks the local model for kernel texts: retrieved knowledge in, grammar-constrained text out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.dialects.kernel_text import Signature, narrowed_grammar
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.generation.local_model import LocalModel
from hawk_xdsl.generation.model_files import find_model
from hawk_xdsl.generation.prompt import FailedAttempt, PromptRequest
from hawk_xdsl.knowledge_store import Entry, EntryKind, Message, Query, Retriever
from hawk_xdsl.knowledge_store.features import HardwareFeatures
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import structures

ENTRIES = 6
"""Knowledge entries offered to a prompt; what does not fit its budget is left out."""

CANDIDATES = 2
"""Texts asked for at a time: the likeliest one, and samples."""

MOST_TOKENS = 192
"""Tokens of one text."""

TEMPERATURE = 0.7


@dataclass(frozen=True)
class Draft:
    """A text of the model and how it came about."""

    text: str
    finished: bool
    prompt: tuple[Message, ...]
    entries: tuple[str, ...]
    seconds: float
    tokens: int


@dataclass(frozen=True)
class Author:
    """A local model with the knowledge it is given."""

    model: LocalModel
    retriever: Retriever
    rules: Sequence[Entry]
    target: Target

    @staticmethod
    def load(
        given: str | None,
        entries: Sequence[Entry],
        target: Target,
        progress: Callable[[str], None] = lambda line: None,
    ) -> "Author":
        """Loads the model (a directory, an id, or ``None`` for the default).

        Raises ``HawkError`` if it is missing or not a causal language model.
        """
        model = LocalModel.load(find_model(given, progress=progress))
        rules = [entry for entry in entries if entry.kind is EntryKind.RULE]
        return Author(model, Retriever(entries), rules, target)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    def open(self, specification: Specification, signature: Signature, seed: int) -> "Session":
        """A conversation about one op."""
        return Session(self, specification, signature, seed)

    def facts(self) -> tuple[str, ...]:
        """The few lines about the target that matter for writing any kernel."""
        scopes = ", ".join(f"{s} {spec.bytes} bytes" for s, spec in self.target.scopes.items())
        cores = self.target.cores
        return (
            f"{cores[Core.VECTOR]} vector cores, {cores[Core.CUBE]} cube cores",
            f"scopes of a core: {scopes}",
            "vector instructions: " + " ".join(sorted(self.target.vector.ops)),
        )


@dataclass
class Session:
    """Question after question about one op; each failed text is told in the next question."""

    author: Author
    specification: Specification
    signature: Signature
    seed: int
    _waiting: list[Draft] = field(default_factory=list[Draft])
    _failure: FailedAttempt | None = None
    _rounds: int = 0
    _tried: set[str] = field(default_factory=set[str])

    def next(self, seconds: float, wanted: int) -> Draft | None:
        """The next text not tried yet, of at most ``wanted`` more; ``None`` if there is none."""
        if not self._waiting:
            self._ask(seconds, min(wanted, CANDIDATES))
        if not self._waiting:
            return None
        draft = self._waiting.pop(0)
        self._tried.add(draft.text)
        return draft

    def failed(self, text: str, trap: str, message: str) -> None:
        """Tells why a text was refused."""
        rule = next((e.rationale for e in self.author.rules if trap in e.trigger.traps), "")
        self._failure = FailedAttempt(text, trap, message, rule)

    def _ask(self, seconds: float, candidates: int) -> None:
        found = self.author.retriever.retrieve(self._query(), ENTRIES)
        request = PromptRequest(
            spec=self.specification.text,
            target=self.author.target.name,
            facts=self.author.facts(),
            entries=tuple(item.entry for item in found),
            attempt=self._failure,
        )
        prompt = self.author.model.prompt(request)
        started = time.monotonic()
        proposals = self.author.model.propose(
            prompt.messages,
            narrowed_grammar(self.signature),
            candidates=candidates,
            max_tokens=MOST_TOKENS,
            seed=self.seed + self._rounds,
            temperature=TEMPERATURE,
            deadline_seconds=seconds,
        )
        self._rounds += 1
        share = (time.monotonic() - started) / max(1, len(proposals))
        for proposal in sorted(proposals, key=lambda p: -p.log_likelihood):
            if proposal.text not in self._tried:
                names = tuple(entry.name for entry in prompt.entries)
                self._waiting.append(
                    Draft(
                        proposal.text,
                        proposal.finished,
                        prompt.messages,
                        names,
                        share,
                        proposal.tokens,
                    )
                )

    def _query(self) -> Query:
        functions = self.specification.functions()
        dtypes = tuple(sorted({o.dtype for o in self.specification.operands}))
        return Query(
            text=self.specification.text,
            tokens=functions,
            features=HardwareFeatures(
                structure=str(structures(self.specification)[0]), ops=functions, dtypes=dtypes
            ),
            trap=None if self._failure is None else self._failure.trap,
        )
