"""Training, evaluation, rounds and adoption, at the smallest scale that shows them."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import platformdirs
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from hawk_xdsl.cli import main
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model import adopted
from hawk_xdsl.language_model.adopted import (
    ADOPTED_FILE,
    adopted_directory,
    adopted_names,
    own_model,
)
from hawk_xdsl.language_model.language import FACTS_FILE, LanguageError
from hawk_xdsl.language_model.model_files import SMOLLM, find_model
from hawk_xdsl.training import adopt as adopting
from hawk_xdsl.training import evaluate as evaluating
from hawk_xdsl.training import train as training
from hawk_xdsl.training.adopt import NotBetterError, adopt, better, install, restore
from hawk_xdsl.training.checkpoints import TrainingError
from hawk_xdsl.training.curves import summary_of
from hawk_xdsl.training.dataset import DatasetSplit, split_of
from hawk_xdsl.training.evaluate import Answer, Score, by_band, evaluate, relative_cycles
from hawk_xdsl.training.generate import Order, generate, lessons_of
from hawk_xdsl.training.lesson import Try
from hawk_xdsl.training.recipe import Recipe as OpRecipe
from hawk_xdsl.training.teacher import Teachers
from hawk_xdsl.training.train import ModelSize, TrainingSettings, train

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("much_held_out")]

TINY = TrainingSettings(
    steps=6,
    batch_tokens=600,
    checkpoint_steps=3,
    evaluation_steps=3,
    shape=ModelSize(hidden=32, layers=1, inner=32, heads=2),
)
SMALL = OpRecipe(elements={128: 1.0}, steps={1: 1, 2: 1}, contraction=0.0)


def teachers() -> Teachers:
    return Teachers(load_seed_entries())


@pytest.fixture(scope="module")
def lessons(much_held_out: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lessons")
    generate(Order(20, 11, recipe=SMALL), load_seed_entries(), directory)
    return directory


@pytest.fixture(scope="module")
def split(lessons: Path) -> DatasetSplit:
    found = split_of(lessons_of(lessons), 0)
    assert found.training and found.held_out
    return found


@pytest.fixture(scope="module")
def model(split: DatasetSplit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "tiny"
    train(split, directory, TINY)
    return directory


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: tmp_path / name)


def test_a_trained_model_is_a_plain_hugging_face_directory(model: Path) -> None:
    network = AutoModelForCausalLM.from_pretrained(model)
    assert str(network.dtype) == "torch.bfloat16"
    tokenizer = AutoTokenizer.from_pretrained(model)
    assert tokenizer.decode(tokenizer.encode("b0 = vexp b0\n")) == "b0 = vexp b0\n"
    names = {path.name for path in model.iterdir()}
    assert {"README.md", "hawk_prompt.toml", "training.csv", "training.png", FACTS_FILE} <= names
    assert "held_out_kernel_accuracy" in (model / "training.csv").read_text()
    assert not model.with_name("tiny.training").exists()


def test_a_training_that_learns_by_heart_says_so() -> None:
    course = [{"eval_loss": loss, "step": n, "epoch": n / 2} for n, loss in enumerate((3, 1, 2), 1)]
    assert summary_of(course[:2]) == "1.0 passes over the examples"
    assert "from 1.000 at step 2 to 2.000: generate more lessons" in summary_of(course)


def test_a_refused_training_leaves_nothing_behind(split: DatasetSplit, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        train(DatasetSplit((), split.held_out), tmp_path / "m", TINY)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_training_resumes_to_the_same_model(
    split: DatasetSplit, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = training.Clock.rate

    def stop(clock: training.Clock, step: int) -> float:
        if step == 5:
            raise KeyboardInterrupt
        return rate(clock, step)

    monkeypatch.setattr(training.Clock, "rate", stop)
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "m", TINY)
    assert not (tmp_path / "m").exists()
    with pytest.raises(TrainingError, match="--resume"):
        train(split, tmp_path / "m", TINY)
    monkeypatch.undo()
    with pytest.raises(TrainingError, match="another recipe"):
        train(split, tmp_path / "m", replace(TINY, seed=9), resume=True)
    checkpoints = tmp_path / "m.training"
    assert [path.name for path in checkpoints.glob("checkpoint-*")] == ["checkpoint-3"]
    half_written = checkpoints / "checkpoint-5"
    half_written.mkdir()
    facts = (checkpoints / FACTS_FILE).read_text()
    (checkpoints / FACTS_FILE).write_text(facts[:40])
    with pytest.raises(TrainingError, match="cannot read how far a training came"):
        train(split, tmp_path / "m", TINY, resume=True)
    (checkpoints / FACTS_FILE).write_text(facts)
    train(split, tmp_path / "m", TINY, resume=True)
    weights = "model.safetensors"
    assert (tmp_path / "m" / weights).read_bytes() == (model / weights).read_bytes()


def test_a_model_of_another_vocabulary_is_not_trained_on(
    split: DatasetSplit, model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    facts = json.loads((model / FACTS_FILE).read_text())
    (other / FACTS_FILE).write_text(json.dumps({**facts, "form": 0}))
    with pytest.raises(LanguageError, match="made for another language"):
        train(split, tmp_path / "m", TINY, start=other)


def test_nothing_to_resume_is_named(split: DatasetSplit, tmp_path: Path) -> None:
    (tmp_path / "m.training" / "checkpoint-3").mkdir(parents=True)
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(split, tmp_path / "m", TINY, resume=True)


@pytest.mark.parametrize("recipe", [replace(TINY, steps=0), replace(TINY, minutes=0.0)])
def test_a_training_of_nothing_is_refused(
    split: DatasetSplit, recipe: TrainingSettings, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="at least one step"):
        train(split, tmp_path / "m", recipe)


def test_a_training_needs_no_pictures(
    split: DatasetSplit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.training" / "checkpoint-1").mkdir(parents=True)  # half-written
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    train(split, tmp_path / "m", replace(TINY, steps=1))
    assert {"training.csv"} == {path.name for path in (tmp_path / "m").glob("training.*")}


def test_evaluation_counts_what_the_gate_says(
    split: DatasetSplit, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "LESSONS_A_LINE", 1)
    files, lessons, lines = find_model(str(model)), split.held_out[:2], list[str]()
    answers = evaluate(files, lessons, teachers(), attempts=2, progress=lines.append)
    assert [line.split()[0] for line in lines] == ["[1/2]"]
    score = Score.of(answers)
    assert score.lessons == len(answers) > 0
    assert score.first <= score.within <= 1
    assert all(len(answer.tries) <= 2 for answer in answers)
    assert sum(band.lessons for band in by_band(answers).values()) == score.lessons


def test_a_training_never_replaces_what_is_no_model(split: DatasetSplit, lessons: Path) -> None:
    before = sorted(lessons.iterdir())
    with pytest.raises(TrainingError, match="something else here"):
        train(split, lessons, TINY)
    assert sorted(lessons.iterdir()) == before


def test_lessons_for_a_target_of_ones_own(model: Path, tmp_path: Path, lessons: Path) -> None:
    target = tmp_path / "mine.toml"
    target.write_text('base = "ascend910b1"\nname = "mine"\nsummary = "Mine."\n')
    order = Order(12, 31, {str(target): 1}, SMALL)
    generate(order, load_seed_entries(), tmp_path / "new")
    held_out = split_of(lessons_of(tmp_path / "new"), 0).held_out
    with pytest.raises(HawkError, match="lessons for mine: give its file with --target"):
        evaluate(find_model(str(model)), held_out, teachers())
    known = Teachers(load_seed_entries(), [str(target)])
    assert len(evaluate(find_model(str(model)), held_out, known, attempts=1)) == len(held_out) > 0


def test_better_is_worse_in_nothing() -> None:
    base = Score(10, 0.5, 0.8, 1.2, 1.0)
    assert better(replace(base, first=0.6), base, 1.0)
    assert better(base, base, 0.9)
    assert not better(base, base, 1.0)
    assert not better(replace(base, first=0.9, within=0.7), base, 0.9)
    assert not better(replace(base, first=0.9), base, 1.1)


def test_cycles_are_compared_where_both_models_are_right(split: DatasetSplit) -> None:
    def answers(*cycles: int | None) -> list[Answer]:
        wrong = Try("", "syntax", "", 0, "model", "")
        tries = [wrong if c is None else replace(wrong, trap=None, cycles=c) for c in cycles]
        return [Answer(split.held_out[0], (wrong, t), 1.0) for t in tries]

    new, before = answers(200, None, 900, 50), answers(100, 100, None, 100)
    assert relative_cycles(new, before) == pytest.approx(1.0)
    assert relative_cycles(answers(None), answers(7)) == 1.0


def scores(monkeypatch: pytest.MonkeyPatch, *found: Score) -> None:
    waiting = list(found)
    monkeypatch.setattr(adopting, "evaluate", lambda *args, **kwargs: ())
    monkeypatch.setattr(Score, "of", staticmethod(lambda answers: waiting.pop(0)))


def test_a_better_model_is_adopted_and_the_old_one_restored(
    split: DatasetSplit, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = own_model()
    low, high = Score(1, 0.1, 0.2, 1.0, 1.0), Score(1, 0.3, 0.4, 1.0, 1.0)
    scores(monkeypatch, low, high)
    with pytest.raises(NotBetterError, match="not better"):
        adopt(model, split.held_out, teachers())
    assert own_model() == before
    scores(monkeypatch, high, low)
    adopt(model, split.held_out, teachers())
    assert find_model().fingerprint() == find_model(str(model)).fingerprint()
    with pytest.raises(NotBetterError, match="the model in use"):
        adopt(model, split.held_out, teachers())
    restore()
    assert own_model() == before and adopted_names() == []


def test_an_interrupted_adoption_changes_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own_model()

    def stop(source: Path, partial: Path) -> None:
        partial.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(adopting.shutil, "copytree", stop)
    with pytest.raises(KeyboardInterrupt):
        install(find_model(str(model)))
    assert own_model() == before
    monkeypatch.setattr(adopting.shutil, "copytree", copytree)
    assert install(find_model(str(model))) == own_model()
    assert not list(adopted_directory().glob("*.partial"))


def test_a_damaged_record_of_adoptions_is_repaired(model: Path) -> None:
    before = own_model()
    install(find_model(str(model)))
    (adopted_directory() / ADOPTED_FILE).write_text('["half')
    with pytest.raises(HawkError, match="'hawk model restore' repairs it"):
        find_model()
    restore()
    assert own_model() == before


def test_an_adopted_model_for_another_language_is_passed_over(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, said = own_model(), list[str]()
    facts = install(find_model(str(model))) / FACTS_FILE
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "form": 0}))
    assert find_model(progress=said.append).directory == before
    monkeypatch.setattr(adopted, "PACKAGED", "none")
    find_model(progress=said.append)
    assert [line.split(":")[0] for line in said] == ["using kernel-1", f"using {SMOLLM}"]
    assert all("the adopted model is for another language" in line for line in said)
    with pytest.raises(LanguageError, match="train anew"):
        find_model(str(facts.parent))


def test_the_commands_go_from_ops_to_an_evaluated_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hawk(*arguments: object) -> str:
        monkeypatch.setattr("sys.argv", ["hawk", "model", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (None, 0)
        return capsys.readouterr().out

    monkeypatch.setenv("HAWK_STORE", str(tmp_path / "store.db"))
    data = tmp_path / "data"
    said = hawk("generate", "-o", data, "-n", 24, "-t", "ascend910b1", "--elements", 64)
    assert "[24/24]" in said and " right" in said
    said = hawk("train", "-o", tmp_path / "a", "-d", data, "--steps", 2, "--shape", "small")
    assert "trained: " in said and (tmp_path / "a" / FACTS_FILE).exists()
    said = hawk("evaluate", tmp_path / "a", "-d", data, "--lessons", 2, "--attempts", 1)
    assert "2 lessons: " in said and "refused: " in said
