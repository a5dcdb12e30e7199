"""Prompts: what stands in them, what is left out first, and a model's own format."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind
from hawk_xdsl.knowledge_store.kernel_examples import KernelExample, packaged_examples
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.prompt import (
    FailedAttempt,
    Prompt,
    PromptRequest,
    PromptTooLong,
    instruct_format,
    load_prompt_format,
)
from hawk_xdsl.training.erased import excluded_keys

ENTRIES = tuple(
    Entry(
        f"entry-{i}",
        EntryKind.REWRITE,
        f"Rationale number {i}.",
        artifact=Artifact(before=f"f{i}(x)", after=f"g{i}(x)"),
    )
    for i in range(3)
)
ATTEMPT = FailedAttempt("e = vexp x", "capacity", "ub needs $9 more", "Halve the tile.")
REQUEST = PromptRequest(
    spec="SPEC y[i] = exp(x[i])",
    target="ascend910b1",
    steps="y[i] = exp(x[i])",
    language="One statement a line.",
    facts=("48 vector cores", "ub 196608 bytes"),
    entries=ENTRIES,
    attempt=ATTEMPT,
)


def words(messages: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in messages)


def build(request: PromptRequest, budget: int, limit: int = 10**6) -> Prompt:
    return instruct_format().build(request, count=words, budget=budget, limit=limit)


def test_everything_stands_in_a_prompt_with_room() -> None:
    prompt = build(REQUEST, 1000)
    system, user = prompt.messages
    assert (system.role, user.role) == ("system", "user")
    assert "ascend910b1" in system.content and "One statement a line." in system.content
    for text in (
        "y[i] = exp(x[i])",
        "48 vector cores\nub 196608 bytes",
        "Rationale number 0.\nf0(x) -> g0(x)",
        "e = vexp x",
        "(capacity): ub needs $9 more",
        "Halve the tile.",
    ):
        assert text in user.content
    assert prompt.entries == ENTRIES


EXAMPLES = tuple(
    KernelExample(
        f"op-{i}",
        "",
        "ascend910b1",
        f"s{i}",
        f"steps {i}",
        f"kernel {i}",
        "tiles",
        (),
        (),
        1,
        1,
        "",
        9,
    )
    for i in range(2)
)


def test_examples_stand_before_the_operation_the_nearest_last() -> None:
    prompt = build(replace(REQUEST, examples=EXAMPLES, attempt=None), 1000)
    text = prompt.messages[-1].content
    assert prompt.examples == EXAMPLES
    places = [text.index(each) for each in ("kernel 1", "kernel 0", "y[i] = exp(x[i])", "Kernel:")]
    assert places[:3] == sorted(places[:3])
    assert text.endswith("Operation:\ny[i] = exp(x[i])\n\nKernel:")


def test_entries_are_left_out_before_examples_and_those_before_the_facts() -> None:
    request = replace(REQUEST, examples=EXAMPLES)
    seen: list[tuple[int, int, bool]] = []
    for budget in range(words(build(request, 1000).messages), 0, -1):
        prompt = build(request, budget)
        text = prompt.messages[-1].content
        found = (len(prompt.entries), len(prompt.examples), "48 vector" in text)
        assert [f"kernel {i}" in text for i in (0, 1)] == [i < found[1] for i in (0, 1)]
        if found not in seen:
            seen.append(found)
    assert seen[3:] == [(0, 2, True), (0, 1, True), (0, 0, True), (0, 0, False)]


def test_examples_count_as_shown_only_if_the_format_shows_them() -> None:
    form = replace(instruct_format(), example="an example")
    request = replace(REQUEST, examples=EXAMPLES)
    prompt = form.build(request, count=words, budget=1000, limit=1000)
    assert prompt.examples == () and not form.shows_examples


@pytest.mark.parametrize("without", [{"knowledge": ""}, {"entry": ""}, {"entry": "known"}])
def test_entries_count_as_used_only_if_the_format_shows_them(without: dict[str, str]) -> None:
    form = replace(instruct_format(), **without)
    prompt = form.build(REQUEST, count=words, budget=1000, limit=1000)
    assert prompt.entries == () and not form.shows_entries
    assert "Rationale" not in prompt.messages[-1].content


def test_sections_without_content_are_left_out() -> None:
    (_, user) = build(PromptRequest("SPEC", "t", "STEPS"), 1000).messages
    assert user.content == "Operation:\nSTEPS\n\nKernel:"


def test_the_least_relevant_entries_go_first_then_facts_then_the_attempts_text() -> None:
    full = words(build(REQUEST, 1000).messages)
    seen: list[tuple[int, bool, bool, bool]] = []
    for budget in range(full, 0, -1):
        prompt = build(REQUEST, budget)
        text = prompt.messages[-1].content
        assert prompt.entries == ENTRIES[: len(prompt.entries)]
        found = (len(prompt.entries), "48 vector" in text, "vexp" in text, "capacity" in text)
        if found not in seen:
            seen.append(found)
        assert "y[i] = exp(x[i])" in text
    assert seen == [
        (3, True, True, True),
        (2, True, True, True),
        (1, True, True, True),
        (0, True, True, True),
        (0, False, True, True),
        (0, False, False, True),
        (0, False, False, False),
    ]


def test_the_operation_alone_may_exceed_the_budget_but_not_the_limit() -> None:
    shortest = words(build(REQUEST, 1).messages)
    assert words(build(REQUEST, 1, limit=shortest).messages) == shortest
    with pytest.raises(PromptTooLong, match=f"has {shortest} tokens, more than the {shortest - 1}"):
        build(REQUEST, 1, limit=shortest - 1)


OWN = """\
name = "own"
system = ""
spec = "$spec"
facts = ""
knowledge = "$knowledge"
entry = "$name"
attempt = "$trap"
answer = ""
"""


def test_a_model_brings_its_own_format(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    prompt = load_prompt_format(path).build(REQUEST, count=words, budget=100, limit=100)
    (user,) = prompt.messages
    assert user.content == "SPEC y[i] = exp(x[i])\n\nentry-0\nentry-1\nentry-2\n\ncapacity"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('answer = ""', "", "missing or unknown: answer"),
        ('answer = ""', 'answer = ""\nextra = ""', "missing or unknown: extra"),
        ('answer = ""', "answer = 1", "'answer' must be a string"),
        ("$spec", "$spek", "'spec' has no place for spek"),
        ("$spec", "$ 5", "'spec' has no place for a lone \\$"),
        ('name = "own"', "name", "cannot read the prompt format"),
    ],
)
def test_a_wrong_format_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(HawkError, match=reason) as raised:
        load_prompt_format(path)
    assert raised.value.file == str(path)


def test_a_format_says_whether_its_model_leads(tmp_path: Path) -> None:
    assert not instruct_format().leads
    own = tmp_path / "hawk_prompt.toml"
    strings = "\n".join(
        f"{name} = ''"
        for name in ("name", "system", "spec", "facts", "knowledge", "entry", "attempt", "answer")
    )
    own.write_text(f"{strings}\nleads = true\nanswer_tokens = 400\n")
    chosen = load_prompt_format(own)
    assert (chosen.leads, chosen.answer_tokens) == (True, 400)
    own.write_text(f"{strings}\nleads = 'yes'\n")
    with pytest.raises(HawkError, match="'leads' must be a bool"):
        load_prompt_format(own)


def test_no_packaged_example_is_of_an_unseen_operator() -> None:
    """What they compute without shapes, dtypes, numbers and names is that of no unseen operator."""
    examples = packaged_examples()
    assert len(examples) > 100
    assert len({example.name for example in examples}) == len(examples)
    assert not {example.key for example in examples} & excluded_keys()
