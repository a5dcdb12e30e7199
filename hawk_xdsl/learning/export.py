"""Recorded outcomes as training data: Hugging Face chats (SFT) and preferences (DPO)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.whole_file import whole_file
from hawk_xdsl.knowledge_store import AttemptVerdict, Entry, EntryKind, Message, Outcome
from hawk_xdsl.language_model.prompt import (
    FailedAttempt,
    PromptFormat,
    PromptRequest,
    load_prompt_format,
)
from hawk_xdsl.npu_target import load_target

PROMPT_FILE = "export_prompt.toml"
"""The prompt format, beside this file."""

ENTRIES = 6
"""Knowledge entries that a prompt made for the export shows at most."""

PAIRS = 8
"""Preferences of one kind that one op on one target gives at most."""

SLOWER = 1.05
"""How many times the cycles of the faster kernel the slower one of a preference has at least."""

Row = Mapping[str, object]


class ExportFormat(StrEnum):
    """What a line of the export is."""

    SFT = "sft"  # {"messages": […]}: a question and its verified answer
    DPO = "dpo"  # {"prompt": […], "chosen": […], "rejected": […]}


@dataclass(frozen=True)
class Exporter:
    """Makes rows of outcomes; ``entries`` are what prompts may quote.

    Where a model was asked, the prompt is what it was shown; elsewhere one with the specification,
    the target and the entries that the kernel came from.
    """

    entries: Sequence[Entry]
    form: PromptFormat

    @staticmethod
    def of(entries: Sequence[Entry]) -> "Exporter":
        """With questions whose answer is kernel text, which outcomes are recorded in."""
        return Exporter(entries, load_prompt_format(files("hawk_xdsl.learning") / PROMPT_FILE))

    def rows(self, outcomes: Iterable[Outcome], wanted: ExportFormat) -> Iterator[Row]:
        """The rows in the order in which the ops were first decided."""
        for group in _by_op(outcomes):
            yield from (
                self._chats(group) if wanted is ExportFormat.SFT else self._preferences(group)
            )

    def _chats(self, group: Sequence[Outcome]) -> Iterator[Row]:
        """The fastest kernel for the op alone, and for each refusal that was repaired."""
        accepted = _accepted(group)
        if not accepted:
            return
        best = accepted[0]
        yield {"messages": _chat((*self.prompt(best), _answer(best)))}
        shown: set[str] = set()
        for refused in _refused(group)[:PAIRS]:
            if refused.trap_code not in shown:
                shown.add(refused.trap_code or "")
                question = self.prompt(best, self._failure(refused), recorded=False)
                yield {"messages": _chat((*question, _answer(best)))}

    def _preferences(self, group: Sequence[Outcome]) -> Iterator[Row]:
        """Right before wrong, and faster before slower."""
        accepted = _accepted(group)
        if not accepted:
            return
        best = accepted[0]
        worse = _refused(group)[:PAIRS]
        slow = [o for o in accepted[1:] if _cycles(o) >= SLOWER * max(1, _cycles(best))][:PAIRS]
        for other in (*worse, *slow):
            yield {
                "prompt": _chat(self.prompt(best)),
                "chosen": _chat((_answer(best),)),
                "rejected": _chat((_answer(other),)),
            }

    def prompt(
        self, outcome: Outcome, failure: FailedAttempt | None = None, *, recorded: bool = True
    ) -> tuple[Message, ...]:
        """What a model is asked about the op of an outcome, after a failure if one is given."""
        if recorded and outcome.prompt:
            return outcome.prompt
        kinds = list(EntryKind)  # what is least obvious first: instructions are many
        used = [entry for entry in self.entries if entry.name in outcome.entries]
        used.sort(key=lambda entry: kinds.index(entry.kind))
        request = PromptRequest(
            spec=outcome.spec_text,
            target=outcome.target,
            facts=_facts(outcome.target),
            entries=tuple(used[:ENTRIES]),
            attempt=failure,
        )
        unlimited = 1 << 30
        built = self.form.build(request, count=lambda _: 0, budget=unlimited, limit=unlimited)
        return built.messages

    def _failure(self, refused: Outcome) -> FailedAttempt:
        code = refused.trap_code or "unfinished"
        rules = (e.rationale for e in self.entries if e.kind is EntryKind.RULE)
        fitting = {e.rationale for e in self.entries if code in e.trigger.traps}
        rule = next((rationale for rationale in rules if rationale in fitting), "")
        return FailedAttempt(refused.kernel_text, code, refused.trap_message or "", rule)


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Writes JSON lines; the file is complete or what it was before. Returns their number.

    Raises ``HawkError`` if it cannot be written.
    """
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial, partial.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise HawkError(f"cannot write the export: {error.strerror}", file=str(path)) from None
    return count


def _by_op(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.spec_hash, outcome.target), []).append(outcome)
    return list(groups.values())


def _accepted(group: Sequence[Outcome]) -> list[Outcome]:
    """The right kernels, each text once, the fastest first."""
    found = {o.kernel_text: o for o in group if o.verdict is AttemptVerdict.ACCEPTED}
    return sorted(found.values(), key=_cycles)


def _refused(group: Sequence[Outcome]) -> list[Outcome]:
    """The complete texts that were refused, each once, in the order of recording."""
    right = {o.kernel_text for o in group if o.verdict is AttemptVerdict.ACCEPTED}
    refused = [
        o for o in group if o.verdict is AttemptVerdict.REJECTED and o.kernel_text not in right
    ]
    return list({o.kernel_text: o for o in refused}.values())


def _cycles(outcome: Outcome) -> int:
    return outcome.cycles or 0


def _answer(outcome: Outcome) -> Message:
    return Message("assistant", outcome.kernel_text)


def _chat(messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _facts(target: str) -> tuple[str, ...]:
    """The cores and scopes of a target; nothing about one that is not known here any more."""
    try:
        loaded = load_target(target)
    except HawkError:
        return ()
    scopes = ", ".join(f"{scope} {spec.bytes} bytes" for scope, spec in loaded.scopes.items())
    cores = loaded.cores
    return (
        ", ".join(f"{cores[core]} {core} cores" for core in reversed(list(cores))),
        f"scopes of a core: {scopes}",
    )
