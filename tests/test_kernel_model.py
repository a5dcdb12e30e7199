"""Lessons: random ops, the teacher's kernels, shards that survive interruption, the split."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from undecided import SOFTMAX, elementwise, undecided

from hawk_xdsl.bench.exclusion import unseen_keys
from hawk_xdsl.bench.suite import load_suite
from hawk_xdsl.dialects.kernel_text import keywords
from hawk_xdsl.dialects.kernel_text.lines import line_text, parse_line
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.language import language
from hawk_xdsl.language_model.shorthand import renumbered
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.training import generate as generating
from hawk_xdsl.training.dataset import batches_of, examples_of, padded, split_of
from hawk_xdsl.training.erased import EXCLUDED_FILE, erased_key, excluded_keys, is_held_out
from hawk_xdsl.training.generate import CaseGenerator, Order, generate, lessons_of, made_by
from hawk_xdsl.training.lesson import Lesson, Try, statements_of
from hawk_xdsl.training.recipe import Recipe
from hawk_xdsl.training.shards import ShardError, read_shard, shard_path, write_shard
from hawk_xdsl.training.teacher import GatedOp, Teachers
from hawk_xdsl.training.tokenizer import collected_words, make_tokenizer

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("much_held_out")]

SUITE = Path(__file__).parents[1] / "benchmarks" / "operators.py"
SMALL = Recipe(elements={256: 1.0})


@pytest.fixture(scope="module")
def lessons(much_held_out: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lessons")
    generate(Order(30, 5, recipe=SMALL), load_seed_entries(), directory)
    return directory


def test_every_kept_kernel_passes_the_gate_again(lessons: Path) -> None:
    kept = [lesson for lesson in lessons_of(lessons) if lesson.op and lesson.best]
    assert kept
    teachers = Teachers(load_seed_entries())
    for lesson in kept:
        assert lesson.best is not None
        again = GatedOp.again(lesson, teachers[lesson.target]).tried(lesson.best.short, "again")
        assert again.right
        assert again.text == lesson.best.text


def test_most_ops_get_a_kernel_and_they_differ(lessons: Path) -> None:
    found = list(lessons_of(lessons))
    assert sum(lesson.best is not None for lesson in found) > 5
    assert len({lesson.key for lesson in found}) > 5
    assert len({lesson.target for lesson in found}) > 1


def test_the_same_seed_and_number_make_the_same_op() -> None:
    sources = [CaseGenerator.of(Order(9, 7), load_seed_entries()) for _ in range(2)]
    for number in range(9):
        first, second = (specify(source.op(number)).text for source in sources)
        assert first == second


def test_every_production_can_be_said_as_an_op() -> None:
    source = CaseGenerator.of(Order(1, 11), load_seed_entries())
    for number in range(600):
        source.op(number)


def test_a_lost_or_damaged_shard_is_made_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generating, "SHARD", 5)
    order = Order(15, 3, recipe=SMALL)
    generate(order, load_seed_entries(), tmp_path)
    whole = [shard_path(tmp_path, n).read_text() for n in range(3)]
    shard_path(tmp_path, 0).write_text(whole[0][: len(whole[0]) // 2])
    shard_path(tmp_path, 1).unlink()
    (tmp_path / "shard-00001.partial").write_text("half of a shard")
    before = shard_path(tmp_path, 2).stat().st_mtime_ns
    generate(order, load_seed_entries(), tmp_path)
    assert [shard_path(tmp_path, n).read_text() for n in range(3)] == whole
    assert shard_path(tmp_path, 2).stat().st_mtime_ns == before
    assert not list(tmp_path.glob("*.partial"))


def test_shards_of_another_order_are_not_overwritten(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path, 0), {"seed": 1}, [])
    with pytest.raises(HawkError, match="another seed"):
        generate(Order(1, 2), load_seed_entries(), tmp_path)


def test_shards_of_another_recipe_are_not_taken_for_these(tmp_path: Path) -> None:
    entries, order = load_seed_entries(), Order(1, 2)
    write_shard(shard_path(tmp_path, 0), made_by(order, entries, range(1)), [{}])
    assert generate(order, entries, tmp_path) == {"kept from before": 1}
    with pytest.raises(HawkError, match="another recipe"):
        generate(Order(1, 2, recipe=Recipe(reduction=0.9)), entries, tmp_path)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda text: text[:-40], "damaged shard"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "its end is missing"),
        (lambda text: text.replace('"a": 1', '"a": 2'), "checksum"),
        (lambda text: text.replace("hawk-distill-1", "hawk-distill-0"), "format hawk-distill-0"),
        (lambda text: "", "no header"),
        (lambda text: "0\n" + text, "damaged shard"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage, named: str) -> None:
    path = shard_path(tmp_path, 0)
    write_shard(path, {}, [{"a": 1}, {"b": 2}])
    assert read_shard(path) == ({}, [{"a": 1}, {"b": 2}])
    path.write_text(damage(path.read_text()))
    with pytest.raises(ShardError, match=named):
        read_shard(path)


def test_lessons_for_another_vocabulary_are_refused(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path, 0), {"form": 0}, [])
    with pytest.raises(ShardError, match="made for another language"):
        list(lessons_of(tmp_path))


def test_the_erased_key_forgets_shapes_dtypes_literals_and_names() -> None:
    def key(shape: str, scalar: str, result: str = "%1", dtype: str = "f32") -> str:
        return erased_key(specify(undecided(elementwise(shape, scalar, result, dtype))))

    exp = key("64x48", "%1 = math.exp %in : f32")
    assert exp == key("7x3", "%1 = math.exp %in : f16", dtype="f16")
    assert exp != key("64x48", "%1 = math.absf %in : f32")
    both = [
        f"%1 = math.exp %in : f32\n%2 = math.absf %in : f32\n%3 = arith.addf {a}, {b} : f32"
        for a, b in (("%1", "%2"), ("%2", "%1"))
    ]
    assert key("8x8", both[0], "%3") == key("8x8", both[1], "%3")
    assert erased_key(specify(undecided(SOFTMAX))) != exp


def test_the_benchmarks_unseen_operators_are_excluded() -> None:
    path = Path(generating.__file__).with_name(EXCLUDED_FILE)
    kept: Mapping[str, list[str]] = json.loads(path.read_text())
    assert unseen_keys(load_suite(SUITE)) == kept, "hawk model exclude"
    assert excluded_keys() == {key for keys in kept.values() for key in keys}


def test_an_excluded_op_is_no_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    source = CaseGenerator.of(Order(20, 5, recipe=SMALL), load_seed_entries())
    cases = [case for n in range(20) if isinstance(case := source.case(n), GatedOp)]
    key = erased_key(cases[0].specification)
    monkeypatch.setattr(generating, "excluded_keys", lambda: {key})
    left = [case for n in range(20) if isinstance(case := source.case(n), GatedOp)]
    assert len(left) < len(cases)
    assert all(erased_key(case.specification) != key for case in left)


def test_no_erased_key_is_both_trained_on_and_held_out(lessons: Path) -> None:
    split = split_of(lessons_of(lessons), 0)
    training = {lesson.key for lesson in split.training}
    held_out = {lesson.key for lesson in split.held_out}
    assert training and held_out and not training & held_out
    assert all(is_held_out(key) for key in held_out)


def test_a_refused_attempt_becomes_a_repair_to_learn() -> None:
    right = Try("", None, "", 9, "template", "across i0 parts 1 {\n}\n")
    wrong = Try("", "syntax", "no buffer b9", 0, "damaged", "b0 = vexp b9\n")
    lesson = Lesson(
        0, 0, "ascend910b1", "0" * 16, "d", "x0: f32[8]", "steps", "tiles", 1.0, (wrong, right)
    )
    tokenizer = make_tokenizer(language().words)
    end = tokenizer.eos_token_id
    assert isinstance(end, int)
    plain, repair = examples_of(lesson, tokenizer.encode, end)
    assert tokenizer.decode(list(plain.tokens[plain.read : -1])) == right.short
    prompt = tokenizer.decode(list(repair.tokens[: repair.read]))
    assert "refused: syntax\nb0 = vexp b9" in prompt
    batch = padded([plain, repair], end)
    assert batch["labels"].shape == batch["input_ids"].shape
    assert (batch["labels"][0, : plain.read] == -100).all()
    assert [len(b) for b in batches_of([plain, repair], 10_000, 0)] == [2]


def test_buffers_are_numbered_as_they_come() -> None:
    text = "b7 = fill 0.0 f32[8] in ub\nb2 = vexp b7\nstore b2 into y0[0:8]\n"
    lines = [parse_line(line) for line in text.splitlines()]
    assert list(map(line_text, renumbered(lines))) == [
        "b0 = fill 0.0 f32[8] in ub",
        "b1 = vexp b0",
        "store b1 into y0[0:8]",
    ]
    assert statements_of(text) == 1


def test_the_vocabulary_has_all_words_and_reads_texts_back() -> None:
    words = language().words
    assert keywords() <= set(words) and len(set(words)) == len(words)
    assert set(words) & set(collected_words())
    tokenizer = make_tokenizer(words)
    text = "b0 = vmul b0, -0.25\nacross i0 in 0..2048 step 64 {\nµ\t☃ unknown_word\n"
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert len(tokenizer.encode("b0 = vmul b12, x3")) == 6
    assert [tokenizer.decode(t) for t in tokenizer.encode("2048")] == ["2", "0", "4", "8"]


def test_the_prompt_is_what_a_compile_asks(lessons: Path) -> None:
    from hawk_xdsl.language_model.prompt import PromptRequest
    from hawk_xdsl.training.dataset import prompt_format, prompt_text

    lesson = next(lessons_of(lessons))
    request = PromptRequest(lesson.spec, lesson.target, lesson.steps, facts=("2 cores", "a scope"))
    built = prompt_format().build(request, count=lambda m: 0, budget=9, limit=9)
    rendered = "".join(f"{message.content}\n\n" for message in built.messages)
    assert rendered == prompt_text(lesson)
    assert lesson.steps in rendered
