"""What is damaged is said in one line, and what is killed leaves the old or the new."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from robust.damage import ODD_TEXTS, change_everywhere
from robust.kills import kill_compiles
from robust.sound import hawk, make_sound
from robust.subjects import SUBJECTS, controls, trials
from robust.trial import Fate, Trial, fork, outcome_of, run_trials

from hawk_xdsl.errors import HawkError, ReadError, WriteError
from hawk_xdsl.files.whole_directory import check_replaceable, whole_directory
from hawk_xdsl.language_model.loading import load_tokenizer, load_weights
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.pipeline import load_compiled

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound things to damage."""
    place = tmp_path_factory.mktemp("sound")
    make_sound(place)
    return place


def test_every_command_does_its_work_on_sound_files(originals: Path, tmp_path: Path) -> None:
    outcomes = list(run_trials(controls(originals, tmp_path), jobs=2, seconds=120.0))
    failed = [(each.trial.command, each.said) for each in outcomes if each.fate is not Fate.DONE]
    assert len(outcomes) > 10 and not failed


@pytest.mark.parametrize("subject", [*(subject.name for subject in SUBJECTS), "arguments"])
def test_damage_is_one_line_or_does_not_matter(
    originals: Path, tmp_path: Path, subject: str
) -> None:
    """A few draws of each subject; ``benchmarks/robustness.py`` makes a thousand."""
    drawn = trials(
        originals, tmp_path, 2 if subject in ("language model", "module") else 5, 7, subject
    )
    outcomes = list(run_trials(drawn, jobs=2, seconds=60.0))
    told = [f"{each.trial.command}: {each.damage}: {each.said}" for each in outcomes]
    assert outcomes and {each.fate for each in outcomes} <= {Fate.DONE, Fate.TYPED}, told


def test_a_traceback_several_lines_a_crash_and_a_hang_are_found(tmp_path: Path) -> None:
    def said(*lines: str, status: int = 1) -> None:
        print(*lines, sep="\n", file=sys.stderr)
        sys.exit(status)

    runs = {
        Fate.TYPED: [lambda: said("hawk: no")],
        Fate.UNTYPED: [
            lambda: 1 // 0,
            lambda: said("hawk: no", "at all"),
            lambda: said("no"),
            lambda: said(),
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            lambda: said("hawk: no", status=3),
        ],
        Fate.DONE: [lambda: None],
        Fate.HUNG: [lambda: time.sleep(60)],
    }
    found: Counter[Fate] = Counter()
    for number, run in enumerate(run for each in runs.values() for run in each):
        (tmp_path / str(number)).mkdir()
        trial = Trial("t", "t", tmp_path / str(number), lambda: "", run)
        found[next(iter(run_trials([trial], 1, seconds=1.0))).fate] += 1
    assert found == {fate: len(each) for fate, each in runs.items()}


def test_a_killed_compile_leaves_the_old_or_the_new(originals: Path, tmp_path: Path) -> None:
    assert kill_compiles(originals, tmp_path / "kills", 2, seed=1) == []


def test_a_directory_is_never_half_replaced(tmp_path: Path) -> None:
    """Killed fifteen times while it is written over and over."""
    place, random = tmp_path / "out", Random(0)

    def write(content: str) -> None:
        with whole_directory(place) as new:
            for number in range(8):
                (new / f"{number}.txt").write_text(content)

    def forever() -> None:
        for number in range(1_000_000):
            write(f"{number}" * 1000)

    write("old")
    for number in range(15):
        folder = tmp_path / f"child{number}"
        folder.mkdir()
        child = fork(Trial("t", "t", folder, lambda: "", forever))
        time.sleep(random.uniform(0.005, 0.05))
        os.kill(child, signal.SIGKILL)
        assert outcome_of(Trial("t", "t", folder, lambda: "", forever), os.waitpid(child, 0)[1])
        assert len({file.read_text() for file in place.iterdir()}) == 1
        assert len(list(place.iterdir())) == 8


def test_a_directory_that_is_not_ours_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("x")
    check_replaceable(tmp_path / "letters", frozenset({"mine.txt"}))
    with pytest.raises(WriteError, match=r"mine\.txt"):
        check_replaceable(tmp_path / "letters", frozenset())
    monkeypatch.chdir(tmp_path / "letters")
    for above in (".", "..", tmp_path):
        with pytest.raises(WriteError, match="you are in it"):
            check_replaceable(Path(above), frozenset({"mine.txt", "letters"}))
    with pytest.raises(WriteError, match="disk is full"), whole_directory(tmp_path / "new") as new:
        (new / "half.txt").write_text("x")
        raise OSError("the disk is full")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["letters"]


def test_a_link_to_a_directory_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with whole_directory(tmp_path / "link") as new:
        (new / "a.txt").write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "new"


def test_a_compiled_directory_carries_its_target(originals: Path, tmp_path: Path) -> None:
    shutil.copytree(originals / "rows", tmp_path / "rows")
    compiled, _ = load_compiled(tmp_path / "rows")
    assert compiled.target.name == "mine"
    report = json.loads((tmp_path / "rows" / "report.json").read_text())
    assert report["target"].endswith("mine.toml")
    (tmp_path / "rows" / "target.toml").unlink()
    with pytest.raises(ReadError, match="lacks the target"):
        load_compiled(tmp_path / "rows")


@pytest.mark.parametrize("file", ["weights.safetensors", "example.safetensors"])
def test_arrays_that_do_not_fit_the_module_are_told_before_it_runs(
    originals: Path, tmp_path: Path, file: str
) -> None:
    shutil.copytree(originals / "rows", tmp_path / "rows")
    shutil.copy(originals / "exp" / file, tmp_path / "rows" / file)
    with pytest.raises(ReadError, match="but the files hold"):
        load_compiled(tmp_path / "rows")


class Bomb:
    """Unpickled, it writes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Path.write_text, (self.file, "ran")


CODE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
class Config(LlamaConfig): model_type = "evil"
class Model(LlamaForCausalLM): config_class = Config
class Tokens(PreTrainedTokenizerFast): pass
"""


def test_python_and_pickles_of_a_model_directory_are_not_run(
    originals: Path, tmp_path: Path
) -> None:
    model, mark = tmp_path / "model", tmp_path / "mark"
    shutil.copytree(originals / "model", model)
    (model / "evil.py").write_text(CODE.format(mark=str(mark)))
    config = json.loads((model / "config.json").read_text())
    auto = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    config |= {"model_type": "evil", "auto_map": auto}
    (model / "config.json").write_text(json.dumps(config))
    tokens = json.loads((model / "tokenizer_config.json").read_text())
    tokens |= {"tokenizer_class": "Tokens", "auto_map": {"AutoTokenizer": ["evil.Tokens"] * 2}}
    (model / "tokenizer_config.json").write_text(json.dumps(tokens))
    files = find_model(str(model))
    for load in (lambda: load_weights(files, "cpu"), lambda: load_tokenizer(files)):
        with pytest.raises(HawkError, match="custom code"):
            load()
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(HawkError, match="pickled"):
        find_model(str(model))
    assert not mark.exists()


def test_a_pickled_array_is_not_loaded(originals: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    np.save(tmp_path / "x.npy", np.array([Bomb(mark)], object), allow_pickle=True)
    trial = Trial(
        "t", "t", tmp_path, lambda: "", hawk(("run", originals / "exp", "-i", tmp_path / "x.npy"))
    )
    [outcome] = run_trials([trial], 1, 60.0)
    assert outcome.fate is Fate.TYPED and not mark.exists()


STATE = """
import locale, logging, os, signal, sys, threading, warnings
import numpy as np
from xdsl.universe import Universe

def state():
    return {
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook),
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "numpy": (np.geterr(), np.get_printoptions(), np.random.get_state()[1].tolist()),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": {each: signal.getsignal(each) for each in signal.valid_signals()},
        "process": (dict(os.environ), list(sys.path), os.getcwd(), sys.getrecursionlimit()),
        "threads": threading.active_count(),
    }

multiverse = Universe.get_multiverse()
before = state()
passes = {name: load() for name, load in multiverse.all_passes.items() if name.startswith("npu-")}
assert len(passes) >= 5
for name in ("npu", "tm_tensor"):
    multiverse.all_dialects[name]()
from xdsl.context import Context
from xdsl.parser import Parser

context = Context()
for name, load in multiverse.all_dialects.items():
    context.register_dialect(name, load)
module = Parser(context, open(sys.argv[1]).read()).parse_module()
passes["npu-outline"]().apply(context, module)
passes["npu-decide"](sources="composition", store=sys.argv[2]).apply(context, module)
after = state()
changed = {key for key in before if before[key] != after[key]}
assert "npu.launch" in str(module)
sys.exit(f"changed: {changed}" if changed else 0)
"""


def test_loading_and_running_the_passes_changes_nothing_of_the_host(
    originals: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", STATE, str(originals / "exp.mlir"), str(tmp_path / "s.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_synonyms_are_found_in_the_modules(originals: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.mlir"
    shutil.copy(originals / "rows.mlir", file)
    assert "→" in change_everywhere(file, Random(0)) and "\x00" in ODD_TEXTS
