"""Lets the local model choose between two entries that contradict each other."""

from dataclasses import dataclass
from typing import Protocol

from hawk_xdsl.knowledge_store import Entry, Evidence


class LikelihoodModel(Protocol):
    """What is asked: how likely a model finds a text after a prompt."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def likelihood(self, prompt: str, text: str) -> float:
        """The mean logarithm of the likelihood of the text's tokens."""
        ...


@dataclass(frozen=True)
class Arbitration:
    """Which of two entries stays, and on what question and answer."""

    winner: Entry
    loser: Entry
    prompt: str
    likelihoods: tuple[float, float]  # of the winner's and of the loser's replacement
    by: str  # the model


def arbitrate(
    first: Entry, second: Entry, evidence: tuple[Evidence, Evidence], reader: LikelihoodModel
) -> Arbitration:
    """The entry whose replacement the model finds likelier; of equals the first."""
    prompt = "\n".join(
        [
            "Two statements of one fact about kernels contradict each other. One is right.",
            *(
                _described(entry, seen)
                for entry, seen in zip((first, second), evidence, strict=True)
            ),
            f"The right replacement for {first.artifact.before} is:",
            "",
        ]
    )
    scores = tuple(reader.likelihood(prompt, e.artifact.after or "") for e in (first, second))
    ours, theirs = scores
    if ours >= theirs:
        return Arbitration(first, second, prompt, (ours, theirs), reader.name)
    return Arbitration(second, first, prompt, (theirs, ours), reader.name)


def _described(entry: Entry, evidence: Evidence) -> str:
    artifact = entry.artifact
    return (
        f"{artifact.before} -> {artifact.after}\n"
        f"  {' '.join(entry.rationale.split())}\n"
        f"  used {evidence.uses} times, {evidence.wins} right, {evidence.losses} wrong, "
        f"{evidence.cycles_gained} cycles gained"
    )
