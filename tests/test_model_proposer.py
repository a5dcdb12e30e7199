"""Questions to a kernel model, one after the other, with a model that answers as it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from undecided import elementwise, undecided

from hawk_xdsl.gate.gate import Verdict, signature_of
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.prompt import Prompt
from hawk_xdsl.language_model.sampling import Fork, Proposal, Sampling, Stop
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft
from hawk_xdsl.propose.language_model import FORKED, KERNEL_CANDIDATES, LIKELY, ModelProposer
from hawk_xdsl.semantics.specification import specify

SPECIFICATION = specify(undecided(elementwise("4096x8", "%1 = math.exp %in : f32")))
SIGNATURE = signature_of(SPECIFICATION, "kernel", "ascend910b1")
FORKS = tuple(Fork((1,) * n, 2) for n in range(9))


@dataclass
class Told:
    """Stands for an ``Author``: gives these texts, and notes how it was asked."""

    answers: Sequence[Sequence[str]]
    leads: bool = True
    repairs: bool = False
    name: str = "told"
    asked: list[tuple[Sampling, bool]] = field(default_factory=list[tuple[Sampling, bool]])

    def prompt(self, *question: object) -> Prompt:
        return Prompt((Message("user", "?"),), ())

    def texts(self, *what: object, seconds: float, likely: bool) -> list[Proposal]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        sampling = what[-1]
        assert isinstance(sampling, Sampling)
        self.asked.append((sampling, likely))
        return [_proposal(text) for text in answer[: sampling.candidates]]

    def shorthand(self, *of: object) -> Shorthand:
        return Shorthand.of(SIGNATURE, SPECIFICATION.axes, {})


def _proposal(text: str) -> Proposal:
    stop = Stop.REJECTED if text.startswith("unfinished") else Stop.END
    return Proposal(text, -1.0, 8, 0, stop, 0.0, written=text, forks=FORKS)


def proposer(author: Told, most: int = 8) -> ModelProposer:
    return ModelProposer(
        lambda: author,  # pyright: ignore[reportArgumentType]
        SPECIFICATION,
        SIGNATURE,
        bound=1.0,
        seed=0,
        most=most,
        tuning=0,
        seconds=9,  # pyright: ignore[reportArgumentType]
    )


def drafts(author: Told, trap: str = "wrong-result") -> list[str]:
    asking, found = proposer(author), list[str]()
    while (draft := asking.next()) is not None:
        found.append(draft.text)
        if draft.failure is None:
            asking.learn(draft, Verdict(draft.text, trap, "as told"))
    return found


def test_a_text_that_was_written_before_is_no_attempt() -> None:
    author = Told([["a"], [*"ababcaa"], [*"da"], [*"efghi"]])
    assert drafts(author) == ["a", "b", "c", "d", "e", "f", "g", "h"]


@pytest.mark.parametrize("answer", ["a", "unfinished"])
def test_a_model_that_never_writes_anything_else_is_given_up(answer: str) -> None:
    author = Told([["a"], [answer] * KERNEL_CANDIDATES])
    found = drafts(author)
    assert found.count("a") == 1
    assert 1 < len(author.asked) < 6


def test_questions_are_ever_warmer_and_each_fork_is_taken_once() -> None:
    author = Told([["a"], list("bcdaaaa"), ["a"] * 7, ["a"] * 7])
    drafts(author)
    (first, second, third, *_), likely = zip(*author.asked, strict=True)
    assert (first.candidates, first.greedy, first.forks) == (1, True, [])
    assert second.candidates == KERNEL_CANDIDATES
    assert (second.forks, third.forks) == ([*FORKS[:FORKED]], [*FORKS[FORKED : 2 * FORKED]])
    assert likely == tuple(n < LIKELY for n in range(len(likely)))
    last = second.temperature + 6 * second.warmer
    assert first.temperature < second.temperature < last <= third.temperature


def test_a_templates_draft_does_not_ask_for_the_model() -> None:
    def author() -> Author:
        raise AssertionError("the model is loaded")

    asking = ModelProposer(
        author, SPECIFICATION, SIGNATURE, bound=1.0, seed=0, most=8, tuning=0, seconds=9
    )
    asking.learn(Draft(Source.TEMPLATE, "text"), Verdict("text", "capacity", "as told"))


def test_what_has_no_room_comes_once_more_in_smaller_tiles_and_is_an_attempt() -> None:
    short = "across i0 parts 4 {\nb0 = load x0[i0:] into ub\n}\n"
    author = Told([[short], [*"bcdefgh"]])
    found = drafts(author, trap="capacity")
    assert "step 4096" in found[1], "32768 in 8 parts"
    assert len(found) == 8
