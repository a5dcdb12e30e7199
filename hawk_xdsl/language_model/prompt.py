"""Builds the prompt for a kernel, in the format that the model asks for, within its budget."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.knowledge_store.kernel_examples import KernelExample
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.remarks import example_text


@dataclass(frozen=True)
class FailedAttempt:
    """The last attempt: its text, what was wrong with it, and what is known about that.

    ``trap`` is a stable code, or ``slow`` for a right kernel that ``bottleneck`` holds up.
    """

    text: str
    trap: str
    message: str
    rule: str = ""
    bottleneck: str = ""


@dataclass(frozen=True)
class PromptRequest:
    """Everything that may stand in a prompt; entries and examples are in the order of relevance.

    ``steps`` is the specification once more, a function a line; ``language`` says how kernels are
    written on the target.
    """

    spec: str
    target: str
    steps: str = ""
    language: str = ""
    facts: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    examples: tuple[KernelExample, ...] = ()
    attempt: FailedAttempt | None = None


@dataclass(frozen=True)
class Prompt:
    """The messages of a prompt, and the entries and examples that found room in it."""

    messages: tuple[Message, ...]
    entries: tuple[Entry, ...]
    examples: tuple[KernelExample, ...] = ()


class PromptTooLong(HawkError):
    """A prompt of which nothing more can be left out and which exceeds the limit (in tokens)."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"the shortest prompt for this operation has {tokens} tokens, more than the {limit} "
            "that the model has room for"
        )
        self.tokens = tokens
        self.limit = limit


@dataclass(frozen=True)
class PromptFormat:
    """How a model wants to be asked: texts with ``$name`` places.

    A section whose content is empty is left out; an empty ``system`` text means no such message.

    ``leads`` says that the model was trained to write kernels in this format: it is asked the same
    question again, for samples, and not to repair what was refused. Without ``repairs`` any other
    model is asked so too.
    ``answer_tokens`` is the most that a kernel body of it may take, ``prompt_tokens`` what a prompt
    should take at most; ``shorthand`` says that it writes in
    :class:`~hawk_xdsl.language_model.shorthand.Shorthand`, as examples are; ``remarks`` that it
    says each step before its statements (:mod:`hawk_xdsl.language_model.remarks`).
    """

    name: str
    system: str  # $target, $language
    spec: str  # $spec, or $steps: the same, a function a line
    facts: str  # $target, $facts: one a line
    knowledge: str  # $knowledge: the entries, one after the other
    entry: str  # $name, $kind, $rationale, $artifact, $error
    attempt: str  # $text, $trap, $message, $rule
    answer: str  # the last line
    examples: str = ""  # $examples: one after the other, the nearest last
    example: str = ""  # $spec, $steps, $text
    leads: bool = False
    repairs: bool = True
    answer_tokens: int = 256
    prompt_tokens: int = 1024
    shorthand: bool = False
    remarks: bool = False

    @property
    def shows_entries(self) -> bool:
        """Whether it has a place for knowledge entries; only then they are looked for."""
        said = Template(self.entry).get_identifiers()
        return "knowledge" in Template(self.knowledge).get_identifiers() and bool(said)

    @property
    def shows_examples(self) -> bool:
        """Whether it has a place for verified kernels."""
        said = Template(self.example).get_identifiers()
        return "examples" in Template(self.examples).get_identifiers() and "text" in said

    def build(
        self,
        request: PromptRequest,
        *,
        count: Callable[[Sequence[Message]], int],
        budget: int,
        limit: int,
    ) -> Prompt:
        """The prompt with as many of the most relevant entries and examples as the budget allows.

        Entries are left out first, then examples; of a question after an attempt the target facts,
        the text of that attempt, and last the page about the language; of a first question facts
        and page together. The shortest prompt, which is about the operation
        alone, may exceed the budget up to the limit.

        Args:
            request: what to say.
            count: the tokens of rendered messages.
            budget: the tokens that a prompt should have at most.
            limit: the tokens that it can have at most.

        Raises:
            PromptTooLong: if the shortest prompt exceeds the limit.
        """
        if not self.shows_entries:
            request = replace(request, entries=())
        if not self.shows_examples:
            request = replace(request, examples=())
        for variant in _shortened(request):
            messages = self._messages(variant)
            if count(messages) <= min(budget, limit):
                return Prompt(messages, variant.entries, variant.examples)
        alone = PromptRequest(request.spec, request.target, request.steps)
        shortest = self._messages(alone)
        if (tokens := count(shortest)) > limit:
            raise PromptTooLong(tokens, limit)
        return Prompt(shortest, ())

    def _messages(self, request: PromptRequest) -> tuple[Message, ...]:
        target = request.target
        facts = "\n".join(request.facts)
        known = "".join(self._entry(entry) for entry in request.entries)
        # The nearest one is last: what a model has read last it copies most readily.
        shown = "".join(self._example(example) for example in reversed(request.examples))
        operation = _fill(self.spec, spec=request.spec, steps=request.steps)
        said = [
            _fill(self.facts, target=target, facts=facts) if facts else "",
            _fill(self.knowledge, knowledge=known.strip("\n")) if known else "",
        ]
        parts = [
            # Beside examples, the operation stands where theirs do: right before its kernel.
            *([] if self.examples else [operation]),
            *said,
            _fill(self.examples, examples=shown.strip("\n")) if shown else "",
            *([operation] if self.examples else []),
            _fill(self.attempt, **vars(request.attempt)) if request.attempt else "",
            self.answer,
        ]
        system = _fill(self.system, target=target, language=request.language)
        user = Message("user", "\n\n".join(part.strip("\n") for part in parts if part))
        return (Message("system", system), user) if system else (user,)

    def _example(self, example: KernelExample) -> str:
        text = example_text(example.text, example.steps) if self.remarks else example.text
        filled = _fill(self.example, spec=example.spec, steps=example.steps, text=text)
        return filled.strip("\n") + "\n"

    def _entry(self, entry: Entry) -> str:
        artifact = entry.artifact
        pattern = f"{artifact.before} -> {artifact.after}" if artifact.before else ""
        filled = _fill(
            self.entry,
            name=entry.name,
            kind=str(entry.kind),
            rationale=entry.rationale,
            artifact=artifact.text or artifact.strategy or pattern,
            error="" if artifact.error is None else str(artifact.error),
        )
        return filled.strip("\n") + "\n"


def load_prompt_format(path: Path | Traversable) -> PromptFormat:
    """Reads a prompt format from TOML: the fields of :class:`PromptFormat`.

    Raises:
        HawkError: if the file cannot be read, or a field is missing, unknown or of another type.
    """
    with reading(str(path), "the prompt format"):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {spec.name for spec in fields(PromptFormat)}
    wrong = (_PLACES.keys() - table.keys()) | (table.keys() - known)
    if wrong:
        named = ", ".join(sorted(wrong))
        raise HawkError(f"prompt format: missing or unknown: {named}", file=str(path))
    texts = {name: table[name] for name in (*_PLACES, *_MORE_PLACES) if name in table}
    _check_places(texts, str(path))
    _check_settings(table, str(path))
    return PromptFormat(**table)


def instruct_format() -> PromptFormat:
    """The format for a model that brings none."""
    return load_prompt_format(files("hawk_xdsl.language_model") / "instruct_prompt.toml")


_PLACES: Mapping[str, frozenset[str]] = {
    "name": frozenset(),
    "system": frozenset({"target", "language"}),
    "spec": frozenset({"spec", "steps"}),
    "facts": frozenset({"target", "facts"}),
    "knowledge": frozenset({"knowledge"}),
    "entry": frozenset({"name", "kind", "rationale", "artifact", "error"}),
    "attempt": frozenset({"text", "trap", "message", "rule"}),
    "answer": frozenset(),
}

_MORE_PLACES: Mapping[str, frozenset[str]] = {
    "examples": frozenset({"examples"}),
    "example": frozenset({"spec", "steps", "text"}),
}
"""Of texts that a format may lack."""


def _check_places(table: Mapping[str, object], file: str) -> None:
    for name, text in table.items():
        if not isinstance(text, str):
            raise HawkError(f"prompt format: '{name}' must be a string", file=file)
        template = Template(text)
        places = {**_PLACES, **_MORE_PLACES}[name]
        unknown = set(template.get_identifiers()) - places
        if unknown or not template.is_valid():
            wrong = ", ".join(sorted(unknown)) or "a lone $"
            raise HawkError(f"prompt format: '{name}' has no place for {wrong}", file=file)


def _fill(form: str, /, **values: str) -> str:
    return Template(form).substitute(values)


def _shortened(request: PromptRequest) -> Sequence[PromptRequest]:
    """The request, and what is tried after it when there is no room, longest first."""
    attempt = request.attempt
    fewer = [
        replace(request, entries=request.entries[:kept])
        for kept in range(len(request.entries), -1, -1)
    ]
    bare = fewer[-1]
    fewer += [
        replace(bare, examples=request.examples[:kept])
        for kept in range(len(request.examples) - 1, -1, -1)
    ]
    if attempt is None:
        return fewer
    alone = replace(request, facts=(), entries=(), examples=())
    untold = replace(attempt, text="")
    without = [replace(alone, language="", attempt=each) for each in (attempt, untold)]
    return [*fewer, alone, replace(alone, attempt=untold), *without]


_SETTINGS: Mapping[str, tuple[type, ...]] = {
    "leads": (bool,),
    "repairs": (bool,),
    "shorthand": (bool,),
    "remarks": (bool,),
    "answer_tokens": (int,),
    "prompt_tokens": (int,),
}


def _check_settings(table: Mapping[str, object], file: str) -> None:
    for name, types in _SETTINGS.items():
        value = table.get(name)
        if value is not None and type(value) not in types:
            wanted = types[0].__name__
            raise HawkError(f"prompt format: '{name}' must be a {wanted}", file=file)
